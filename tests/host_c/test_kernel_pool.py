from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from kernel_cases import BOTH, KernelCases, options, same_or_valid

from tinycompress.artifacts import ExactTo, ToolchainName
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.device.connect import open_link
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.toolchain import build

Pair = tuple[int, int]
Case = tuple[int, int, int, Pair, Pair, str, int, str, float]

# height, width, channels, window, stride, padding, zero point, activation, scale
EDGE_CASES: tuple[Case, ...] = (
    (4, 4, 3, (2, 2), (2, 2), "VALID", 0, "NONE", 0.1),
    (5, 7, 1, (3, 2), (1, 1), "SAME", -128, "NONE", 0.1),
    (5, 5, 2, (2, 2), (3, 3), "SAME", 127, "NONE", 0.1),
    (7, 3, 5, (7, 3), (1, 1), "VALID", 5, "RELU", 0.1),
    (3, 3, 1, (5, 5), (1, 1), "SAME", 5, "RELU6", 0.1),
    (6, 6, 2, (1, 1), (2, 3), "VALID", -7, "RELU6", 0.02),
    (8, 8, 2, (4, 4), (2, 2), "SAME", 0, "RELU_N1_TO_1", 0.02),
    (1, 1, 9, (1, 1), (1, 1), "VALID", 0, "NONE", 1.0),
)


# Eight channels at a time; windows of 255 elements and more.
MVE_CASES: tuple[Case, ...] = (
    (8, 8, 64, (8, 8), (8, 8), "VALID", 5, "NONE", 0.1),
    (5, 7, 13, (3, 2), (1, 1), "SAME", -128, "RELU", 0.1),
    (6, 5, 8, (5, 5), (2, 3), "SAME", 127, "NONE", 0.1),
    (15, 17, 8, (15, 17), (1, 1), "VALID", -128, "NONE", 0.1),
    (16, 16, 9, (16, 16), (1, 1), "VALID", 127, "NONE", 0.1),
)


def _cases(
    seed: int, kind: str, random_cases: int, edges: Sequence[Case] = EDGE_CASES
) -> KernelCases:
    cases = KernelCases(seed)
    rng = cases.rng
    table = list(edges)
    for _ in range(random_cases):
        window = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        stride = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
        size = [int(n) for n in rng.integers(4, 12, 2)]
        padding, activation = cases.pick("SAME", "VALID"), cases.pick("NONE", "RELU", "RELU6")
        zero, channels = cases.zero_point(), int(rng.integers(1, 9))
        table.append((size[0], size[1], channels, window, stride, padding, zero, activation, 0.05))
    for case in table:
        height, width, channels, window, stride, padding, zero, activation, scale = case
        batches = 2 if case == EDGE_CASES[0] else 1
        x = cases.input([batches, height, width, channels], scale, zero)
        out_h = same_or_valid(height, window[0], stride[0], 1, padding)
        out_w = same_or_valid(width, window[1], stride[1], 1, padding)
        y = cases.activation([batches, out_h, out_w, channels], scale, zero)
        pool = options(
            "Pool2D",
            padding=padding,
            strideH=stride[0],
            strideW=stride[1],
            filterHeight=window[0],
            filterWidth=window[1],
            fusedActivationFunction=activation,
        )
        cases.op(f"{kind} {case}", kind, [x], y, pool)
    return cases


@pytest.mark.parametrize("exact_to", BOTH)
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pool_2d_is_exact(kind: str, exact_to: ExactTo) -> None:
    assert _cases(31, kind, 40).mismatches(exact_to) == []


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_pool_2d_has_no_undefined_behaviour(kind: str) -> None:
    assert _cases(32, kind, 0).sanitized_mismatches("tflm") == 0


def _mve_cases(seed: int) -> KernelCases:
    cases = _cases(seed, "AVERAGE_POOL_2D", 0, MVE_CASES)
    cases.target = {"core": "cortex-m55", "mve": True}
    return cases


def test_mve_kernel_is_exact() -> None:
    assert _mve_cases(33).mismatches("tflm") == []
    assert _mve_cases(34).sanitized_mismatches("tflm") == 0


def test_windows_whose_sums_leave_16_bits_are_not_for_mve() -> None:
    cases = _mve_cases(35)
    sources = generate(read_model(cases.tflite()), CodegenOptions(**cases.target))
    by_shape = {layer.output_shape: layer.kernel for layer in sources.layers}
    assert by_shape.pop((1, 1, 1, 9)) == "average_pool_2d_s8_ref"
    assert set(by_shape.values()) == {"average_pool_2d_s8_mve"}


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize("chain", ["zig", pytest.param("gcc", marks=pytest.mark.gcc)])
def test_mve_assembly_is_exact(chain: ToolchainName, tmp_path: Path) -> None:
    board, tflite = load_board("qemu_mps3_an547"), _mve_cases(36).tflite()
    sources = generate(read_model(tflite), CodegenOptions.for_board(board))
    project = render_project(sources, board, tmp_path / "p", tflite=tflite, model_name="pools")
    built = build(project, board, toolchain=chain)
    link = open_link(board, built.elf)
    try:
        options_ = BenchOptions(runs=1, warmup=0)
        result = bench(built, board, link, tflite=tflite, options=options_)
    finally:
        link.close()
    assert (result.samples, result.mismatched_samples) == (5, 0)
