"""Models of kernel cases as firmware on virtual boards, compared with the oracle."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

import tinycompress
from support.common import replace_everywhere
from tinycompress.artifacts import BenchResult, ExactTo, ToolchainName
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.select import Preference
from tinycompress.device.connect import open_link
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.toolchain import build

CHAINS = ["zig", pytest.param("gcc", marks=pytest.mark.gcc)]
"""Both toolchains, as values of a parameter."""


def run_on_board(
    board_id: str,
    tflite: bytes,
    chain: ToolchainName,
    directory: Path,
    options: CodegenOptions | None = None,
    prefer: Preference | None = None,
    exact_to: ExactTo = "tflm",
) -> BenchResult:
    """Build a model for a board that is emulated and run its five samples, each once.

    It goes the product's own road, with kernels that a test prefers, unless it asks for what no
    user can: options of another core.
    """
    if options is not None:
        return _run_by_hand(board_id, tflite, chain, directory, options, prefer)
    directory.mkdir(parents=True, exist_ok=True)
    model, project = directory / "cases.tflite", directory / "project"
    model.write_bytes(tflite)
    with pytest.MonkeyPatch.context() as patch:
        if prefer is not None:
            replace_everywhere(patch, "generate", generate, partial(generate, prefer=prefer))
        tinycompress.build(model, board_id, toolchain=chain, exact_to=exact_to, output=project)
    return tinycompress.bench(project, runs=1)


def _run_by_hand(
    board_id: str,
    tflite: bytes,
    chain: ToolchainName,
    directory: Path,
    options: CodegenOptions,
    prefer: Preference | None,
) -> BenchResult:
    board: Board = load_board(board_id)
    sources = generate(read_model(tflite), options, prefer=prefer)
    project = render_project(sources, board, directory, tflite=tflite, model_name="cases")
    built = build(project, board, toolchain=chain)
    link = open_link(board, built.elf)
    try:
        once = BenchOptions(runs=1, warmup=0)
        return bench(built, board, link, tflite=tflite, options=once)
    finally:
        link.close()


def runs_exactly(
    board_id: str,
    tflite: bytes,
    chain: ToolchainName,
    directory: Path,
    options: CodegenOptions | None = None,
    prefer: Preference | None = None,
) -> bool:
    """Whether all samples' outputs equal the oracle's."""
    result = run_on_board(board_id, tflite, chain, directory, options, prefer)
    return result.samples > 0 and result.mismatched_samples == 0
