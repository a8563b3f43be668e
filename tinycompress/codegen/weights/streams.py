"""Weights in the order in which the DSP kernels read them, with biases and tables in between."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights.pairs import PAIR_GAIN, PairTables

Words = npt.NDArray[np.uint32]


def quad_count(inputs: int) -> int:
    """Words that ``inputs`` weights of one channel take."""
    return -(-inputs // 4)


def _quads(weights: Int64s) -> Words:
    """Rows of int8 weights as little-endian words, zeros behind the last: ``[channels, quads]``."""
    channels, inputs = weights.shape
    padded = np.zeros((channels, 4 * quad_count(inputs)), np.int8)
    padded[:, :inputs] = weights
    return padded.view("<u4").astype(np.uint32)


def wrapped_words(values: Int64s) -> Words:
    """Integers modulo 2^32."""
    return (values & 0xFFFFFFFF).astype(np.uint32)


def tap_order(filter_height: int, row: int) -> npt.NDArray[np.intp]:
    """The taps of a filter as conv_2d_s8_dsp.h reads them; -1 stands for none.

    Args:
        filter_height: Rows of the filter.
        row: Taps in a row, all input channels.

    Returns:
        Whole quads of every row, then what rows have beyond them, all rows' together.
    """
    taps = np.arange(filter_height * row).reshape(filter_height, row)
    whole = row // 4 * 4
    order = np.concatenate([taps[:, :whole].reshape(-1), taps[:, whole:].reshape(-1)])
    return np.pad(order, (0, -order.size % 4), constant_values=-1)


def in_order(weights: Int64s, order: npt.NDArray[np.intp]) -> Int64s:
    """Columns of weights in an order, zeros where it says -1."""
    return np.where(order < 0, 0, weights[:, order])


def weight_bytes(weights: Int64s) -> Words:
    """``[groups, channels, inputs]`` as words that have the bytes input by input."""
    groups, channels, inputs = weights.shape
    ordered = weights.transpose(0, 2, 1).astype(np.int8).reshape(groups, channels * inputs)
    words: Words = ordered.view("<u4").astype(np.uint32)
    return words


def four_words(inputs: int) -> int:
    """Words of a four stream for four channels."""
    return 4 + inputs + 6


def four_stream(weights: Int64s, tables: ChannelTables, begin: int = 0) -> Words:
    """The stream of pixels_s8_mla.h: ``[fours * four_words]``.

    Args:
        weights: ``[channels, inputs]``, four channels or more; where they are no whole fours the
            last four has some that come before.
        tables: Of the channels.
        begin: The first channel that the stream has.
    """
    channels = len(weights)
    firsts = [min(c, channels - 4) for c in range(begin, channels, 4)]
    order = np.array([range(c, c + 4) for c in firsts], np.intp).reshape(-1, 4)
    return np.concatenate(
        [
            wrapped_words(tables.biases[order]),
            weight_bytes(weights[order]),
            four_tables(tables, order),
        ],
        axis=1,
    ).reshape(-1)


def four_tables(tables: ChannelTables, fours: npt.NDArray[np.intp]) -> Words:
    """Multipliers and extras of fours of channels: ``[fours, 6]``."""
    extras = tables.extras[fours] & 0xFFFF
    packed = [
        wrapped_words(tables.multipliers[fours]),
        wrapped_words(extras[:, 0::2] | extras[:, 1::2] << 16),
    ]
    return np.concatenate(packed, axis=1)


def thumb1_words(inputs: int) -> int:
    """Words of a stream of pixels_s8_thumb1.h for eight channels."""
    return 8 + 2 * inputs + 12


def thumb1_stream(weights: Int64s, tables: ChannelTables, begin: int = 0) -> Words:
    """The stream of pixels_s8_thumb1.h: eight channels at a time, then as ``four_stream``.

    Args:
        weights: ``[channels, inputs]``, four channels or more.
        tables: Of the channels.
        begin: The first channel that the stream has, a multiple of eight.
    """
    whole = len(weights) // 8 * 8
    eights = np.arange(begin, whole).reshape(-1, 8)
    both = four_tables(tables, eights.reshape(-1, 4)).reshape(len(eights), 12)
    head = [wrapped_words(tables.biases[eights]), weight_bytes(weights[eights]), both]
    return np.concatenate(
        [np.concatenate(head, axis=1).reshape(-1), four_stream(weights, tables, whole)]
    )


def eight_stream(weights: Int64s) -> Words:
    """The stream of fully_connected_s8_mla.h: eight outputs at a time, then one at a time."""
    eights = len(weights) // 8 * 8
    head = weight_bytes(weights[:eights].reshape(eights // 8, 8, weights.shape[1]))
    return np.concatenate([head.reshape(-1), _quads(weights[eights:]).reshape(-1)])


def _packed(first: Int64s, second: Int64s) -> Words:
    """Weights of two channels as int16s, for four inputs two words: ``[..., quads, 2]``.

    The words hold inputs (k0, k2) and (k1, k3), as SXTB16 splits quads.
    """
    inputs = first.shape[-1]
    lead = first.shape[:-1]
    both = np.zeros((*lead, 4 * quad_count(inputs)), np.int64)
    both[..., :inputs] = PAIR_GAIN * second + first
    halves = both.reshape(*lead, quad_count(inputs), 4) & 0xFFFF
    return wrapped_words(halves[..., :2] | halves[..., 2:] << 16)


def pair_words(inputs: int) -> int:
    """Words of a pair stream for two channels."""
    return 2 + 2 * quad_count(inputs) + 3


def pair_stream(weights: Int64s, tables: PairTables) -> Words:
    """The stream of pixels_s8_dsp.h: ``[pairs * pair_words]``.

    Args:
        weights: ``[channels, inputs]``.
        tables: Of the channels.
    """
    pairs = weights[tables.channels]
    packed = _packed(pairs[:, 0], pairs[:, 1] * tables.varying[:, None]).reshape(len(pairs), -1)
    first, second = wrapped_words(tables.first[:, None]), wrapped_words(tables.second[:, None])
    multipliers = wrapped_words(tables.multipliers)
    if tables.rounding == "fitted":
        parts = [first, second, packed, wrapped_words(tables.extras[:, :1]), multipliers]
    else:
        extras = tables.extras & 0xFFFF
        shifts = wrapped_words(extras[:, :1] | extras[:, 1:] << 16)
        parts = [first, packed, second, multipliers, shifts]
    return np.concatenate(parts, axis=1).reshape(-1)


def quad_stream(weights: Int64s) -> Words:
    """The stream of fully_connected_s8_dsp.h: four outputs at a time, then one at a time.

    Args:
        weights: ``[outputs, inputs]``; those of neighbours in a four are an int16.
    """
    fours = len(weights) // 4 * 4
    grouped = weights[:fours].reshape(fours // 4, 2, 2, weights.shape[1])
    head = _packed(grouped[:, :, 0], grouped[:, :, 1]).transpose(0, 2, 3, 1)
    return np.concatenate([head.reshape(-1), _quads(weights[fours:]).reshape(-1)])
