"""ADD by two multiplications, proved on the host to equal the reference's for all inputs.

The reference rescales both inputs with two roundings each and their sum with two more. Its outputs
over all 256 times 256 inputs nearly always lie on a plane that is cut into steps,
``clamp((multiplier_1 * a + multiplier_2 * b + addend) >> shift)``: in int32, without any long
multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.ir.arithmetic import INT32_MAX, clamp

Int64s = npt.NDArray[np.int64]

INT8_VALUES: Int64s = np.arange(-128, 128, dtype=np.int64)
"""The values of an input, as ``Plane`` and ``fit_plane`` index them."""

_NEIGHBOURS = 4
"""Multipliers that are tried on either side of the ratios of scales."""
_LARGEST_SHIFT = 23
_SMALLEST_SHIFT = 8


@dataclass(frozen=True)
class Plane:
    """``(multiplier_1 * a + multiplier_2 * b + addend) >> shift``, int32 throughout."""

    multiplier_1: int
    multiplier_2: int
    addend: int
    shift: int

    def apply(self) -> Int64s:
        """Its outputs before the clamp for all int8 inputs, ``[256, 256]``: a, b."""
        return (_products(self.multiplier_1, self.multiplier_2) + self.addend) >> self.shift


def fit_plane(
    outputs: Int64s, ratio_1: float, ratio_2: float, limits: tuple[int, int]
) -> Plane | None:
    """A plane with the given outputs for all inputs, after the clamp to ``limits``.

    Args:
        outputs: ``[256, 256]``, by ``INT8_VALUES`` of either input; within ``limits``.
        ratio_1: Scale of the first input over the output's.
        ratio_2: That of the second.
        limits: Of the clamp, which ends the plane on both sides.

    Returns:
        None if none was found.
    """
    around = range(-_NEIGHBOURS, _NEIGHBOURS + 1)
    for shift in range(_LARGEST_SHIFT, _SMALLEST_SHIFT - 1, -1):
        starts = round(ratio_1 * 2**shift), round(ratio_2 * 2**shift)
        if 128 * sum(starts) > INT32_MAX:
            continue
        decisive = _decisive(outputs, starts, shift, limits)
        for first in around:
            for second in around:
                pair = max(starts[0] + first, 0), max(starts[1] + second, 0)
                plane = _on_pair(pair, decisive, shift)
                if plane is not None and _is_exact(plane, outputs, limits):
                    return plane
    return None


@dataclass(frozen=True)
class _Bounds:
    """Pairs of inputs, and between which sums each must come to lie, both included."""

    a: Int64s
    b: Int64s
    low: Int64s
    high: Int64s


def _products(multiplier_1: int, multiplier_2: int) -> Int64s:
    return np.add.outer(multiplier_1 * INT8_VALUES, multiplier_2 * INT8_VALUES)


def _decisive(
    outputs: Int64s, starts: tuple[int, int], shift: int, limits: tuple[int, int]
) -> _Bounds:
    """The bounds that some pair of multipliers may come near to: few of all."""
    products = _products(*starts)
    reach = 1 << 40
    low = np.where(outputs > limits[0], outputs << shift, -reach)
    high = np.where(outputs < limits[1], (outputs + 1 << shift) - 1, reach)
    # A multiplier that is off by _NEIGHBOURS moves a sum by so much against another.
    margin = 4 * _NEIGHBOURS * 256
    below, above = low - products, high - products
    near = (below >= below.max() - margin) | (above <= above.min() + margin)
    a, b = np.nonzero(near)
    return _Bounds(INT8_VALUES[a], INT8_VALUES[b], low[near], high[near])


def _on_pair(multipliers: tuple[int, int], bounds: _Bounds, shift: int) -> Plane | None:
    """The plane with these multipliers, its addend the smallest that obeys the bounds."""
    products = multipliers[0] * bounds.a + multipliers[1] * bounds.b
    lowest = int((bounds.low - products).max())
    highest = int((bounds.high - products).min())
    addend = clamp(0, lowest, highest)
    if lowest > highest or 128 * sum(multipliers) + abs(addend) > INT32_MAX:
        return None
    return Plane(*multipliers, addend, shift)


def _is_exact(plane: Plane, outputs: Int64s, limits: tuple[int, int]) -> bool:
    return bool((np.clip(plane.apply(), *limits) == outputs).all())
