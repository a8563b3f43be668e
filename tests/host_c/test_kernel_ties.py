"""Factors that are exact halves in float32 and none in double precision, and the other way round.

TFLM's sources divide and multiply scales in single precision in many places; its package as built
does so in double precision, which shows where a result lies between two integers.
"""

from __future__ import annotations

import numpy as np
import pytest
from support.cases.kernels import BOTH, KernelCases, options
from support.cases.wide import WideCases

from tinycompress.artifacts import ExactTo

SCALES = ((0.0625, 0.05, 0.00625), (0.8, 0.7, 1.12), (0.8, 0.8, 1.28), (1.6, 0.8, 2.56),
          (0.1, 0.1, 0.02), (0.3, 0.7, 0.42), (0.6, 0.35, 0.42))  # fmt: skip


def _single(*values: float) -> tuple[float, ...]:
    return tuple(float(np.float32(value)) for value in values)


@pytest.mark.parametrize("exact_to", BOTH)
def test_products_of_scales_are_as_precise_as_the_runtime_has_them(exact_to: ExactTo) -> None:
    cases = KernelCases(5)
    for first, second, output in (_single(*scales) for scales in SCALES):
        x = cases.input([200, 1], first, 0)
        weights = cases.builder.tensor([1, 1], data=np.array([[1]], np.int8), scales=[second])
        bias = cases.bias(np.array([0]), [first * second])
        y = cases.activation([200, 1], output, 0)
        cases.op(f"FULLY_CONNECTED {first}", "FULLY_CONNECTED", [x, weights, bias], y,
                 options("FullyConnected"))  # fmt: skip
        x, other = cases.input([200, 1], first, 0), cases.input([1, 3], second, 0)
        y = cases.activation([200, 3], output, 0)
        table = options("BatchMatMul", adjX=False, adjY=False)
        cases.op(f"BATCH_MATMUL {first}", "BATCH_MATMUL", [x, other], y, table)
    assert cases.mismatches(exact_to, count=4) == []


@pytest.mark.parametrize("exact_to", BOTH)
def test_differences_are_scaled_as_precisely_as_the_runtime_does(exact_to: ExactTo) -> None:
    cases, large = WideCases(6), float(np.float32(0.8)) * 2**-10
    for scales in ((2**-11, large, 2**-10), (2**-11, large, large), (large, 2**-10, 2**-10),
                   (2**-12, large, 2**-11)):  # fmt: skip
        first, second = (cases.wide_input([500], scale) for scale in scales[:2])
        y = cases.wide([500], scales[2])
        cases.op(f"SUB {scales}", "SUB", [first, second], y, options("Sub", potScaleInt16=False))
    assert cases.mismatches(exact_to, count=6) == []
