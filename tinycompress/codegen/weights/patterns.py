"""Weights of which one or two in every four are there (N:M): decode/patterns.h has the format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights import huffman
from tinycompress.codegen.weights.encoding import Encoded, checked_rows, is_sparse

FOUR = 4
BITS = {1: 2, 2: 3}
"""Bits of a pattern, by how many weights of a four are there."""
STRIDES = (1, 2, 4, 8)
"""How many channels' weights are in turns in the tiles of some family of kernels."""
_PAIRS = tuple(combinations(range(FOUR), 2))
_WORD = 32
_MOST_WORDS = 0xFFFF


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """Of rows whose fours are side by side, one for each size of the decoder's table."""
    yield from _of_stride(rows, 1)


def encodings_of_tiles(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """The same of tiles, by every stride: which is right depends on the family of kernels."""
    for stride in STRIDES:
        yield from _of_stride(rows, stride)


def _of_stride(rows: npt.NDArray[np.int64], stride: int) -> Iterator[Encoded]:
    if not is_sparse(rows):
        return
    for longest in huffman.LONGEST:
        found = encode(rows, stride, longest)
        if found is not None:
            yield found


def encode(rows: npt.NDArray[np.int64], stride: int, longest: int) -> Encoded | None:
    """Rows as patterns, and what is there by a Huffman code.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        stride: How far the weights of a four lie from each other.
        longest: Bits of a code.

    Returns:
        None if rows are no whole blocks of ``stride`` fours, a four has more than two weights,
        or there are more values than codes.
    """
    matrix = checked_rows(rows)
    if matrix.shape[1] % (FOUR * stride):
        return None
    fours = _fours(matrix, stride)
    there = fours != 0
    kept = max(int(there.sum(axis=2).max()), 1)
    if kept not in BITS:
        return None
    # Where fewer are there, zeros are taken as weights: which ones does not matter.
    places = np.sort(np.argsort(~there, axis=2, kind="stable")[..., :kept], axis=2)
    values = np.take_along_axis(fours, places, axis=2).reshape(len(matrix), -1)
    coded = huffman.encode(values, longest)
    patterns = _packed(_indices(places), BITS[kept])
    if coded is None or patterns.size > _MOST_WORDS:
        return None
    return replace(
        coded,
        encoding="patterns",
        detail=f"{kept} of {FOUR}, {coded.detail}",
        arrays={**coded.arrays, "patterns": patterns},
        numbers={
            **coded.numbers,
            "pattern_bits": BITS[kept],
            **({"stride": stride} if stride > 1 else {}),
        },
        symbols=coded.symbols + values.size,
    )


def values_bytes(encoded: Encoded, row_bytes: int) -> int:
    """Of the weights of a row of so many bytes that are there."""
    kept = {bits: count for count, bits in BITS.items()}[encoded.numbers["pattern_bits"]]
    return row_bytes // FOUR * kept


def _fours(matrix: Int64s, stride: int) -> Int64s:
    """``[rows, fours, 4]``."""
    blocks = matrix.reshape(len(matrix), -1, FOUR, stride).swapaxes(2, 3)
    fours: Int64s = blocks.reshape(len(matrix), -1, FOUR)
    return fours


def _indices(places: npt.NDArray[np.intp]) -> Int64s:
    """Patterns, ``[rows, fours]``."""
    if places.shape[2] == 1:
        return places[..., 0].astype(np.int64)
    of_pair = np.zeros((FOUR, FOUR), np.int64)
    for index, pair in enumerate(_PAIRS):
        of_pair[pair] = index
    found: Int64s = of_pair[places[..., 0], places[..., 1]]
    return found


def _packed(indices: Int64s, bits: int) -> npt.NDArray[np.uint32]:
    """As many as fit in a word, over the ends of rows."""
    per_word = _WORD // bits
    filled = np.pad(indices.reshape(-1), (0, -indices.size % per_word))
    shifted = filled.reshape(-1, per_word) << bits * np.arange(per_word)
    words: npt.NDArray[np.uint32] = shifted.sum(axis=1).astype(np.uint32)
    return words


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    numbers, (rows, inputs) = encoded.numbers, shape
    bits, stride = numbers["pattern_bits"], numbers.get("stride", 1)
    values = huffman.decode(encoded, (rows, values_bytes(encoded, inputs)))
    words = encoded.arrays["patterns"].astype(np.int64)[:, None]
    indices = words >> bits * np.arange(_WORD // bits) & (1 << bits) - 1
    patterns = indices.reshape(-1)[: rows * (inputs // FOUR)].reshape(rows, -1)
    places = np.array(_PAIRS)[patterns] if bits == BITS[2] else patterns[..., None]
    fours = np.zeros((rows, inputs // FOUR, FOUR), np.int64)
    np.put_along_axis(fours, places, values.reshape(places.shape), axis=2)
    blocks = fours.reshape(rows, -1, stride, FOUR).swapaxes(2, 3)
    found: Int64s = blocks.reshape(shape)
    return found
