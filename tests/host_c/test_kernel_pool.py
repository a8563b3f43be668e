from __future__ import annotations

import pytest
from kernel_cases import BOTH, KernelCases, options, same_or_valid

from tinycompress.artifacts import ExactTo

# height, width, channels, window, stride, padding, zero point, activation, scale
EDGE_CASES = (
    (4, 4, 3, (2, 2), (2, 2), "VALID", 0, "NONE", 0.1),
    (5, 7, 1, (3, 2), (1, 1), "SAME", -128, "NONE", 0.1),
    (5, 5, 2, (2, 2), (3, 3), "SAME", 127, "NONE", 0.1),
    (7, 3, 5, (7, 3), (1, 1), "VALID", 5, "RELU", 0.1),
    (3, 3, 1, (5, 5), (1, 1), "SAME", 5, "RELU6", 0.1),
    (6, 6, 2, (1, 1), (2, 3), "VALID", -7, "RELU6", 0.02),
    (8, 8, 2, (4, 4), (2, 2), "SAME", 0, "RELU_N1_TO_1", 0.02),
    (1, 1, 9, (1, 1), (1, 1), "VALID", 0, "NONE", 1.0),
)


def _cases(seed: int, kind: str, random_cases: int) -> KernelCases:
    cases = KernelCases(seed)
    rng = cases.rng
    table = list(EDGE_CASES)
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
