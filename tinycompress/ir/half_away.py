"""Integer multipliers that round as a double's product does, for sums of more than 32 bits.

As `arithmetic.exact_wide_multiplier`, for int16 outputs: so many steps that numpy counts them, and
so fine that a multiplier of 62 bits is needed, whose product with a sum has more than 64.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tinycompress.ir.arithmetic import WideMultiplier

_Int64s = npt.NDArray[np.int64]

MAX_VALUE = 2**47 - 1
"""Largest sum that the firmware multiplies."""
MIN_SHIFT, MAX_SHIFT = 49, 110
"""What the firmware shifts a product by."""
_MULTIPLIER_BITS = 62


def exact_half_away(real: float, value_bound: int, result_bound: int) -> WideMultiplier | None:
    """A multiplier whose rounded product is ``round(value * real)`` everywhere that matters.

    A double's 53 bits are all in the multiplier, so that its product is exact where the double's is
    rounded. The two differ where that rounding reaches a half from below; nine bits behind the 53
    move such a half, and it is proved that no other step moves with it.

    Args:
        real: A positive finite double.
        value_bound: The largest ``abs(value)`` that can occur.
        result_bound: Results beyond this magnitude are clamped afterwards; at most 2^16.

    Returns:
        The multiplier, below 2^62, with a shift of ``MIN_SHIFT`` to ``MAX_SHIFT``. None if there is
        none.
    """
    fraction, exponent = math.frexp(real)
    multiplier, shift = int(math.ldexp(fraction, _MULTIPLIER_BITS)), _MULTIPLIER_BITS - exponent
    if value_bound > MAX_VALUE or shift < MIN_SHIFT:
        return None
    reached = int(_rounded(np.array([value_bound], np.int64), real)[0])
    if reached == 0:
        return WideMultiplier(0, MAX_SHIFT)
    # Something is reached: the factor is at least 2^-48, and the shift at most MAX_SHIFT.
    extra = _extra(real, multiplier, shift, min(reached, result_bound))
    if extra is None:
        return None
    multiplier += extra
    if reached < result_bound and 2 * value_bound * multiplier >= (2 * reached + 1) << shift:
        return None
    return WideMultiplier(multiplier, shift)


def _extra(real: float, multiplier: int, shift: int, last_step: int) -> int | None:
    """The least that is to be added to the multiplier, so that all steps come where they must."""
    steps = np.arange(1, last_step + 1, dtype=np.int64)
    first = _first_values(steps, real)
    # How far the first value's product is beyond the half, twice: less than twice the multiplier,
    # so that what is left of it modulo 2^64 is all of it.
    power = np.array(pow(2, shift, 2**64), np.uint64).astype(np.int64)
    beyond = 2 * first * np.int64(multiplier) - (2 * steps - 1) * power
    late = beyond < 0
    extra = int((-(beyond[late] // (2 * first[late]))).max()) if late.any() else 0
    if extra >= 2**14:
        return None
    before = (beyond - 2 * multiplier) + 2 * (first - 1) * extra
    return extra if (before < 0).all() else None


def _rounded(values: _Int64s, real: float) -> _Int64s:
    """``round(value * real)`` of positive values, halves away from zero."""
    products = values.astype(np.float64) * real
    whole = np.floor(products)
    rounded: _Int64s = (whole + (products - whole >= 0.5)).astype(np.int64)
    return rounded


def _first_values(steps: _Int64s, real: float) -> _Int64s:
    """The smallest positive value of which each step is reached."""
    found: _Int64s = np.maximum(np.ceil((steps - 0.5) / real), 1).astype(np.int64)
    while (early := (found > 1) & (_rounded(found - 1, real) >= steps)).any():
        found -= early
    while (late := _rounded(found, real) < steps).any():
        found += late
    return found
