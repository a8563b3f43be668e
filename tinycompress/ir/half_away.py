"""Integer multipliers that round as a double's product does, for sums of more than 32 bits.

As `arithmetic.exact_wide_multiplier`, for int16 outputs: so many steps that numpy counts them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from tinycompress.ir.arithmetic import WideMultiplier, clamp

_Int64s = npt.NDArray[np.int64]
_Float64s = npt.NDArray[np.float64]

_MAX_VALUE = 2**52
"""Every sum up to it is a double."""


def exact_half_away(real: float, value_bound: int, result_bound: int) -> WideMultiplier | None:
    """A multiplier whose rounded product is ``round(value * real)`` everywhere that matters.

    Args:
        real: A positive finite double.
        value_bound: The largest ``abs(value)`` that can occur.
        result_bound: Results beyond this magnitude are clamped afterwards.

    Returns:
        The multiplier; its product with ``value_bound`` fits int64. None if there is none.
    """
    value_bound = max(value_bound, 1)
    if value_bound > _MAX_VALUE:
        return None
    # As many bits as there is room for: at most two more than certainly fit.
    certain = 62 - value_bound.bit_length() - math.frexp(real)[1]
    for shift in (clamp(certain + more, 1, 62) for more in (2, 1, 0)):
        found = _of_shift(real, value_bound, result_bound, shift)
        if found is not None:
            return found
    return None


def _of_shift(
    real: float, value_bound: int, result_bound: int, shift: int
) -> WideMultiplier | None:
    if math.ceil(math.ldexp(real, shift)) * value_bound + (1 << (shift - 1)) >= 2**63:
        return None
    low, high = 1, (2**63 - 1 - (1 << (shift - 1))) // value_bound
    reached = int(_rounded(np.array([value_bound], np.int64), real)[0])
    steps = np.arange(1, min(reached, result_bound) + 1, dtype=np.int64)
    if steps.size:
        first = _first_values(steps, real)
        # Below 2^63: a step's half is at most the product of the bound and the multiplier.
        halves = (2 * steps - 1) << (shift - 1)
        low = max(low, int((-(-halves // first)).max()))
        before = first > 1
        if before.any():
            high = min(high, int(((halves[before] - 1) // (first[before] - 1)).min()))
    if reached < result_bound:
        next_half = (2 * reached + 1) << (shift - 1)
        high = min(high, (next_half - 1) // value_bound)
    if low > high:
        return None
    return WideMultiplier(clamp(round(math.ldexp(real, shift)), low, high), shift)


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
