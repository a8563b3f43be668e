"""Cascades on streams of real samples: ``make cascade``, docs/cascades.md.

Every cascade and each of its models alone is built for the Nano 33 BLE and runs the stream on the
virtual board.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cascades import vision, words
from benchmarks.cascades.building import BOARD
from benchmarks.performance_page import table
from benchmarks.results.samples import ROOT
from benchmarks.ways import run_command

FIGURES = ROOT / "docs" / "cascades.json"
PAGE = ROOT / "docs" / "cascades.md"
_PERCENT = 100.0


def measure(scratch: Path) -> dict[str, Any]:
    """Those of words, and those of pictures; plain values."""
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        "board": BOARD, "words": words.measure(scratch), "pictures": vision.measure(scratch),
    }  # fmt: skip


def page(found: Mapping[str, Any]) -> str:
    """The page with the figures in their places."""
    text = PAGE.read_text(encoding="utf-8")
    spoken, seen = found["words"], found["pictures"]
    text = _put(text, "words", f"{_words_table(spoken)}\n{_sizes_table(spoken['sizes'])}")
    return _put(text, "pictures", f"{_pictures_table(seen)}\n{_sizes_table(seen['sizes'])}")


def _put(text: str, what: str, tables: str) -> str:
    begin, end = f"<!-- {what}: figures of make cascade -->\n", f"<!-- end of {what} -->\n"
    head, rest = text.split(begin)
    return f"{head}{begin}{tables}{end}{rest.split(end)[1]}"


def _words_table(found: Mapping[str, Any]) -> str:
    heads = (
        "first stage", "stream", "clips", "unlike TFLM's bytes", "asked `words`", "latency, mean",
        "of `words` alone", "right", "`words` alone",
    )  # fmt: skip
    return table(heads, (_words_row(run) for run in found["runs"]), text_columns=2)


def _words_row(run: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"`{run['small']}`, {run['small_us'] / 1e3:.2f} ms", run["stream"], f"{run['clips']}",
        *_ran(run, run["clips"], run["large_us"]),
        f"{_PERCENT * run['right']:.1f} %", f"{_PERCENT * run['right_large_alone']:.1f} %",
    )  # fmt: skip


def _ran(run: Mapping[str, Any], count: int, alone_us: float) -> tuple[str, ...]:
    """Samples unlike the oracle's, how often the last stage ran, and what the mean takes."""
    return (
        f"{run['unlike_oracle']}", f"{_PERCENT * run['asked'] / count:.0f} %",
        f"{run['mean_us'] / 1e3:.2f} ms", f"{_PERCENT * run['mean_us'] / alone_us:.0f} %",
    )  # fmt: skip


def _pictures_table(found: Mapping[str, Any]) -> str:
    heads = (
        "cascade", "frames", "unlike TFLM's bytes", "last stage ran", "latency, mean",
        "of the last stage alone", "score", "last stage alone",
    )  # fmt: skip
    detector, person = found["detector"], found["person"]
    precision, right = "mean_average_precision", "right"
    return table(
        heads,
        [
            _pictures_row(f"`{vision.LOOK}`, then `{vision.DETECTOR}`", detector,
                          *(f"mAP {detector[precision + end]:.3f}" for end in ("", "_alone"))),
            _pictures_row(f"`{vision.PERSON}`, if changed", person,
                          *(f"{_PERCENT * person[right + end]:.1f} %" for end in ("", "_alone"))),
        ],
    )  # fmt: skip


def _pictures_row(name: str, run: Mapping[str, Any], *scores: str) -> tuple[str, ...]:
    frames = run["frames"]
    return (name, f"{frames}", *_ran(run, frames, run["alone_us"]), *scores)


def _sizes_table(sizes: Mapping[str, Mapping[str, int]]) -> str:
    heads = ("firmware", "arena", "flash", "kernels", "weights")
    keys = ("arena_bytes", "flash_bytes", "kernels_bytes", "weights_bytes")
    rows = [(f"`{name}`", *(f"{one[key]:,} B" for key in keys)) for name, one in sizes.items()]
    return table(heads, rows)


def main() -> None:
    """Measure, and write docs/cascades.json and the tables of docs/cascades.md."""
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "cascades", measure, page)


if __name__ == "__main__":
    main()
