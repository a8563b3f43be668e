"""Streams of kernels whose weights are encoded: decode/tiles.h has the format.

A stream has groups of channels. What lies before and behind the weights of each stays as it is, its
tables; the weights are rows of int8 in the order of the stream, which any encoding takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import KernelFamily, Rounding
from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights import huffman, lut, patterns
from tinycompress.codegen.weights.encoding import Encoded
from tinycompress.codegen.weights.streams import Words

_SIGN = 0x80


@dataclass(frozen=True)
class GroupWords:
    """The words of each group of channels in a stream.

    Args:
        channels: Of a group.
        head: Words before the weights.
        weights: Words of weights.
        tail: Words behind them.
    """

    channels: int
    head: int
    weights: int
    tail: int

    @property
    def all(self) -> int:
        """Words of a group."""
        return self.head + self.weights + self.tail

    @classmethod
    def of(cls, family: KernelFamily, rounding: Rounding, group_words: int) -> GroupWords:
        """What the kernels of a family read for a group of so many words."""
        if family == "dsp":
            channels, head, tail = 2, *((2, 3) if rounding == "fitted" else (1, 4))
        elif family == "thumb1":
            channels, head, tail = 8, 8, 12
        else:
            channels, head, tail = 4, 4, 6
        return cls(channels, head, group_words - head - tail, tail)


def tables_of(stream: Words, words: GroupWords) -> Words:
    """All words of a stream that are no weights."""
    groups = stream.reshape(-1, words.all)
    parts = [groups[:, : words.head], groups[:, words.head + words.weights :]]
    return np.concatenate(parts, axis=1).reshape(-1)


def rows_of(stream: Words, words: GroupWords, family: KernelFamily) -> Int64s:
    """The weights of a stream as int8, ``[groups, weights]``, before the decoder packs them."""
    groups = stream.reshape(-1, words.all)[:, words.head : words.head + words.weights]
    packed = np.ascontiguousarray(groups.astype("<u4"))
    if family == "dsp":
        # 256 * b + a becomes the bytes a and b.
        halves = (packed.view("<u2").astype(np.int64) + _SIGN) & 0xFFFF ^ _SIGN
        packed = halves.astype("<u2")
    stored = packed.view(np.uint8)
    if family == "thumb1":
        stored = stored ^ np.uint8(_SIGN)
    return stored.view(np.int8).astype(np.int64)


@dataclass(frozen=True, eq=False)
class TileParams:
    """An encoding as decode/tiles.h takes it.

    Args:
        arrays: ``stream`` and ``description``.
        numbers: Fields of tck_encoded_weights.
        table_bytes: Of the decoder's table in RAM, and what lies behind it.
        over_bytes: What a row's decoder writes behind the row, at most.
    """

    arrays: Mapping[str, npt.NDArray[Any]]
    numbers: Mapping[str, int]
    table_bytes: int
    over_bytes: int


def tile_params(encoded: Encoded, row_bytes: int) -> TileParams:
    """An encoding of rows of so many bytes."""
    arrays, numbers = encoded.arrays, encoded.numbers
    if encoded.encoding == "lut":
        bits = numbers["lut.bits"]
        return TileParams(
            {"stream": arrays["indices"], "description": arrays["book"]},
            {
                "index_words": numbers["words"],
                "index_bits": bits,
                "index_group": numbers["lut.group"],
            },
            numbers["table_bytes"],
            numbers["words"] * lut.indices_per_word(bits) - row_bytes,
        )
    longest = numbers["longest"]
    if encoded.encoding == "patterns":
        return TileParams(
            {
                "stream": np.concatenate([arrays["patterns"], arrays["code"]]),
                "description": arrays["codes"],
            },
            {
                "longest": longest,
                "index_bits": numbers["pattern_bits"],
                "index_words": arrays["patterns"].size,
                "index_group": numbers.get("stride", 1),
            },
            (4 << longest) + patterns.values_bytes(encoded, row_bytes) + huffman.BEHIND,
            0,
        )
    if encoded.encoding == "huffman":
        stream, own = arrays["code"], {}
    else:
        stream, own = arrays["tokens"], {"gap_bits": numbers["gap_bits"]}
    return TileParams(
        {"stream": stream, "description": arrays["codes"]},
        {"longest": longest, **own},
        4 << longest,
        huffman.BEHIND,
    )
