"""Integer multipliers for int16 outputs round as the double's product does."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinycompress.ir.arithmetic import clamp, multiply_float64, multiply_half_away
from tinycompress.ir.half_away import MAX_SHIFT, MAX_VALUE, MIN_SHIFT, exact_half_away

_RESULT_BOUND = 2**15 + 1


@settings(max_examples=25, deadline=None)
@given(st.floats(2.0**-47, 2.0**10), st.integers(1, MAX_VALUE), st.integers(0, 2**32 - 1))
@example(0.82, 75, 0)
def test_the_multiplier_agrees_wherever_results_survive(real: float, bound: int, seed: int) -> None:
    wide = exact_half_away(real, bound, _RESULT_BOUND)
    if wide is None:
        # As documented: the double's product reaches a half that no step of the factor can move to.
        reach = min(bound, int(_RESULT_BOUND / real) + 1, 2**16)
        assert (
            any(
                (k * real) % 1 == 0.5 and k * Fraction(real) < Fraction(k * real)
                for k in range(1, reach + 1)
            )
            or reach == 2**16
        )
        return
    assert wide.multiplier < 2**62
    assert MIN_SHIFT <= wide.shift <= MAX_SHIFT
    rng = np.random.default_rng(seed)
    steps = rng.integers(1, _RESULT_BOUND, 200)
    near = [int((int(k) - 0.5) / real) + int(d) for k, d in zip(steps, rng.integers(-2, 3, 200),
                                                                strict=True)]  # fmt: skip
    values = [v for v in (*near, *rng.integers(0, bound + 1, 100).tolist(), bound) if v <= bound]
    for value in values:
        for signed in (value, -value):
            want = clamp(multiply_float64(signed, real), -(2**15), 2**15 - 1)
            assert clamp(multiply_half_away(signed, wide), -(2**15), 2**15 - 1) == want


def test_a_half_that_only_the_double_reaches_is_moved() -> None:
    halves = [(value, 0.5 / value) for value in range(2**40 + 1, 2**40 + 400)]
    moved = [(v, r) for v, r in halves if v * r == 0.5 and 2 * v * Fraction(r) < 1]
    assert len(moved) > 50
    for value, real in moved:
        wide = exact_half_away(real, MAX_VALUE, _RESULT_BOUND)
        assert wide is not None
        assert multiply_half_away(value, wide) == multiply_float64(value, real) == 1
        assert multiply_half_away(value - 1, wide) == multiply_float64(value - 1, real) == 0


@pytest.mark.parametrize("real", [2.0**14, 2.0**100])
def test_factors_beyond_the_shifts_have_none(real: float) -> None:
    assert exact_half_away(real, 2**20, _RESULT_BOUND) is None


def test_sums_beyond_the_firmware_s_have_none() -> None:
    assert exact_half_away(2.0**-9, MAX_VALUE + 1, _RESULT_BOUND) is None


def test_sums_that_never_reach_a_half_become_zero() -> None:
    wide = exact_half_away(2.0**-60, MAX_VALUE, _RESULT_BOUND)
    assert wide is not None
    assert multiply_half_away(MAX_VALUE, wide) == 0
