"""Measure the AOT engine on virtual boards: ``make bench-kernels``.

Builds each model for each board with each compiler, runs it on the virtual board, compares its
outputs byte for byte with the reference runtime, and writes docs/performance.json (all figures)
and docs/performance.md (tables beside those of stock TFLM with CMSIS-NN). Nothing is timed with a
clock: the same sources and compilers give the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.performance_page import performance_page
from tinycompress import _files, pipeline
from tinycompress.boards import load_board
from tinycompress.elf import read_elf
from tinycompress.errors import TinyCompressError
from tinycompress.measurement.plain import flash_json
from tinycompress.toolchain.plan import read_plan, source_groups
from tinycompress.toolchain.sizes import code_sizes, flash_items

ROOT = Path(__file__).resolve().parent.parent
MODELS = (
    "mlperf_tiny/ad01_int8",
    "mlperf_tiny/pretrainedResnet_quant",
    "mlperf_tiny/kws_ref_model",
    "mlperf_tiny/vww_96_int8",
    "mlperf_tiny/str_ww_ref_model",
    "tflm/person_detect",
)
BOARDS = (
    "qemu_mps2_an386",
    "qemu_mps2_an500",
    "nucleo_u575zi_q",
    "qemu_mps2_an385",
    "raspberry_pi_pico",
    "qemu_mps3_an547",
)
TOOLCHAINS = ("gcc", "zig")


@dataclass(frozen=True)
class Job:
    """One firmware to build and run."""

    model: Path
    board: str
    toolchain: Any


def measure(job: Job) -> dict[str, Any]:
    """Build, run and check one firmware; every figure of it."""
    with tempfile.TemporaryDirectory(prefix="tinycompress-bench-") as directory:
        project = Path(directory) / "project"
        built = pipeline.build(job.model, job.board, toolchain=job.toolchain, output=project)
        result = pipeline.bench(project, runs=1)
        groups = source_groups(read_plan(built.directory))
        code = code_sizes(flash_items(read_elf(built.require_firmware().elf), groups))
    pipeline.require_exact(result)
    if result.instructions is None:
        raise SystemExit(f"{job.board}: the board does not count instructions")
    board = load_board(job.board)
    made, layers = built.project, built.project.layers
    return {
        "model": job.model.stem,
        "board": board.id,
        "core": board.cpu.core,
        "toolchain": job.toolchain,
        "compiler": built.require_firmware().toolchain_version,
        "macs": made.macs,
        "recomputed_macs": made.recomputed_macs,
        "instructions": round(result.instructions.median),
        # QEMU alone runs boards with MVE; it has no cycles.
        "cycles": None if result.cycles is None else round(result.cycles.median),
        "arena_bytes": result.ram.arena_bytes,
        "stack_peak_bytes": result.ram.stack_peak_bytes,
        "flash": flash_json(result.flash),
        "code": {**asdict(code), "total_bytes": code.total_bytes},
        "layers": [
            {
                "op": layer.op,
                "kernel": layer.kernel,
                "output_shape": list(layer.output_shape),
                "macs": layer.macs,
                "instructions": cost.instructions,
                "cycles": cost.cycles,
            }
            for layer, cost in zip(layers, result.layers, strict=True)
        ],
    }


def data_directory(given: str | None) -> Path:
    """The directory with ``models/``: given, from the environment, or beside the repository."""
    path = Path(given or os.environ.get("TC_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not (path / "models").is_dir():
        sys.exit(
            f"error: no models in {path}\nhint:  set TC_SHARED_DATA to the directory that has "
            "models/mlperf_tiny and models/tflm"
        )
    return path


def run(jobs: Sequence[Job], workers: int) -> list[dict[str, Any]]:
    """All figures, in the order of the jobs."""
    found: dict[Job, dict[str, Any]] = {}
    with ProcessPoolExecutor(workers) as pool:
        futures = {pool.submit(measure, job): job for job in jobs}
        for future in as_completed(futures):
            job = futures[future]
            try:
                found[job] = figures = future.result()
            except TinyCompressError as error:
                pool.shutdown(cancel_futures=True)
                sys.exit(f"error: {job.model.stem} on {job.board} with {job.toolchain}: {error}")
            cycles = "no" if figures["cycles"] is None else f"{figures['cycles']:,}"
            print(
                f"{job.model.stem:24} {job.board:18} {job.toolchain:4}"
                f" {figures['instructions']:>12,} instructions {cycles:>12} cycles",
                flush=True,
            )
    return [found[job] for job in jobs]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    parser.add_argument("--models", nargs="+", default=MODELS, help="names below models/")
    parser.add_argument("--boards", nargs="+", default=BOARDS, help="boards with a virtual twin")
    parser.add_argument("--toolchains", nargs="+", default=TOOLCHAINS, choices=TOOLCHAINS)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "docs")
    options = parser.parse_args(arguments)
    models = data_directory(options.data) / "models"
    jobs = [
        Job(models / f"{model}.tflite", board, toolchain)
        for board in options.boards
        for toolchain in options.toolchains
        for model in options.models
    ]
    runs = run(jobs, options.jobs)
    baseline = json.loads((Path(__file__).parent / "tflm_cmsis_nn.json").read_text("utf-8"))
    figures = json.dumps({"runs": runs}, indent=1) + "\n"
    _files.write_text(options.output / "performance.json", figures)
    _files.write_text(options.output / "performance.md", performance_page(runs, baseline))
    print(f"wrote {options.output / 'performance.md'} and performance.json")


if __name__ == "__main__":
    main()
