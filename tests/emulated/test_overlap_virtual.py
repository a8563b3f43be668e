"""The assembly of the kernels with outputs in their inputs' memory, at the least distance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.cases.conv import ConvCase, add_conv, add_depthwise, random_case
from support.cases.dense import DenseCase, add_dense
from support.cases.kernels import KernelCases
from support.cases.overlap import place

from tinycompress.artifacts import ToolchainName
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions
from tinycompress.device.connect import open_link
from tinycompress.firmware import render_project
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.toolchain import build

POINTWISE = (
    ConvCase(3, 3, 8, 16, kernel=(1, 1), padding="VALID"),
    ConvCase(5, 2, 16, 8, kernel=(1, 1), padding="VALID"),
    ConvCase(4, 4, 8, 7, kernel=(1, 1), padding="VALID"),
)
DEPTHWISE = (
    ConvCase(12, 9, 4, 1),
    ConvCase(13, 8, 3, 1, stride=(2, 2)),
    ConvCase(70, 40, 2, 1),  # more rows than a plane holds at once
    ConvCase(9, 1, 8, 1, kernel=(4, 1), padding="VALID"),
)
DENSE = (
    DenseCase(inputs=40, outputs=24),
    DenseCase(inputs=16, outputs=11, shape=(3,)),
    DenseCase(inputs=8, outputs=21, shape=(2,)),
)


def _cases() -> Iterator[KernelCases]:
    """Few at a time, as a device says no more of its tensors in one packet."""
    rng = np.random.default_rng(64)
    convs = [*POINTWISE, *(random_case(rng, with_bias=True) for _ in range(6))]
    pointwise, depthwise, dense = KernelCases(65), KernelCases(66), KernelCases(67)
    for conv in convs:
        add_conv(pointwise, conv)
    for conv in [*DEPTHWISE, *convs[len(POINTWISE) :]]:
        add_depthwise(depthwise, conv)
    for case in DENSE:
        add_dense(dense, case)
    yield from (pointwise, depthwise, dense)


@pytest.mark.slow
@pytest.mark.parametrize(
    "board_id",
    [
        "qemu_mps2_an386",
        "qemu_mps2_an385",
        "raspberry_pi_pico",
        pytest.param("qemu_mps3_an547", marks=pytest.mark.qemu),
    ],
)
@pytest.mark.parametrize("chain", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
def test_outputs_at_the_least_distance_are_exact(
    board_id: str, chain: ToolchainName, tmp_path: Path
) -> None:
    board = load_board(board_id)
    for number, cases in enumerate(_cases()):
        placed = place(cases, CodegenOptions.for_board(board), 0)
        assert sum(placed.overlapping) >= len(placed.overlapping) // 2
        tflite = cases.tflite()
        project = render_project(
            placed.sources, board, tmp_path / str(number), tflite=tflite, model_name="cases"
        )
        built = build(project, board, toolchain=chain)
        link = open_link(board, built.elf)
        try:
            options = BenchOptions(runs=1, warmup=0)
            result = bench(built, board, link, tflite=tflite, options=options)
        finally:
            link.close()
        assert (result.samples, result.mismatched_samples) == (5, 0)
