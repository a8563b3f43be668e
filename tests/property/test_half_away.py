"""Integer multipliers for int16 outputs round as the double's product does."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tinycompress.ir.arithmetic import clamp, multiply_float64, multiply_half_away
from tinycompress.ir.half_away import exact_half_away

_RESULT_BOUND = 2**15 + 1


@settings(max_examples=15, deadline=None)
@given(st.floats(2.0**-24, 2.0**-3), st.integers(1, 2**33), st.integers(0, 2**32 - 1))
def test_the_multiplier_agrees_wherever_results_survive(real: float, bound: int, seed: int) -> None:
    wide = exact_half_away(real, bound, _RESULT_BOUND)
    if wide is None:
        return
    assert bound * wide.multiplier + 2 ** (wide.shift - 1) < 2**63
    rng = np.random.default_rng(seed)
    steps = rng.integers(1, _RESULT_BOUND, 200)
    near = [int((int(k) - 0.5) / real) + int(d) for k, d in zip(steps, rng.integers(-2, 3, 200),
                                                                strict=True)]  # fmt: skip
    values = [v for v in (*near, *rng.integers(0, bound + 1, 100).tolist(), bound) if v <= bound]
    for value in values:
        for signed in (value, -value):
            want = clamp(multiply_float64(signed, real), -(2**15), 2**15 - 1)
            assert clamp(multiply_half_away(signed, wide), -(2**15), 2**15 - 1) == want


def test_sums_that_leave_too_few_bits_have_no_multiplier() -> None:
    assert exact_half_away(2.0**-9 * (1 + 2.0**-23), 2**44, _RESULT_BOUND) is None


def test_every_bit_that_there_is_room_for_is_used() -> None:
    assert exact_half_away(2.0**-9 * (1 + 9.751966234539111e-08), 27951146, _RESULT_BOUND)


def test_a_power_of_two_has_one() -> None:
    assert exact_half_away(2.0**-9, 2**26, _RESULT_BOUND) is not None
