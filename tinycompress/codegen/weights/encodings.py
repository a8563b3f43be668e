"""The encodings that there are: a new one is a module of this room and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights import gap_tokens, huffman, lut, patterns, word_tokens
from tinycompress.codegen.weights.encoding import Encoded, EncodingName, frontier

Encodings = Callable[[Int64s], Iterable[Encoded]]
"""What an encoding's module calls ``encodings``: the ways to encode rows that may be the best."""

_ANYWHERE: tuple[Encodings, ...] = (gap_tokens.encodings, lut.encodings, huffman.encodings)

TILED: tuple[Encodings, ...] = (*_ANYWHERE, patterns.encodings_of_tiles)
"""Of those whose decoder writes tiles of rows for convolutions (``decode/tiles.h``)."""

ENCODINGS: tuple[Encodings, ...] = (word_tokens.encodings, *_ANYWHERE, patterns.encodings)
"""Of those whose kernel multiplies rows."""

_REMEMBERED = 256
"""Rows whose encodings are kept: patches have the same ones several times."""


def smaller_encodings(rows: Int64s, encodings: tuple[Encodings, ...]) -> tuple[Encoded, ...]:
    """Of every encoding the ways that are smaller than int8, but for those that gain nothing.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        encodings: Which are tried.
    """
    return _smaller(rows.astype(np.int8).tobytes(), (rows.shape[0], rows.shape[1]), encodings)


@lru_cache(maxsize=_REMEMBERED)
def _smaller(
    weights: bytes, shape: tuple[int, int], encodings: tuple[Encodings, ...]
) -> tuple[Encoded, ...]:
    """The same, remembered: every choice of kernels for a layer asks again."""
    rows = np.frombuffer(weights, np.int8).reshape(shape).astype(np.int64)
    found: dict[EncodingName, list[Encoded]] = {}
    for ways in encodings:
        for encoded in ways(rows):
            if encoded.size_bytes < rows.size:
                found.setdefault(encoded.encoding, []).append(encoded)
    return tuple(each for of_one in found.values() for each in frontier(of_one))
