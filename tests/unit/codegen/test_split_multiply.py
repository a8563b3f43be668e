"""Requantisation by a multiplier in two parts: the reference's outputs, and int32 throughout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding, Shifted, SumRange
from tinycompress.codegen.rounding.split_multiply import LOW_BITS, SplitMultiply, fit_split
from tinycompress.ir.arithmetic import INT32_MAX, quantize_multiplier

RELU = (-128, 127)


def _stairs(scale: float, zero_point: int = -128, bias: int = 0) -> Shifted:
    return Shifted(DoubleRounding(*quantize_multiplier(scale), zero_point, RELU), bias)


def _largest_magnitude(line: SplitMultiply, total: int) -> int:
    """Of all that the kernel computes on the way to the output of a sum."""
    low, high = line.multiplier & ((1 << LOW_BITS) - 1), line.multiplier >> LOW_BITS
    first, second = total * low, total * high
    product = (first >> LOW_BITS) + second
    assert (product + line.addend) >> line.shift == line.apply(total)
    return max(map(abs, (low, high, first, second, product, line.addend, product + line.addend)))


@example(scale=0.16456133248139893, bias=217, reach=5).via("seed 77: a step more at the end")
@given(st.floats(2e-4, 0.3), st.integers(-50_000, 50_000), st.integers(1, 2**17))
def test_lines_are_exact_and_stay_in_int32(scale: float, bias: int, reach: int) -> None:
    stairs, sums = _stairs(scale, bias=bias), SumRange(-reach // 3, reach)
    line = fit_split(stairs, sums)
    if line is None:
        return
    for total in np.linspace(sums.low, sums.high, 3000).astype(int).tolist():
        assert min(max(line.apply(total), -128), 127) == stairs.value(total), total
        assert _largest_magnitude(line, total) <= INT32_MAX


@pytest.mark.parametrize("scale", [0.0011, 0.00273, 0.0071, 0.031, 0.11])
def test_outputs_of_a_relu_have_a_line(scale: float) -> None:
    stairs, sums = _stairs(scale, bias=-700), SumRange(-40_000, 40_000)
    line = fit_split(stairs, sums)
    assert line is not None
    for total in range(sums.low, sums.high + 1):
        assert min(max(line.apply(total), -128), 127) == stairs.value(total), total


def test_constant_outputs_have_a_line() -> None:
    line = fit_split(_stairs(1e-9, zero_point=-100), SumRange(-1000, 1000))
    assert line is not None
    assert [line.apply(total) for total in (-1000, 0, 1000)] == [-100] * 3


def test_sums_that_are_too_large_have_none() -> None:
    assert fit_split(_stairs(1e-3), SumRange(0, (2**31 - 1) >> LOW_BITS)) is not None
    assert fit_split(_stairs(1e-3), SumRange(0, 2**18)) is None


def test_outputs_on_both_sides_of_zero_have_none_that_misses_a_step() -> None:
    """Halves go away from zero there, which no straight line does."""
    stairs, sums = _stairs(2.0**-9, zero_point=0), SumRange(-60_000, 60_000)
    assert fit_split(stairs, sums) is None
