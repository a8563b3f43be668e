"""MLPerf Tiny's models on its reference board, the Nucleo-L4R5ZI, beside published results.

    python -m benchmarks.headline [--models DIRECTORY]

Ours are modelled by the virtual board, theirs were measured on silicon. The figures go to
docs/headline.json, the page to docs/headline.md. The published ones are in mlperf_tiny.json, with
where each was read.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import tinycompress
from tinycompress.artifacts import BenchResult
from tinycompress.boards import load_board

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = Path(__file__).with_name("mlperf_tiny.json")
TEMPLATE = Path(__file__).with_name("headline_page.md")
FIGURES, PAGE = ROOT / "docs" / "headline.json", ROOT / "docs" / "headline.md"
BOARD = "nucleo_l4r5zi"
TASKS = {
    "ad": ("anomaly detection", "ad01_int8.tflite"),
    "kws": ("keyword spotting", "kws_ref_model.tflite"),
    "vww": ("visual wake words", "vww_96_int8.tflite"),
    "ic": ("image classification", "pretrainedResnet_quant.tflite"),
}
"""MLPerf Tiny's tasks and the files of its reference models."""


def measure(models: Path, toolchain: str) -> dict[str, Any]:
    """Build and run every model on the virtual board; outputs must be exact."""
    figures = {}
    for task, (_, file) in TASKS.items():
        with tempfile.TemporaryDirectory() as directory:
            project = Path(directory) / task
            tinycompress.build(models / file, BOARD, toolchain=toolchain, output=project)  # type: ignore[arg-type]
            figures[task] = _figures(tinycompress.bench(project, runs=1), file)
    board = load_board(BOARD)
    return {
        "board": board.id,
        "clock_hz": board.cpu.clock_hz,
        "flash_wait_states": board.emulator.flash_wait_states,
        "toolchain": toolchain,
        "tasks": figures,
    }


def _figures(result: BenchResult, file: str) -> dict[str, Any]:
    if result.mismatched_samples != 0 or result.cycles is None:
        raise SystemExit(f"{file}: {result.mismatched_samples} of {result.samples} samples differ")
    return {
        "file": file,
        "samples": result.samples,
        "cycles": round(result.cycles.median),
        "cycles_upper_bound": result.cycles_upper_bound,
        "flash_bytes": result.flash.total_bytes,
        "ram_bytes": result.ram.reserved_bytes,
    }


def page(figures: dict[str, Any], published: dict[str, Any]) -> str:
    """The page, from our figures and the published ones."""
    tasks = tuple(name for name, _ in TASKS.values())
    sizes = ("flash, bytes", "RAM, bytes", "cycles, no wait", "every wait")
    return TEMPLATE.read_text().format(
        mhz=figures["clock_hz"] // 1_000_000,
        waits=figures["flash_wait_states"],
        toolchain=figures["toolchain"],
        latencies=_table(("", *tasks), _latencies(figures, published)),
        sizes=_table(("", *sizes), _sizes(figures)),
        origins=_table(
            ("round", "submitter", "system", "framework", "commit"), _origins(published)
        ),
    )


def _latencies(figures: dict[str, Any], published: dict[str, Any]) -> list[tuple[str, ...]]:
    hz, tasks = figures["clock_hz"], figures["tasks"]
    rows = [
        (title, *(f"**{1000 * tasks[task][key] / hz:.1f}**" for task in TASKS))
        for title, key in (
            ("**tinycompress**, modelled, no wait", "cycles"),
            ("**tinycompress**, modelled, every wait", "cycles_upper_bound"),
        )
    ]
    for one in published["results"]:
        rates = one["per_second"]
        rows.append(
            (f"{one['submitter']} {one['round']}, {one['framework']}",
             *(f"{1000 / rates[task]:.1f}" if task in rates else "" for task in TASKS))
        )  # fmt: skip
    return rows


def _sizes(figures: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (name, *(f"{figures['tasks'][task][key]:,}" for key in
                 ("flash_bytes", "ram_bytes", "cycles", "cycles_upper_bound")))
        for task, (name, _) in TASKS.items()
    ]  # fmt: skip


def _origins(published: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        (one["round"], one["submitter"], f"`{one['path']}`", one["framework"], f"`{one['commit']}`")
        for one in published["results"]
    ]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    numbers = all(any(c.isdigit() for c in cell) for cell in rows[0][1:])
    ruler = ("---", *("--:" if numbers else "---" for _ in head[1:]))
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ruler, *rows))


def main() -> None:
    """Measure, or with ``--page-only`` write the page from docs/headline.json."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    shared = Path(os.environ.get("TC_SHARED_DATA", "shared/data"))
    parser.add_argument("--models", type=Path, default=shared / "models" / "mlperf_tiny")
    parser.add_argument("--toolchain", choices=("gcc", "zig"), default="gcc")
    parser.add_argument("--page-only", action="store_true")
    given = parser.parse_args()
    if not given.page_only:
        figures = measure(given.models, given.toolchain)
        FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    figures = json.loads(FIGURES.read_text())
    PAGE.write_text(page(figures, json.loads(PUBLISHED.read_text())))


if __name__ == "__main__":
    main()
