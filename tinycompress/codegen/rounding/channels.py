"""What the fast kernels need for each output channel: bias, multiplier and one int16 more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import Rounding
from tinycompress.codegen.rounding.fitted_multiply import (
    DoubleRounding,
    FittedMultiply,
    Staircase,
    SumRange,
    fit,
)
from tinycompress.ir.arithmetic import INT32_MAX

Int64s = npt.NDArray[np.int64]

CONV_FRACTION_BITS = 4
"""TCK_FRACTION_BITS of tck_simd.h."""
_SUM_LIMIT = 2**30
"""tck_requantize doubles a sum, which must stay int32; -2^30 would, but is left out as well."""
_SHIFTS = range(-22, 0)
_ZERO_POINT_ALWAYS = (0, -1)
"""Multiplier and shift that give the zero point for every int32, doubled beyond int32 or not."""


@dataclass(frozen=True)
class ChannelTables:
    """Per channel; ``extras`` are the addends of fitted lines, or right shifts less one.

    ``biases`` fit int32, ``multipliers`` int32, ``extras`` int16.
    """

    rounding: Rounding
    biases: Int64s
    multipliers: Int64s
    extras: Int64s
    fraction_bits: int = CONV_FRACTION_BITS


def sum_ranges(weights: Int64s, biases: Int64s) -> list[SumRange]:
    """The sums that int8 inputs can give: one range per row of weights and its bias."""
    low = biases + np.where(weights > 0, -128 * weights, 127 * weights).sum(axis=1)
    high = biases + np.where(weights > 0, 127 * weights, -128 * weights).sum(axis=1)
    return [SumRange(int(a), int(b)) for a, b in zip(low, high, strict=True)]


def fit_int32(ranges: Sequence[SumRange]) -> bool:
    """Whether no sum leaves int32, where the reference's would wrap and its stairs start anew."""
    return all(r.low >= -INT32_MAX and r.high <= INT32_MAX for r in ranges)


def folded_biases(weights: Int64s, biases: Int64s, zero_point: int) -> Int64s:
    """Biases that hold the input's zero point, for sums over stored inputs."""
    folded: Int64s = biases - zero_point * weights.sum(axis=1)
    return folded


def channel_tables(
    stairs: Sequence[Staircase], weights: Int64s, biases: Int64s
) -> ChannelTables | None:
    """The cheapest exact requantisation that all channels can have.

    Args:
        stairs: The reference's requantisation of each channel.
        weights: ``[channels, inputs]``.
        biases: With the input's zero point folded in.

    Returns:
        None if sums may leave int32, or scales are beyond what the fast kernels take.
    """
    ranges = sum_ranges(weights, biases)
    if not fit_int32(ranges):
        return None
    fitted = _fitted(stairs, ranges, biases)
    if fitted is not None:
        return fitted
    double = double_roundings(stairs, ranges, biases)
    return None if double is None else _double(*double)


def shared_tables(stairs: Staircase, weights: Int64s, biases: Int64s) -> ChannelTables | None:
    """As ``channel_tables``, with one multiplier and one extra for all channels."""
    ranges = sum_ranges(weights, biases)
    everything = SumRange(min(r.low for r in ranges), max(r.high for r in ranges))
    if not fit_int32([everything]):
        return None
    for fraction_bits in range(CONV_FRACTION_BITS, -1, -1):
        line = fit(stairs, everything, fraction_bits)
        if line is not None:
            return _of_lines([line], biases, fraction_bits)
    pair = double_rounding(stairs, everything)
    return None if pair is None else _double([pair], biases)


def _fitted(
    stairs: Sequence[Staircase], ranges: Sequence[SumRange], biases: Int64s
) -> ChannelTables | None:
    lines = []
    for staircase, sums in zip(stairs, ranges, strict=True):
        line = fit(staircase, sums, CONV_FRACTION_BITS)
        if line is None:
            return None
        lines.append(line)
    return _of_lines(lines, biases, CONV_FRACTION_BITS)


def _of_lines(lines: Sequence[FittedMultiply], biases: Int64s, fraction_bits: int) -> ChannelTables:
    return ChannelTables(
        "fitted",
        biases + np.array([line.shift for line in lines], np.int64),
        np.array([line.multiplier for line in lines], np.int64),
        np.array([line.addend for line in lines], np.int64),
        fraction_bits,
    )


def _double(pairs: Sequence[tuple[int, int]], biases: Int64s) -> ChannelTables:
    return ChannelTables(
        "two_roundings",
        biases,
        np.array([multiplier for multiplier, _ in pairs], np.int64),
        np.array([-shift - 1 for _, shift in pairs], np.int64),
    )


def double_roundings(
    stairs: Sequence[Staircase], ranges: Sequence[SumRange], biases: Int64s
) -> tuple[list[tuple[int, int]], Int64s] | None:
    """Multiplier and shift of every channel for tck_requantize, and the biases for them.

    A dead channel, whose output is always the same, often has a huge bias at a tiny scale. Where
    its sum is beyond tck_requantize it gets a bias that gives the same output by sums within.

    Args:
        stairs: The reference's requantisation of each channel.
        ranges: The sums of each channel, bias included; within int32.
        biases: Of each channel.

    Returns:
        None if the output of a channel varies, and is beyond tck_requantize. Otherwise all sums
        from the biases that are returned lie between -2^30 and 2^30, both left out, as long as the
        products alone do; where not even they do, the multiplier is 0 and no sum matters.
    """
    pairs, begins = [], biases.copy()
    for channel, (staircase, sums) in enumerate(zip(stairs, ranges, strict=True)):
        pair = _as_it_is(staircase, sums)
        if pair is None:
            constant = _constant_sum(staircase, sums, int(biases[channel]))
            if constant is None:
                return None
            pair, begins[channel] = constant
        pairs.append(pair)
    return pairs, begins


def _constant_sum(
    staircase: Staircase, sums: SumRange, bias: int
) -> tuple[tuple[int, int], int] | None:
    """Multiplier, shift and bias by which all sums still give the one output; None if none do."""
    output = staircase.value(sums.low)
    if not isinstance(staircase, DoubleRounding) or output != staircase.value(sums.high):
        return None
    if output == staircase.zero_point:
        return _ZERO_POINT_ALWAYS, 0
    for shift in reversed(_SHIFTS):
        line = DoubleRounding(1 << 30, shift, staircase.zero_point, staircase.clamp)
        begin = (output - staircase.zero_point) * (2 << -shift)
        low, high = begin + sums.low - bias, begin + sums.high - bias
        within = max(-low, high) < _SUM_LIMIT
        if within and line.value(low) == line.value(high) == output:
            return (1 << 30, shift), begin
    return None


def double_rounding(staircase: Staircase, sums: SumRange) -> tuple[int, int] | None:
    """Multiplier and shift, below 0, of tck_requantize; None if sums or shift are beyond it."""
    pair = _as_it_is(staircase, sums)
    if pair is None and _constant_sum(staircase, sums, 0) == (_ZERO_POINT_ALWAYS, 0):
        return _ZERO_POINT_ALWAYS
    return pair


def _as_it_is(staircase: Staircase, sums: SumRange) -> tuple[int, int] | None:
    """The staircase's own multiplier and shift; None if tck_requantize cannot take them."""
    if not isinstance(staircase, DoubleRounding) or staircase.shift not in _SHIFTS:
        return None
    within = max(-sums.low, sums.high) < _SUM_LIMIT
    return (staircase.multiplier, staircase.shift) if within else None
