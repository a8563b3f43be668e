"""Measure both engines on the same boards: docs/engines.json, and the tables of docs/engines.md.

    TFLM_DIR=DIRECTORY python -m benchmarks.engines --models ../shared/data/models/mlperf_tiny

DIRECTORY is a checkout of tflite-micro with its library for the boards' core, built as
`tinycompress build --engine tflm` says. Both engines are compiled by the same arm-none-eabi-gcc.
`--again aot` measures our own engine anew, for which no checkout is needed.
With --page the tables are written anew from docs/engines.json and nothing is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.performance_page import geometric_mean, macs_text, table
from tinycompress import pipeline
from tinycompress.artifacts import EngineName
from tinycompress.boards import load_board
from tinycompress.errors import TinyCompressError
from tinycompress.toolchain.record import read_record

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "docs" / "engines.json"
PAGE = ROOT / "docs" / "engines.md"
MODELS = {
    "ad01_int8": "anomaly detection",
    "kws_ref_model": "keyword spotting",
    "pretrainedResnet_quant": "image classification",
    "str_ww_ref_model": "streaming wake word",
    "vww_96_int8": "visual wake words",
}
BOARDS = ("qemu_mps2_an386", "arduino_nano_33_ble")
ENGINES: tuple[EngineName, ...] = ("aot", "tflm")
_BEGIN, _END = "<!-- figures: begin -->\n", "<!-- figures: end -->\n"

Run = Mapping[str, Any]


def measure(tflite: Path, board: str, engine: EngineName) -> dict[str, Any]:
    """Build and benchmark one model with one engine.

    Raises:
        TinyCompressError: It cannot be built or measured.
    """
    with tempfile.TemporaryDirectory() as directory:
        project = Path(directory) / "project"
        built = pipeline.build(tflite, board, engine=engine, toolchain="gcc", output=project)
        result = pipeline.bench(project)
        record = read_record(project / "build")
    pipeline.require_exact(result)
    firmware = built.require_firmware()
    assert result.instructions is not None, "virtual boards count instructions"
    assert result.cycles is not None, "virtual boards model cycles"
    arena = firmware.project.arena
    return {
        "model": tflite.stem,
        "board": board,
        "engine": engine,
        "compiler": firmware.toolchain_version,
        "tflm": None if record.tflm is None else record.tflm.model_dump(mode="json"),
        "macs": firmware.project.macs,
        "recomputed_macs": firmware.project.recomputed_macs,
        "tflite_bytes": tflite.stat().st_size,
        "instructions": round(result.instructions.median),
        "cycles": round(result.cycles.median),
        "arena_bytes": result.ram.arena_bytes,
        "arena_needed_bytes": result.ram.arena_bytes if arena is None else arena.needed_bytes,
        "static_bytes": result.ram.static_bytes,
        "stack_peak_bytes": result.ram.stack_peak_bytes,
        "flash_bytes": firmware.flash.total_bytes,
        "weights_bytes": firmware.flash.weights_bytes,
    }


def page(runs: Sequence[Run]) -> str:
    """The tables of the page, one a board, with what they were measured with."""
    parts = []
    for board in dict.fromkeys(run["board"] for run in runs):
        of_board = [run for run in runs if run["board"] == board]
        parts.append(f"### {load_board(board).name}\n\n{_board_table(of_board)}\n")
    compilers = sorted({run["compiler"] for run in runs})
    libraries = sorted(
        f"{one['target_arch']}, BUILD_TYPE={one['build_type']}"
        for one in {json.dumps(run["tflm"]): run["tflm"] for run in runs if run["tflm"]}.values()
    )
    parts.append(
        f"Measured with arm-none-eabi-gcc {', '.join(compilers)} for both engines; TFLM built for "
        f"{'; '.join(libraries)}.\n"
        "MACs are the model's without [channels that never matter](simplification.md), which the "
        "AOT engine leaves out; in brackets, what patches recompute.\n"
    )
    return "\n".join(parts)


def _board_table(runs: Sequence[Run]) -> str:
    heads = [
        "model", "MACs", "instructions: AOT", "TFLM", "ratio", "arena needed: AOT", "TFLM", "ratio",
        "static: AOT", "TFLM", "stack: AOT", "TFLM", "flash: AOT", "TFLM", "ratio",
    ]  # fmt: skip
    compared = ("instructions", "arena_needed_bytes", "flash_bytes")
    ratios: dict[str, list[float]] = {key: [] for key in compared}
    rows: list[list[object]] = []
    for model in sorted({run["model"] for run in runs}):
        both = {run["engine"]: run for run in runs if run["model"] == model}
        if set(both) != set(ENGINES):
            continue
        aot, tflm = both["aot"], both["tflm"]
        row: list[object] = [f"`{model}`, {MODELS[model]}", macs_text(aot)]
        for key in ("instructions", "arena_needed_bytes", "static_bytes", "stack_peak_bytes",
                    "flash_bytes"):  # fmt: skip
            row += [f"{aot[key]:,}", f"{tflm[key]:,}"]
            if key in compared:
                ratios[key].append(aot[key] / tflm[key])
                row.append(f"{ratios[key][-1]:.2f}")
        rows.append(row)
    means = {key: f"**{geometric_mean(values):.2f}**" for key, values in ratios.items()}
    last: list[object] = ["geometric mean", "", "", "", means["instructions"], "", ""]
    last += [means["arena_needed_bytes"], *[""] * 6, means["flash_bytes"]]
    return table(heads, [*rows, last])


def write_page(runs: Sequence[Run]) -> None:
    """Replace the tables between the marks of docs/engines.md."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, mark, after = rest.partition(_END)
    if not mark:
        sys.exit(f"error: {PAGE} has lost the marks around its figures")
    PAGE.write_text(before + _BEGIN + "\n" + page(runs) + "\n" + _END + after, encoding="utf-8")


def main() -> None:
    """Measure what is missing in docs/engines.json, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, help="directory with the models")
    parser.add_argument(
        "--again", choices=("all", *ENGINES), nargs="?", const="all",
        help="measure anew: everything, or the runs of one engine",
    )  # fmt: skip
    parser.add_argument("--page", action="store_true", help="only write the page")
    options = parser.parse_args()
    runs: list[dict[str, Any]] = []
    if FIGURES.is_file() and options.again != "all":
        known = json.loads(FIGURES.read_text(encoding="utf-8"))
        runs = [run for run in known if run["engine"] != options.again]
    if not options.page:
        if options.models is None:
            parser.error("--models names the directory with the MLPerf Tiny models")
        _measure_missing(runs, options.models)
    write_page(runs)


def _measure_missing(runs: list[dict[str, Any]], models: Path) -> None:
    done = {(run["model"], run["board"], run["engine"]) for run in runs}
    for board in BOARDS:
        for model in MODELS:
            for engine in ENGINES:
                if (model, board, engine) in done:
                    continue
                try:
                    run = measure(models / f"{model}.tflite", board, engine)
                except TinyCompressError as error:
                    sys.exit(f"error: {model} on {board} with {engine}: {error}")
                runs.append(run)
                runs.sort(key=lambda one: (one["board"], one["model"], one["engine"]))
                FIGURES.write_text(json.dumps(runs, indent=2) + "\n", encoding="utf-8")
                print(f"{board} {model} {engine}: {run['instructions']:,}", flush=True)


if __name__ == "__main__":
    main()
