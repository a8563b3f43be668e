"""Channels whose output never varies, requantised with two roundings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tinycompress.codegen.rounding.channels import channel_tables, double_roundings
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding, SumRange
from tinycompress.codegen.weights.pairs import pair_tables

LIMITS = (-128, 127)


def _stairs(multiplier: int, shift: int, zero_point: int) -> DoubleRounding:
    return DoubleRounding(multiplier, shift, zero_point, LIMITS)


@example(multiplier=1 << 30, shift=-23, zero_point=127, bias=2**30 - 2**16, reach=2**16).via(
    "the sum reaches 2^30 itself"
)
@example(multiplier=1 << 30, shift=-23, zero_point=-128, bias=2**16 - 2**30, reach=2**16)
@example(multiplier=1 << 30, shift=-31, zero_point=3, bias=2**31 - 2**17, reach=2**16)
@example(multiplier=1 << 30, shift=-31, zero_point=3, bias=2**17 - 2**31, reach=2**16)
@given(
    multiplier=st.integers(1 << 30, (1 << 31) - 1),
    shift=st.integers(-31, -23),
    zero_point=st.integers(-128, 127),
    bias=st.integers(-(2**31) + 2**17, 2**31 - 2**17),
    reach=st.integers(0, 2**16),
)
def test_a_sum_that_gives_the_one_output(
    multiplier: int, shift: int, zero_point: int, bias: int, reach: int
) -> None:
    stairs = _stairs(multiplier, shift, zero_point)
    sums = SumRange(bias - reach, bias + reach)
    found = double_roundings([stairs], [sums], np.array([bias]))
    if found is None:
        assert stairs.value(sums.low) != stairs.value(sums.high)
        return
    ((again, right), *_), (begin,) = found
    for value in (-reach, 0, reach):
        made = _stairs(again, right, zero_point).value(int(begin) + value)
        assert made == stairs.value(bias + value)
    assert -22 <= right <= -1
    assert abs(int(begin)) + reach < 2**30


def test_a_varying_channel_beyond_the_kernels_is_left_to_the_reference() -> None:
    stairs = _stairs(1 << 30, -23, 0)
    assert double_roundings([stairs], [SumRange(0, 2**26)], np.array([0])) is None


def test_products_beyond_the_kernels_do_not_matter_to_a_multiplier_of_0() -> None:
    stairs = _stairs(1 << 30, -31, 5)
    sums = SumRange(-(2**30), 2**31 - 3)
    assert stairs.value(sums.low) == stairs.value(sums.high) == 5
    found = double_roundings([stairs], [sums], np.array([2**29]))
    assert found is not None
    assert found[0] == [(0, -1)]
    assert found[1].tolist() == [0]


@pytest.mark.parametrize("bias", [2**31 - 600, 600 - 2**31])
def test_pairs_refuse_sums_that_wrap(bias: int) -> None:
    """Both ends of the range give 0; the sum before the wrap gives 1, the one behind it -1."""
    weights = np.array([[4, 3], [1, 0]])
    stairs = [_stairs(1 << 30, -31, 0), _stairs(1500000000, -5, 3)]
    ends = [stairs[0].value(total) for total in (2**31 - 1, -(2**31), bias - 889, bias + 889)]
    assert ends == [1, -1, 0, 0]
    assert pair_tables(stairs, weights, np.array([bias, 40])) is None
    assert channel_tables(stairs, weights, np.array([bias, 40])) is None
    assert channel_tables(stairs, weights, np.array([bias // 4, 40])) is not None


@pytest.mark.parametrize("dead", [0, 1])
def test_one_dead_channel_leaves_its_neighbours_fast(dead: int) -> None:
    """Its bias and scale are those of a channel of MLPerf Tiny's visual wake words."""
    weights = np.arange(-8, 8).reshape(2, 8)
    weights[dead] = 0
    stairs = [_stairs(1500000000, -5, 3), _stairs(1500000000, -5, 3)]
    stairs[dead] = _stairs(1652644162, -25, -100)
    biases = np.array([40, 40])
    biases[dead] = 2**30
    tables = pair_tables(stairs, weights, biases)
    assert tables is not None
    assert tables.rounding == "two_roundings"
    begins = (tables.first[0], tables.second[0] // 2)
    multiplier, shift = int(tables.multipliers[0][dead]), -int(tables.extras[0][dead]) - 1
    made = DoubleRounding(multiplier, shift, -100, LIMITS).value(int(begins[dead]))
    assert made == stairs[dead].value(2**30) != -100
