"""What the arithmetic means, against exact rationals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinycompress.ir import arithmetic as a
from tinycompress.ir import arithmetic_arrays as arrays

positive_floats = st.floats(1e-30, 1e30, allow_nan=False)


@given(positive_floats)
@example(1.0)
@example(math.nextafter(1.0, 0.0))  # rounds up to 2^31, which is halved
@example(2.0**-31)
@example(2.0**-32)
@example(math.nextafter(2.0**-32, 0.0))
def test_quantize_multiplier_is_within_half_a_unit(real: float) -> None:
    multiplier, shift = a.quantize_multiplier(real)
    if (multiplier, shift) == (0, 0):
        assert real < 2.0**-32
        return
    assert 2**30 <= multiplier < 2**31
    assert shift >= -31
    error = abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) - Fraction(real))
    assert error <= Fraction(2) ** (shift - 32)


def test_quantize_multiplier_of_zero() -> None:
    assert a.quantize_multiplier(0.0) == (0, 0)


@pytest.mark.parametrize("real", [-1.0, math.inf, -math.inf, math.nan])
def test_quantize_multiplier_refuses(real: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        a.quantize_multiplier(real)


@given(st.integers(a.INT32_MIN, a.INT32_MAX), st.integers(0, 31))
def test_rounding_divide_is_nearest_half_away(value: int, exponent: int) -> None:
    exact = Fraction(value, 2**exponent)
    nearest = math.floor(abs(exact) + Fraction(1, 2))
    assert a.rounding_divide_by_pot(value, exponent) == (nearest if value >= 0 else -nearest)


@given(st.integers(a.INT32_MIN, a.INT32_MAX), st.integers(a.INT32_MIN, a.INT32_MAX))
def test_high_mul_is_nearest_half_up(x: int, y: int) -> None:
    expected = math.floor(Fraction(x * y, 2**31) + Fraction(1, 2))
    result = a.saturating_rounding_doubling_high_mul(x, y)
    assert result == min(expected, a.INT32_MAX)


@given(st.floats(-1e9, 1e9))
def test_round_half_away(value: float) -> None:
    exact = Fraction(value)
    nearest = math.floor(abs(exact) + Fraction(1, 2))
    assert a.round_half_away(value) == (nearest if value >= 0 else -nearest)


def test_round_half_away_just_below_a_half() -> None:
    assert a.round_half_away(0.49999999999999994) == 0


@given(st.integers(-(2**40), 2**40))
def test_wrap_int32(value: int) -> None:
    wrapped = a.wrap_int32(value)
    assert a.INT32_MIN <= wrapped <= a.INT32_MAX
    assert (wrapped - value) % 2**32 == 0


scales = st.one_of(
    st.floats(1e-7, 4.0),
    st.integers(1, 20).map(lambda n: 2.0**-n),  # exact halves
    st.integers(1, 400).map(lambda n: n / 1000),  # halves that only look exact
    st.floats(1e-7, 4.0).map(a.float32),
)


@settings(deadline=None)
@given(scales, st.integers(1, 2**31), st.lists(st.integers(-(2**31), 2**31 - 1), max_size=30))
def test_wide_multiplier_rounds_as_double_precision(
    real: float, bound: int, values: list[int]
) -> None:
    wide = a.exact_wide_multiplier(real, bound, 256)
    if wide is None:
        return
    steps = [round((k + 0.5) / real) + d for k in range(-256, 257) for d in (-1, 0, 1)]
    for value in (*steps, *values, bound, -bound):
        if abs(value) > bound:
            continue
        expected = a.clamp(a.multiply_float64(value, real), -256, 256)
        assert a.clamp(a.multiply_half_away(value, wide), -256, 256) == expected, value
        assert abs(value) * wide.multiplier + 2 ** (wide.shift - 1) < 2**63


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1.0).map(a.float32), st.integers(1, 2**24))
@example(0.02734375, 19)
def test_wide_multiplier_is_found_for_sums_that_occur(real: float, bound: int) -> None:
    assert a.exact_wide_multiplier(real, bound, 256) is not None


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        ("NONE", 0.1, 3, (-128, 127)),
        ("RELU", 0.1, 3, (3, 127)),
        ("RELU", 0.1, -128, (-128, 127)),
        ("RELU6", 0.1, 3, (3, 63)),
        ("RELU6", 0.1, 100, (100, 127)),
        ("RELU6", 0.5, -128, (-128, -116)),
        ("RELU_N1_TO_1", 0.5, 0, (-2, 2)),
        ("RELU_N1_TO_1", 4.0, 0, (0, 0)),
    ],
)
def test_activation_range(
    activation: str, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    assert a.activation_range(activation, a.float32(scale), zero_point) == expected


def test_activation_range_refuses() -> None:
    with pytest.raises(ValueError, match="TANH"):
        a.activation_range("TANH", 0.1, 0)
    with pytest.raises(ValueError, match="beyond int32"):
        a.activation_range("RELU6", 1e-12, 0)


@given(st.integers(-(2**26) * 31, 0))
@example(0)
def test_exp_is_near_exp(x: int) -> None:
    result = a.exp_on_negative_values(x) / 2**31
    assert math.isclose(result, math.exp(x / 2**26), abs_tol=1e-6)


@settings(deadline=None)
@given(st.lists(st.integers(-128, 127), min_size=1, max_size=40), st.floats(0.01, 0.5))
def test_softmax_is_near_softmax(row: list[int], scale: float) -> None:
    table = a.softmax_exp_table(a.softmax_scaling(1.0, a.float32(scale)))
    outputs = a.softmax_int8(tuple(row), table)
    exps = [math.exp((value - max(row)) * scale) for value in row]
    for output, exp in zip(outputs, exps, strict=True):
        assert abs((output + 128) / 256 - exp / sum(exps)) < 1.2 / 256


@given(st.floats(1e-4, 1e3), st.integers(1, 4096))
def test_mean_multiplier_divides(real: float, count: int) -> None:
    multiplier, shift = a.mean_multiplier(real, count)
    assert 0 <= multiplier < 2**31
    assert shift >= -31
    assert math.isclose(math.ldexp(multiplier, shift - 31), real / count, rel_tol=1e-5)


def test_add_scaling_refuses_what_references_abort_on() -> None:
    with pytest.raises(ValueError, match="output scale"):
        a.add_scaling(1.0, 1.0, 1e-9)


def test_softmax_scaling_refuses_what_references_abort_on() -> None:
    with pytest.raises(ValueError, match="too small"):
        a.softmax_scaling(1.0, 2.0**-27)


@given(
    st.lists(st.integers(a.INT32_MIN, a.INT32_MAX), min_size=1),
    st.integers(0, a.INT32_MAX),
    st.integers(-31, 30),
)
@example([a.INT32_MIN, a.INT32_MAX, -1, 0, 1], 2**31 - 1, 0)
@example([2**20, -(2**20), -(2**19)], 2**30, -20)
def test_arrays_are_multiplied_like_their_elements(
    values: list[int], multiplier: int, shift: int
) -> None:
    found = arrays.multiply_by_quantized_multiplier_double(
        np.array(values, np.int64), multiplier, shift
    )
    assert found.tolist() == [
        a.multiply_by_quantized_multiplier_double(value, multiplier, shift) for value in values
    ]
