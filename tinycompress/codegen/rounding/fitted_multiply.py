"""Requantisation by one multiply-add, proved on the host to equal the reference's for a layer.

A reference kernel takes a sum to its output by a doubling high multiply, a rounding shift, the
zero point and a clamp: a monotone staircase with at most 256 steps. A core with SMMLA and SSAT can
do ``clamp((addend + ((sum + shift) * multiplier >> 32)) >> FRACTION_BITS)``, a straight line cut
into steps, in two instructions. Where a line passes between every two neighbouring corners of the
staircase, both are the same function. ``shift`` goes into the bias, so that it costs nothing.

Outputs of a ReLU nearly always have such a line: on one side of zero both roundings of the
reference round in the same direction. Outputs on both sides of zero hardly ever have one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import numpy.typing as npt

from tinycompress.ir.arithmetic import (
    INT32_MAX,
    WideMultiplier,
    clamp,
    multiply_by_quantized_multiplier_double,
    multiply_half_away,
)

Int64s = npt.NDArray[np.int64]

_CANDIDATES = (0, 1, -1, 2, -2, 3, -3, 4, -4)
_ADDEND_LIMIT = 2**15
_REACHES = (32, 256, 4096)
"""How far around the centre addends are tried; beyond the last, none."""
_TRIED = 1024
"""Multipliers on either side that are tried for a line without an addend, the nearest first."""
_NEAREST_FIRST = np.split(
    np.array(sorted(range(-_TRIED, _TRIED + 1), key=abs), np.int64), (5, 21, 85, 341, 1365)
)
_LARGEST_RIGHT_SHIFT = 22


@dataclass(frozen=True)
class FittedMultiply:
    """``(addend + ((sum + shift) * multiplier >> 32)) >> fraction_bits``.

    ``multiplier`` fits int32 and is not negative, ``addend`` fits int16, ``sum + shift`` int32.
    """

    multiplier: int
    shift: int
    addend: int
    fraction_bits: int

    def apply(self, value: int) -> int:
        """The output before the clamp."""
        product = (value + self.shift) * self.multiplier >> 32
        return (self.addend + product) >> self.fraction_bits


@dataclass(frozen=True)
class SumRange:
    """The sums that can occur, both ends included."""

    low: int
    high: int


class Staircase(Protocol):
    """A reference kernel's requantisation, clamp included; equal ones have equal hashes."""

    def __hash__(self) -> int:
        """Of all that the function depends on."""

    @property
    def slope(self) -> float:
        """Output per unit of the sum."""

    @property
    def clamp(self) -> tuple[int, int]:
        """The smallest and the largest output; kernels end a line there."""

    def value(self, total: int) -> int:
        """The output of one sum."""

    def corners(self, outputs: Int64s) -> Int64s | None:
        """The smallest sum that gives at least each of ``outputs``; None if beyond int64."""


@dataclass(frozen=True)
class DoubleRounding:
    """``multiply_by_quantized_multiplier_double``, zero point, clamp: TFLM's, and convolutions'."""

    multiplier: int
    shift: int
    zero_point: int
    clamp: tuple[int, int]

    @property
    def slope(self) -> float:
        """Output per unit of the sum."""
        return self.multiplier * 2.0 ** (self.shift - 31)

    def value(self, total: int) -> int:
        """The output of one sum."""
        scaled = multiply_by_quantized_multiplier_double(total, self.multiplier, self.shift)
        return clamp(scaled + self.zero_point, *self.clamp)

    def corners(self, outputs: Int64s) -> Int64s | None:
        """The smallest sum that gives at least each of ``outputs``; None if beyond int64."""
        if not -_LARGEST_RIGHT_SHIFT <= self.shift <= 0:
            return None
        centred = outputs - self.zero_point
        half = (1 << -self.shift) >> 1
        # Halves go away from zero: up for positive results, down for the others.
        products = (centred << -self.shift) - half + ((centred <= 0) & (half > 0))
        return _ceil_divide((products << 31) - (1 << 30), self.multiplier)


@dataclass(frozen=True)
class HalfAway:
    """``multiply_half_away``, zero point, clamp: LiteRT's FULLY_CONNECTED."""

    wide: WideMultiplier
    zero_point: int
    clamp: tuple[int, int]

    @property
    def slope(self) -> float:
        """Output per unit of the sum."""
        return self.wide.multiplier * 2.0**-self.wide.shift

    def value(self, total: int) -> int:
        """The output of one sum."""
        return clamp(multiply_half_away(total, self.wide) + self.zero_point, *self.clamp)

    def corners(self, outputs: Int64s) -> Int64s | None:
        """The smallest sum that gives at least each of ``outputs``; None if beyond int64."""
        found = []
        for output in outputs.tolist():
            centred = output - self.zero_point
            halves = (2 * centred - 1 << (self.wide.shift - 1)) + (centred <= 0)
            found.append(-(-halves // self.wide.multiplier))
        if max(map(abs, found), default=0) >= 2**62:
            return None
        return np.array(found, np.int64)


@dataclass(frozen=True)
class Shifted:
    """A staircase of sums to which a bias is added first."""

    stairs: Staircase
    bias: int

    @property
    def slope(self) -> float:
        """Output per unit of the sum."""
        return self.stairs.slope

    @property
    def clamp(self) -> tuple[int, int]:
        """The smallest and the largest output."""
        return self.stairs.clamp

    def value(self, total: int) -> int:
        """The output of one sum."""
        return self.stairs.value(total + self.bias)

    def corners(self, outputs: Int64s) -> Int64s | None:
        """The smallest sum that gives at least each of ``outputs``; None if beyond int64."""
        found = self.stairs.corners(outputs)
        return None if found is None else found - self.bias


@dataclass(frozen=True, eq=False)
class Steps:
    """What makes a monotone line equal to a staircase for all sums that can occur.

    It is at least ``at_least[i]`` at the sum ``reached[i]``, and below ``below[i]`` at
    ``missed[i]``; four arrays of int64, not empty.
    """

    reached: Int64s
    at_least: Int64s
    missed: Int64s
    below: Int64s


def steps_of(stairs: Staircase, sums: SumRange, occurring: Int64s | None = None) -> Steps | None:
    """Both sides of every corner of a staircase that rises, and the ends of ``sums``.

    At the ends the line need not stop at the staircase's limits, where the kernel's clamp ends it;
    at any other output it must not take one step more.

    Args:
        stairs: A staircase with two different outputs, at least, in ``sums``.
        sums: Every sum that can occur.
        occurring: All sums that can occur, ascending, both ends of ``sums`` among them; every
            integer between these if it is not given.

    Returns:
        None if corners are beyond int64.
    """
    first, last = stairs.value(sums.low), stairs.value(sums.high)
    outputs = np.arange(first + 1, last + 1, dtype=np.int64)
    corners = stairs.corners(outputs)
    if corners is None:
        return None
    before = corners - 1
    if occurring is not None:
        index = np.searchsorted(occurring, corners)
        corners, before = occurring[index], occurring[index - 1]
    reached, at_least, missed, below = corners, outputs, before, outputs
    if first > stairs.clamp[0]:
        reached, at_least = np.append(reached, sums.low), np.append(at_least, first)
    if last < stairs.clamp[1]:
        missed, below = np.append(missed, sums.high), np.append(below, last + 1)
    return Steps(reached, at_least, missed, below)


def _ceil_divide(numerator: Int64s, denominator: int) -> Int64s:
    return -(-numerator // denominator)


def fit(
    stairs: Staircase,
    sums: SumRange,
    fraction_bits: int,
    *,
    gain: int = 1,
    occurring: Int64s | None = None,
) -> FittedMultiply | None:
    """A line with the outputs of ``stairs`` for all ``sums``.

    Args:
        stairs: The function to equal.
        sums: Every sum that can occur; within int32.
        fraction_bits: More give the line more precision, and less room for steep ones.
        gain: The line takes sums that are multiplied by this.
        occurring: All sums that can occur, ascending, ``sums.low`` and ``sums.high`` among them;
            every integer between these two if it is not given.

    Returns:
        None if there is no such line within reach.
    """
    if occurring is None:
        return _fit_every_sum(stairs, sums, fraction_bits, gain)
    return _fit(stairs, sums, fraction_bits, gain, occurring)


def fit_without_addend(
    stairs: Staircase, sums: SumRange, fraction_bits: int, *, gain: int
) -> FittedMultiply | None:
    """As ``fit``, by a line whose addend is 0: one register less on the device.

    With sums that are multiplied by a gain the shift alone is fine enough for nearly all lines. Out
    of its reach are outputs that hardly vary, far from 0.
    """
    return _fit_without_addend(stairs, sums, fraction_bits, gain)


@lru_cache(maxsize=16_384)
def _fit_without_addend(
    stairs: Staircase, sums: SumRange, fraction_bits: int, gain: int
) -> FittedMultiply | None:
    rising = stairs.value(sums.low) < stairs.value(sums.high)
    steps = steps_of(stairs, sums) if rising else None
    if steps is None:
        return None
    start = round(stairs.slope * 2 ** (32 + fraction_bits) / gain)
    at_least, below = (x << (32 + fraction_bits) for x in (steps.at_least, steps.below))
    for batch in _NEAREST_FIRST:
        multipliers = batch + start
        multipliers = multipliers[(multipliers > 0) & (multipliers <= INT32_MAX)][:, None]
        if not multipliers.size:
            return None
        lowest = (at_least - steps.reached * gain * multipliers).max(axis=1)
        highest = (below - steps.missed * gain * multipliers).min(axis=1) - 1
        shifts = -(-lowest // multipliers[:, 0])
        exact = (lowest <= highest) & (shifts * multipliers[:, 0] <= highest)
        exact &= (shifts >= -INT32_MAX - sums.low * gain) & (shifts <= INT32_MAX - sums.high * gain)
        if exact.any():
            best = int(np.argmax(exact))
            return FittedMultiply(int(multipliers[best, 0]), int(shifts[best]), 0, fraction_bits)
    return None


# The same weights are lowered again for every size of patches that is tried.
@lru_cache(maxsize=16_384)
def _fit_every_sum(
    stairs: Staircase, sums: SumRange, fraction_bits: int, gain: int
) -> FittedMultiply | None:
    return _fit(stairs, sums, fraction_bits, gain, None)


def _fit(
    stairs: Staircase, sums: SumRange, fraction_bits: int, gain: int, occurring: Int64s | None
) -> FittedMultiply | None:
    first, last = stairs.value(sums.low), stairs.value(sums.high)
    if first == last:
        return FittedMultiply(0, 0, first << fraction_bits, fraction_bits)
    if first > last:
        return None  # left shifts that overflow
    steps = steps_of(stairs, sums, occurring)
    start = round(stairs.slope * 2 ** (32 + fraction_bits) / gain)
    if steps is None or start + max(_CANDIDATES) > INT32_MAX:
        return None
    reached, missed = steps.reached * gain, steps.missed * gain
    at_least, below = (x << (32 + fraction_bits) for x in (steps.at_least, steps.below))
    sums = SumRange(sums.low * gain, sums.high * gain)
    for multiplier in (start + candidate for candidate in _CANDIDATES if start + candidate > 0):
        lowest = int((at_least - reached * multiplier).max())
        highest = int((below - missed * multiplier).min()) - 1
        if lowest <= highest:
            found = _as_integers(multiplier, lowest, highest, sums, fraction_bits)
            if found is not None:
                return found
    return None


def _as_integers(
    multiplier: int, lowest: int, highest: int, sums: SumRange, fraction_bits: int
) -> FittedMultiply | None:
    """Write some offset in ``lowest .. highest`` as ``shift * multiplier + addend * 2^32``.

    Of all ways the one with the smallest shift is taken, which is at an addend near the centre.
    """
    centre = clamp(lowest >> 32, -_ADDEND_LIMIT, _ADDEND_LIMIT)
    for reach in _REACHES:
        addends = np.arange(
            max(centre - reach, -_ADDEND_LIMIT), min(centre + reach, _ADDEND_LIMIT), dtype=np.int64
        )
        shifts = _ceil_divide(lowest - (addends << 32), multiplier)
        exact = shifts * multiplier <= highest - (addends << 32)
        exact &= (shifts >= -INT32_MAX - sums.low) & (shifts <= INT32_MAX - sums.high)
        if not exact.any():
            continue
        nearest = int(np.argmin(np.where(exact, np.abs(shifts), np.iinfo(np.int64).max)))
        shift = int(shifts[nearest])
        if reach == _REACHES[-1] or abs(shift) < ((reach - 1) << 32) // multiplier:
            return FittedMultiply(multiplier, shift, int(addends[nearest]), fraction_bits)
    return None
