"""Cascades on streams of real samples: ``make cascade``, docs/cascades.md.

Every cascade and each of its models alone is built for the Nano 33 BLE and runs the stream on the
virtual board. The pictures of people are those that ``COCO128_DIR`` names; without them the figures
of people stay as they are.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.cascades import people, vision, words
from benchmarks.cascades.building import BOARD
from benchmarks.cascades.coco128 import DIRECTORY
from benchmarks.performance_page import table
from benchmarks.results.samples import ROOT
from benchmarks.ways import run_command

FIGURES = ROOT / "docs" / "cascades.json"
PAGE = ROOT / "docs" / "cascades.md"
_PERCENT = 100.0


def measure(scratch: Path) -> dict[str, Any]:
    """Those of words, those of pictures and those of people; plain values."""
    return {"board": BOARD, **{name: part(scratch) for name, part in PARTS.items()}}


def _measure_words(scratch: Path) -> dict[str, Any]:
    scratch.mkdir(parents=True, exist_ok=True)
    return words.measure(scratch)


def _measure_pictures(scratch: Path) -> dict[str, Any]:
    scratch.mkdir(parents=True, exist_ok=True)
    return vision.measure(scratch)


def _measure_people(scratch: Path) -> dict[str, Any]:
    scratch.mkdir(parents=True, exist_ok=True)
    if os.environ.get(DIRECTORY):
        return people.measure(scratch)
    print(f"{DIRECTORY} is not set: the figures of people stay as they are", flush=True)
    kept: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["people"]
    return kept


PARTS = {"words": _measure_words, "pictures": _measure_pictures, "people": _measure_people}


def page(found: Mapping[str, Any]) -> str:
    """The page with the figures in their places."""
    text = PAGE.read_text(encoding="utf-8")
    spoken, seen, people_found = found["words"], found["pictures"], found["people"]
    text = _put(text, "words", f"{_words_table(spoken)}\n{_sizes_table(spoken['sizes'])}")
    text = _put(text, "pictures", f"{_pictures_table(seen)}\n{_sizes_table(seen['sizes'])}")
    tables = f"{_people_table(people_found)}\n{_sizes_table(people_found['sizes'])}"
    return _put(text, "people", tables)


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


def _people_table(found: Mapping[str, Any]) -> str:
    person, last = people.PERSON, people.PEOPLE
    heads = (
        f"`{person}` runs", "stream", "pictures", "unlike TFLM's bytes", f"asked `{last}`",
        "latency, mean", f"of `{last}` alone", f"`{person}` right", "AP, half", f"`{last}` alone",
        "AP, a quarter", f"`{last}` alone",
    )  # fmt: skip
    return table(heads, (_people_row(run) for run in found["runs"]), text_columns=2)


def _people_row(run: Mapping[str, Any]) -> tuple[str, ...]:
    count = run["pictures"]
    runs = (
        f"on change, {_PERCENT * run['person_ran'] / count:.0f} %" if run["changed"] else "always"
    )
    scores = zip(run["precision"], run["precision_alone"], strict=True)
    return (
        runs, run["stream"], f"{count}", *_ran(run, count, run["alone_us"]),
        f"{_PERCENT * run['person_right']:.1f} %",
        *(f"{one:.3f}" for pair in scores for one in pair),
    )  # fmt: skip


def _sizes_table(sizes: Mapping[str, Mapping[str, int]]) -> str:
    heads = ("firmware", "arena", "flash", "kernels", "weights")
    keys = ("arena_bytes", "flash_bytes", "kernels_bytes", "weights_bytes")
    rows = [(f"`{name}`", *(f"{one[key]:,} B" for key in keys)) for name, one in sizes.items()]
    return table(heads, rows)


def main() -> None:
    """Measure, and write docs/cascades.json and the tables of docs/cascades.md."""
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "cascades", measure, page, PARTS)


if __name__ == "__main__":
    main()
