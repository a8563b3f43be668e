"""Pairs of output channels that share int16 weights, as the DSP kernels take them.

The weights a and b of two channels for one input are one int16, 256 * b + a. The device sums the
products of these, and those of a; the difference is 256 times the sum of b's products, modulo 2^32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import Rounding
from tinycompress.codegen.rounding.channels import (
    CONV_FRACTION_BITS,
    Int64s,
    double_roundings,
    fit_int32,
    sum_ranges,
)
from tinycompress.codegen.rounding.fitted_multiply import (
    DoubleRounding,
    FittedMultiply,
    Shifted,
    SumRange,
    fit,
    fit_without_addend,
)

PAIR_GAIN = 256
"""What the second channel's sums are multiplied by."""
SECOND_FRACTION_BITS = 12
"""TCK_PIXELS_SECOND_FRACTION_BITS of pixels_s8_fitted_dsp.h."""
ALWAYS_IN_REACH = 508
"""Inputs whose products cannot leave the 24 bits that are left to the second channel, in fours."""
_PRODUCTS_LIMIT = 2**23
_CONSTANT_BITS = 30
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True)
class PairTables:
    """Tables of pairs of channels, ``[pairs, 2]``; an odd last channel comes with the one before.

    Args:
        rounding: How the sums are requantised.
        channels: The channels of each pair.
        first: Where the sum of the first channel begins.
        second: Where the pair's sum begins, for ``fitted``; twice the second channel's bias, for
            ``two_roundings``.
        multipliers: Of both channels.
        extras: Addends of fitted lines, 0 for the second channels, or right shifts less one; all
            fit int16.
        varying: ``[pairs]``, whether the second channel's output varies. One that does not is made
            without products: its weights are to be 0.
    """

    rounding: Rounding
    channels: Int64s
    first: Int64s
    second: Int64s
    multipliers: Int64s
    extras: Int64s
    varying: npt.NDArray[np.bool_]


def pair_tables(
    stairs: Sequence[DoubleRounding], weights: Int64s, biases: Int64s
) -> PairTables | None:
    """The cheapest exact requantisation that all pairs can have.

    Args:
        stairs: The reference's requantisation of each channel.
        weights: ``[channels, inputs]``, two channels or more.
        biases: With the input's zero point folded in.

    Returns:
        None if weights share no int16, or sums may be too large.
    """
    count = len(weights)
    channels = np.array([(c, c + 1) for c in (min(c, count - 2) for c in range(0, count, 2))])
    if not fit_in_pairs(weights[channels]) or not all_in_reach(weights[channels[:, 1]]):
        return None
    ranges = sum_ranges(weights, biases)
    if not fit_int32(ranges):
        return None
    lines = _lines(stairs, ranges, biases, channels)
    if lines is not None:
        return _of_lines(lines, biases, channels)
    double = double_roundings(stairs, ranges, biases)
    if double is None:
        return None
    multipliers, shifts = np.array(double[0], np.int64)[channels].transpose(2, 0, 1)
    first, second = double[1][channels].T
    varying = np.ones(len(channels), np.bool_)
    return PairTables(
        "two_roundings", channels, first, 2 * second, multipliers, -shifts - 1, varying
    )


def fit_in_pairs(weights: Int64s) -> bool:
    """Whether weights of two channels, ``[..., 2, inputs]``, are an int16 for every input."""
    both = PAIR_GAIN * weights[..., 1, :] + weights[..., 0, :]
    return bool(((both >= _INT16.min) & (both <= _INT16.max)).all())


def all_in_reach(weights: Int64s) -> bool:
    """Whether the products of rows of weights with int8 inputs fit what a pair leaves to them."""
    products = sum_ranges(weights, np.zeros(len(weights), np.int64))
    return all(r.low >= -_PRODUCTS_LIMIT and r.high < _PRODUCTS_LIMIT for r in products)


def _lines(
    stairs: Sequence[DoubleRounding],
    ranges: Sequence[SumRange],
    biases: Int64s,
    channels: Int64s,
) -> list[tuple[FittedMultiply, FittedMultiply]] | None:
    found = []
    for first, second in channels.tolist():
        line = fit(stairs[first], ranges[first], CONV_FRACTION_BITS)
        if line is None:
            return None
        # The second line's offset holds the bias, so that only products are multiplied.
        bias = int(biases[second])
        products = SumRange(ranges[second].low - bias, ranges[second].high - bias)
        staircase = Shifted(stairs[second], bias)
        if staircase.value(products.low) == staircase.value(products.high):
            found.append((line, _constant(staircase.value(0))))
            continue
        other = fit_without_addend(staircase, products, SECOND_FRACTION_BITS, gain=PAIR_GAIN)
        if other is None:
            return None
        found.append((line, other))
    return found


def _constant(output: int) -> FittedMultiply:
    """A line that gives an output for the sum 0."""
    shift = output << (SECOND_FRACTION_BITS + 32 - _CONSTANT_BITS)
    return FittedMultiply(1 << _CONSTANT_BITS, shift, 0, SECOND_FRACTION_BITS)


def _of_lines(
    lines: Sequence[tuple[FittedMultiply, FittedMultiply]], biases: Int64s, channels: Int64s
) -> PairTables:
    shifts, multipliers, addends = np.array(
        [[(line.shift, line.multiplier, line.addend) for line in pair] for pair in lines], np.int64
    ).transpose(2, 0, 1)
    first = biases[channels[:, 0]] + shifts[:, 0]
    second = first + shifts[:, 1]
    varying = multipliers[:, 1] != 1 << _CONSTANT_BITS
    return PairTables("fitted", channels, first, second, multipliers, addends, varying)
