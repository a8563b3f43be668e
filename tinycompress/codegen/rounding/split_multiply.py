"""Requantisation by two 32-bit multiplications, proved on the host to equal the reference's.

A core without a long multiplication needs four for the product of a sum and a 31-bit multiplier.
A line as in ``fitted_multiply`` needs fewer bits where sums are small: its multiplier in two parts,
``((sum * low >> LOW_BITS) + sum * high + addend) >> shift``, is the whole product rounded down, and
nothing leaves int32.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from tinycompress.codegen.rounding.fitted_multiply import Staircase, SumRange, steps_of
from tinycompress.ir.arithmetic import INT32_MAX

LOW_BITS = 13
"""TCK_SPLIT_BITS of depthwise_3x3_s8_thumb1.h: leaves 18 bits for sums."""

_CANDIDATES = (0, 1, -1, 2, -2, 3, -3, 4, -4)
_SHIFTS = range(22, 0, -1)
_CONSTANT_SHIFT = 20


@dataclass(frozen=True)
class SplitMultiply:
    """``((sum * multiplier >> LOW_BITS) + addend) >> shift``; multiplier and addend fit int32."""

    multiplier: int
    addend: int
    shift: int

    def apply(self, value: int) -> int:
        """The output before the clamp."""
        return ((value * self.multiplier >> LOW_BITS) + self.addend) >> self.shift


@lru_cache(maxsize=16_384)
def fit_split(stairs: Staircase, sums: SumRange) -> SplitMultiply | None:
    """A line with the outputs of ``stairs`` for all ``sums``, in int32 throughout.

    Returns:
        None if there is no such line within reach.
    """
    if max(-sums.low, sums.high) << LOW_BITS > INT32_MAX:
        return None
    first, last = stairs.value(sums.low), stairs.value(sums.high)
    if first == last:
        return SplitMultiply(0, first << _CONSTANT_SHIFT, _CONSTANT_SHIFT)
    steps = steps_of(stairs, sums) if first < last else None
    if steps is None:
        return None
    # A finer line has more bits to spare, and larger numbers.
    for shift in _SHIFTS:
        bits = LOW_BITS + shift
        start = round(stairs.slope * 2**bits)
        if start + max(_CANDIDATES) > INT32_MAX:
            continue
        for multiplier in (start + candidate for candidate in _CANDIDATES):
            lowest = int(((steps.at_least << bits) - steps.reached * multiplier).max())
            highest = int(((steps.below << bits) - steps.missed * multiplier).min()) - 1
            line = SplitMultiply(multiplier, -(-lowest >> LOW_BITS), shift)
            if line.addend << LOW_BITS <= highest and multiplier > 0 and _fits(line, sums):
                return line
    return None


def _fits(line: SplitMultiply, sums: SumRange) -> bool:
    """Whether products, addend and what they add up to are int32 for all sums."""
    ends = [total * line.multiplier >> LOW_BITS for total in (sums.low, sums.high)]
    numbers = (*ends, *(end + line.addend for end in ends), line.addend)
    # The product with the upper part alone is a little larger than both together.
    return max(map(abs, numbers)) <= INT32_MAX - max(-sums.low, sums.high)
