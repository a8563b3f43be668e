"""int8, float16 and float32 firmware of the same trained networks: ``make precision``.

The networks are the references of ``make results``, as they are before any compression. Each is
converted in three ways and built for two boards: docs/precision.md. What was trained stays in the
scratch directory of those results.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np

import tinycompress
from benchmarks.performance_page import table
from benchmarks.results.experiments import EXPERIMENTS
from benchmarks.results.reference import MODEL, TEST, TRAIN, is_made, make_reference
from benchmarks.results.run import versions
from benchmarks.results.samples import ROOT
from benchmarks.ways import run_command
from tinycompress.artifacts import BenchResult, Precision
from tinycompress.boards import load_board
from tinycompress.errors import DoesNotFitError

FIGURES = ROOT / "docs" / "precision.json"
PAGE = ROOT / "docs" / "precision.md"
_TEXT = Path(__file__).with_name("page.md")
BOARDS: Mapping[str, tuple[str, ...]] = {
    "nano33": ("lenet300", "lenet5", "dscnn"),
    # Without an FPU each product and each sum is a call: one network is enough to see by how much.
    "pico": ("lenet300",),
}
"""Networks by the board that they are measured on."""
CALIBRATED_ON, RUN_ON = 500, 5
_PERCENT, _KIBI = 100.0, 1024

Run = Mapping[str, Any]


@dataclass(frozen=True)
class _Converted:
    """A network in one precision."""

    tflite: Path
    accuracy: float | None


def measure(scratch: Path) -> Mapping[str, Any]:
    """Every network in every precision, on every board that it is for."""
    runs: list[Run] = []
    for name in dict.fromkeys(name for names in BOARDS.values() for name in names):
        inputs = scratch.parent / "results" / name / "inputs"
        if not is_made(EXPERIMENTS[name], inputs):
            make_reference(EXPERIMENTS[name], inputs)
        directory = scratch / name
        directory.mkdir(parents=True, exist_ok=True)
        _write_samples(inputs, directory)
        for precision in get_args(Precision):
            made = _converted(inputs, directory, precision)
            runs += [
                _run(name, made, precision, board, directory)
                for board, names in BOARDS.items()
                if name in names
            ]
            print(f"{name} {precision}: done", flush=True)
    return {"schema": "tinycompress.precision", "versions": versions(), "runs": runs}


def _write_samples(inputs: Path, directory: Path) -> None:
    """The training samples that calibrate, and the test samples that the devices run."""
    for source, name, count in ((TRAIN, "calib.npz", CALIBRATED_ON), (TEST, "run.npz", RUN_ON)):
        with np.load(inputs / source) as found:
            np.savez(directory / name, x=found["x"][:count], y=found["y"][:count])


def _converted(inputs: Path, directory: Path, precision: Precision) -> _Converted:
    """The network's file; one that an earlier call made of it is taken over."""
    tflite, model = directory / f"{precision}.tflite", inputs / MODEL
    if not tflite.exists() or tflite.stat().st_mtime < model.stat().st_mtime:
        data = directory / "calib.npz" if precision == "int8" else None
        tinycompress.convert(model, data, tflite, precision=precision, exact_to="litert")
    made = tinycompress.convert(
        tflite, None, val=inputs / TEST, precision=precision, exact_to="litert"
    )
    return _Converted(tflite, made.quantized_accuracy)


def _run(name: str, made: _Converted, precision: Precision, board: str, directory: Path) -> Run:
    facts = {
        "network": name, "precision": precision, "board": board, "accuracy": made.accuracy,
    }  # fmt: skip
    project = directory / f"{precision}-{board}"
    try:
        tinycompress.build(
            made.tflite, board, precision=precision, exact_to="litert", output=project, force=True
        )
    except DoesNotFitError as error:
        return {**facts, "does_not_fit": error.message}
    result = tinycompress.bench(project, samples=directory / "run.npz", runs=1)
    return {**facts, **_figures(result)}


def _figures(result: BenchResult) -> dict[str, Any]:
    if result.cycles is None or result.latency_us is None:
        raise AssertionError("a virtual board models cycles")
    return {
        "macs": sum(layer.macs for layer in result.layers) - result.recomputed_macs,
        "cycles": result.cycles.median,
        "latency_us": result.latency_us.median,
        "arena_bytes": result.ram.arena_bytes,
        "ram_bytes": result.ram.reserved_bytes,
        "weights_bytes": result.flash.weights_bytes,
        "kernels_bytes": result.flash.kernels_bytes,
        "flash_bytes": result.flash.total_bytes,
        "samples": result.samples,
        "mismatched_samples": result.mismatched_samples,
        "allowed_ulps": result.allowed_ulps,
        "worst_ulps": result.worst_ulps,
    }


def page(found: Mapping[str, Any]) -> str:
    """The page: what there is to know of float firmware, with a table for each board."""
    tables = "\n".join(
        f"### {load_board(board).name}, {load_board(board).cpu.core} at"
        f" {load_board(board).cpu.clock_hz / 1e6:g} MHz\n\n{_table(found['runs'], board)}"
        for board in BOARDS
    )
    text = _TEXT.read_text(encoding="utf-8")
    return text.replace("@TABLES@", tables.rstrip()).replace("@SAMPLES@", str(RUN_ON))


def _table(runs: list[Run], board: str) -> str:
    columns = [
        "network", "precision", "latency", "cycles / MAC", "against int8", "RAM: arena",
        "flash: weights", "flash", "accuracy", "unlike LiteRT",
    ]  # fmt: skip
    own = [run for run in runs if run["board"] == board]
    int8 = {run["network"]: run for run in own if run["precision"] == "int8"}
    return table(columns, [_row(run, int8[run["network"]]) for run in own], text_columns=2)


def _row(run: Run, int8: Run) -> list[str]:
    title = EXPERIMENTS[run["network"]].title
    accuracy = "" if run["accuracy"] is None else f"{_PERCENT * run['accuracy']:.2f} %"
    if "does_not_fit" in run:
        return [title, run["precision"], "does not fit", "", "", "", "", "", accuracy, ""]
    return [
        title,
        run["precision"],
        f"{run['latency_us'] / 1000:,.2f} ms",
        f"{run['cycles'] / run['macs']:.2f}",
        f"{run['cycles'] / int8['cycles']:.2f}",
        f"{run['arena_bytes'] / _KIBI:,.1f} KiB",
        f"{run['weights_bytes'] / _KIBI:,.1f} KiB",
        f"{run['flash_bytes'] / _KIBI:,.1f} KiB",
        accuracy,
        _unlike(run),
    ]


def _unlike(run: Run) -> str:
    samples = f"{run['mismatched_samples']} of {run['samples']}"
    return f"{samples}; {run['worst_ulps']:.2g} ULP" if run["allowed_ulps"] else samples


def main() -> None:
    """The command."""
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "precision", measure, page)


if __name__ == "__main__":
    main()
