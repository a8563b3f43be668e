"""The stream of words_s8_thumb1.h: weights of eight channels, in blocks whose sums can be split."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights.streams import Words, four_tables, weight_bytes, wrapped_words

CHANNELS = 8
"""Channels that the kernel takes at once."""

_STEP = 2
"""Inputs that its loop takes at once."""
_REACH = 255
"""Magnitudes of a block's weights together: times an int8 they give sums within int16."""
_MOST_WORDS = 255
"""Words of lengths, whose number is a byte."""
_HALF = 0x8000
"""What the kernel adds to each word that it splits, to round."""
_WORTH = 7
"""Inputs per block from which on the kernel takes fewer instructions than that of single bytes.

A block takes 58 beyond its inputs; one input takes 17.5 instead of 25.75."""
_FLASH_SHARE = 50
"""Blocks may take one byte for so many weights."""


def block_lengths(weights: Int64s) -> list[int] | None:
    """How many steps of inputs each block takes, as many as it can.

    Args:
        weights: Of eight channels, ``[8, inputs]``, an even number of inputs.

    Returns:
        None if one step is too much.
    """
    channels, inputs = weights.shape
    steps = np.abs(weights).reshape(channels, inputs // _STEP, _STEP).sum(axis=2).T
    if int(steps.max()) > _REACH:
        return None
    lengths = [0]
    total = np.zeros(channels, np.int64)
    for step in steps:
        total = total + step
        if int(total.max()) > _REACH or lengths[-1] == 255:
            lengths.append(0)
            total = step
        lengths[-1] += 1
    return lengths


def worthwhile_blocks(weights: Int64s) -> list[list[int]] | None:
    """``block_lengths`` of all whole eights of channels, if that is worth it in time and flash.

    Args:
        weights: ``[channels, inputs]``, an even number of inputs.
    """
    channels, inputs = weights.shape
    eights = channels // CHANNELS
    found = [block_lengths(weights[CHANNELS * i : CHANNELS * (i + 1)]) for i in range(eights)]
    blocks = [lengths for lengths in found if lengths is not None]
    if not blocks or len(blocks) < len(found):
        return None
    words = [_word_count(lengths) for lengths in blocks]
    taken = sum(words) * 4
    if max(words) > _MOST_WORDS or taken * _FLASH_SHARE > eights * CHANNELS * inputs:
        return None
    return blocks if sum(map(len, blocks)) * _WORTH <= eights * inputs else None


def words_stream(weights: Int64s, tables: ChannelTables, blocks: Sequence[Sequence[int]]) -> Words:
    """The stream of all whole eights of channels.

    Args:
        weights: ``[channels, inputs]``, 128 higher, as int8 with the same bits.
        tables: Of the channels, for sums over int8 inputs.
        blocks: ``worthwhile_blocks`` of the weights as they are.
    """
    parts = []
    for number, lengths in enumerate(blocks):
        eight = np.arange(CHANNELS * number, CHANNELS * (number + 1))
        parts += [
            _accumulators(tables.biases[eight], len(lengths)),
            _length_words(lengths),
            weight_bytes(weights[None, eight]).reshape(-1),
            four_tables(tables, eight.reshape(2, 4)).reshape(-1),
        ]
    return np.concatenate(parts)


def _accumulators(biases: Int64s, blocks: int) -> Words:
    """What makes the sums of eight channels begin with their biases."""
    fours = biases.reshape(2, 4)
    both = fours[:, :2] + (fours[:, 2:] << 16) - _HALF * blocks
    return wrapped_words(np.concatenate([both, fours[:, 2:]], axis=1)).reshape(-1)


def _word_count(lengths: Sequence[int]) -> int:
    """Words that lengths take, with the byte that has their number."""
    return (1 + len(lengths) + 3) // 4


def _length_words(lengths: Sequence[int]) -> Words:
    words = _word_count(lengths)
    padding = [0] * (4 * words - 1 - len(lengths))
    found: Words = np.array([words, *lengths, *padding], np.uint8).view("<u4").astype(np.uint32)
    return found
