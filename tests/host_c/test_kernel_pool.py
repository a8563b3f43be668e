from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from support.cases.kernels import BOTH, KernelCases, options, same_or_valid
from support.device.board_runs import CHAINS, runs_exactly

from tinycompress.artifacts import ExactTo, ToolchainName
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.ir.reader import read_model

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


# Several channels at a time; windows of 255 elements and more.
FAST_CASES: tuple[Case, ...] = (
    (8, 8, 64, (8, 8), (8, 8), "VALID", 5, "NONE", 0.1),
    (5, 7, 13, (3, 2), (1, 1), "SAME", -128, "RELU", 0.1),
    (6, 5, 8, (5, 5), (2, 3), "SAME", 127, "NONE", 0.1),
    (15, 17, 8, (15, 17), (1, 1), "VALID", -128, "NONE", 0.1),
    (16, 16, 9, (16, 16), (1, 1), "VALID", 127, "NONE", 0.1),
    (9, 8, 4, (2, 2), (2, 2), "VALID", 3, "NONE", 0.1),
    (4, 6, 7, (3, 3), (2, 2), "SAME", -3, "RELU6", 0.05),
    (3, 5, 16, (2, 5), (1, 1), "VALID", -128, "RELU_N1_TO_1", 0.02),
    (3, 3, 17, (3, 3), (2, 1), "SAME", 10, "RELU", 0.1),
    (2, 3, 40, (2, 2), (1, 1), "SAME", 0, "NONE", 0.1),
    (5, 4, 3, (2, 2), (2, 2), "VALID", 0, "RELU", 0.1),
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


TARGETS: dict[str, dict[str, Any]] = {
    "dsp": {"core": "cortex-m4"},
    "mve": {"core": "cortex-m55", "mve": True},
}


def _fast_cases(seed: int, kind: str, family: str) -> KernelCases:
    cases = _cases(seed, kind, 0, FAST_CASES)
    cases.target = TARGETS[family]
    return cases


@pytest.mark.parametrize("family", TARGETS)
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
def test_fast_kernels_are_exact(kind: str, family: str) -> None:
    assert _fast_cases(33, kind, family).mismatches("tflm") == []
    assert _fast_cases(34, kind, family).sanitized_mismatches("tflm") == 0


@pytest.mark.parametrize(
    ("kind", "family", "others"),
    [
        # Sums that leave 16 bits, and fewer channels than are taken at a time.
        ("AVERAGE_POOL_2D", "dsp", {(1, 1, 1, 9), (1, 2, 2, 3)}),
        ("AVERAGE_POOL_2D", "mve", {(1, 1, 1, 9), (1, 2, 2, 3), (1, 4, 4, 4), (1, 2, 3, 7)}),
        ("MAX_POOL_2D", "dsp", {(1, 2, 2, 3)}),
        ("MAX_POOL_2D", "mve", set()),
    ],
)
def test_each_layer_has_a_fast_kernel_where_it_can(
    kind: str, family: str, others: set[tuple[int, ...]]
) -> None:
    cases = _fast_cases(35, kind, family)
    sources = generate(read_model(cases.tflite()), CodegenOptions(**cases.target))
    name = f"{kind.lower()}_s8"
    for layer in sources.layers:
        by = "ref" if layer.output_shape in others else family
        assert layer.kernel == f"{name}_{by}", layer.output_shape


@pytest.mark.slow
@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D"])
@pytest.mark.parametrize(
    ("board_id", "family"),
    [
        ("qemu_mps2_an386", "dsp"),
        pytest.param("qemu_mps3_an547", "mve", marks=pytest.mark.qemu),
    ],
)
def test_fast_kernels_are_exact_on_boards(
    board_id: str, family: str, kind: str, chain: ToolchainName, tmp_path: Path
) -> None:
    tflite = _fast_cases(36, kind, family).tflite()
    assert runs_exactly(board_id, tflite, chain, tmp_path / "p")
