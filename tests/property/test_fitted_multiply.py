"""A fitted line is the reference's requantisation for every sum that can occur."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from tinycompress.codegen.rounding.fitted_multiply import (
    DoubleRounding,
    FittedMultiply,
    HalfAway,
    Staircase,
    SumRange,
    fit,
    fit_without_addend,
)
from tinycompress.ir.arithmetic import INT32_MAX, WideMultiplier, clamp

multipliers = st.one_of(st.integers(2**30, 2**31 - 1), st.sampled_from([2**30, 2**31 - 1]))
clamps = st.sampled_from([(-128, 127), (-128, 100), (-20, 127), (-50, 50), (5, 5)])
double_roundings = st.builds(
    DoubleRounding, multipliers, st.integers(-22, 0), st.integers(-128, 127), clamps
)
half_aways = st.builds(
    HalfAway,
    st.builds(WideMultiplier, st.integers(2**29, 2**31), st.integers(31, 52)),
    st.integers(-128, 127),
    clamps,
)
staircases: st.SearchStrategy[Staircase] = st.one_of(double_roundings, half_aways)
ranges = st.builds(
    lambda low, size: SumRange(low, low + size),
    st.integers(-(2**21), 2**21),
    st.one_of(st.integers(0, 2**22), st.integers(0, 300)),
)


def _corners(stairs: Staircase, outputs: range) -> list[int]:
    found = stairs.corners(np.array(outputs, np.int64))
    assert found is not None
    return [int(corner) for corner in found]


@given(staircases)
def test_corners_are_where_the_output_changes(stairs: Staircase) -> None:
    outputs = range(-127, 128)
    limits = stairs.clamp if isinstance(stairs, DoubleRounding | HalfAway) else (-128, 127)
    for output, corner in zip(outputs, _corners(stairs, outputs), strict=True):
        if limits[0] < output <= limits[1] and abs(corner) < INT32_MAX:
            assert stairs.value(corner) >= output
            assert stairs.value(corner - 1) < output


def _decisive_sums(stairs: Staircase, sums: SumRange) -> list[int]:
    """Both ends, and both sides of every corner: where two staircases can differ at all."""
    near = [c + d for c in _corners(stairs, range(-127, 128)) for d in (-1, 0)]
    return [sums.low, sums.high, *(s for s in near if sums.low <= s <= sums.high)]


def _assert_equal(line: FittedMultiply, stairs: Staircase, sums: SumRange) -> None:
    limits = stairs.clamp if isinstance(stairs, DoubleRounding | HalfAway) else (-128, 127)
    assert 0 <= line.multiplier <= INT32_MAX
    assert -(2**15) <= line.addend < 2**15
    assert sums.low + line.shift >= -INT32_MAX - 1
    assert sums.high + line.shift <= INT32_MAX
    for total in _decisive_sums(stairs, sums):
        # First SSAT, then what a narrower activation needs.
        assert clamp(clamp(line.apply(total), -128, 127), *limits) == stairs.value(total), total


# Sums that end between the staircase's limits: a line must not take a step more before the end.
@example(DoubleRounding(2111505431, -5, -41, (-128, 127)), SumRange(861, 894), 4)
@example(DoubleRounding(1951157748, -5, 58, (-128, 127)), SumRange(-196, -158), 4)
@given(staircases, ranges, st.integers(0, 4))
def test_a_line_equals_the_staircase(stairs: Staircase, sums: SumRange, bits: int) -> None:
    line = fit(stairs, sums, bits)
    if line is not None:
        _assert_equal(line, stairs, sums)


@example(DoubleRounding(1986082585, -5, -66, (-128, 127)), SumRange(2612, 2647), (12, 256))
@given(double_roundings, ranges, st.sampled_from([(8, 256), (12, 256), (4, 1)]))
def test_a_line_without_an_addend_equals_the_staircase(
    stairs: DoubleRounding, sums: SumRange, bits_and_gain: tuple[int, int]
) -> None:
    bits, gain = bits_and_gain
    line = fit_without_addend(stairs, sums, bits, gain=gain)
    if line is None:
        return
    assert (line.addend, line.fraction_bits) == (0, bits)
    assert 0 < line.multiplier <= INT32_MAX
    assert sums.low * gain + line.shift >= -INT32_MAX - 1
    assert sums.high * gain + line.shift <= INT32_MAX
    for total in _decisive_sums(stairs, sums):
        found = clamp(clamp(line.apply(total * gain), -128, 127), *stairs.clamp)
        assert found == stairs.value(total), total


def test_nearly_all_sums_with_a_gain_need_no_addend() -> None:
    rng = np.random.default_rng(2)
    lines = []
    for _ in range(100):
        shift = int(rng.integers(-10, -4))
        stairs = DoubleRounding(int(rng.integers(2**30, 2**31)), shift, -128, (-128, 127))
        reach = int(rng.integers(2**9, 2**12)) << -shift - 4
        lines.append(fit_without_addend(stairs, SumRange(-reach, reach), 8, gain=256))
    assert sum(line is not None for line in lines) >= 95


def test_outputs_far_from_zero_that_hardly_vary_need_an_addend() -> None:
    stairs = DoubleRounding(1565063334, -20, -128, (-128, 127))
    sums = SumRange(26_480_370, 26_636_685)
    assert fit(stairs, sums, 8) is not None
    assert fit_without_addend(stairs, sums, 8, gain=256) is None


def test_outputs_of_a_relu_have_a_line() -> None:
    rng = np.random.default_rng(1)
    for _ in range(300):
        stairs = DoubleRounding(
            int(rng.integers(2**30, 2**31)), int(rng.integers(-10, -4)), -128, (-128, 127)
        )
        sums = SumRange(-int(rng.integers(1, 2**20)), int(rng.integers(1, 2**20)))
        line = fit(stairs, sums, 4)
        assert line is not None
        _assert_equal(line, stairs, sums)


def test_outputs_on_both_sides_of_zero_have_none() -> None:
    stairs = DoubleRounding(1_500_000_000, -8, 0, (-128, 127))
    assert fit(stairs, SumRange(-(2**17), 2**17), 4) is None


def test_a_steep_line_needs_fewer_fraction_bits() -> None:
    stairs = DoubleRounding(1_500_000_000, -2, -128, (-128, 127))
    sums = SumRange(-5000, 5000)
    assert fit(stairs, sums, 4) is None
    line = fit(stairs, sums, 0)
    assert line is not None
    _assert_equal(line, stairs, sums)
