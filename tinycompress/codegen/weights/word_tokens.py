"""Sparse weights as tokens of equal width, some in a word: decode/word_tokens.h has the format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.encoding import (
    Arrays,
    Encoded,
    EncodingName,
    checked_rows,
    is_sparse,
)


@dataclass(frozen=True)
class Layout:
    """How tokens lie in a word.

    Args:
        per_word: Tokens in a word.
        width: Bits of a token.
        value_bits: How many of them may say which value; none where tokens have the value itself.
    """

    per_word: int
    width: int
    value_bits: tuple[int, ...]


LAYOUTS: Mapping[EncodingName, Layout] = {
    "byte_tokens": Layout(4, 8, (2, 3, 4)),
    "triple_tokens": Layout(3, 10, (3, 4, 5, 6)),
    "pair_tokens": Layout(2, 16, ()),
}
_PAIR_GAP_BITS = 8
_MOST_WORDS = 255


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """By every layout; none of weights that are not sparse."""
    if not is_sparse(rows):
        return
    for name, layout in LAYOUTS.items():
        for value_bits in layout.value_bits or (None,):
            found = encode(rows, name, value_bits)
            if found is not None:
                yield found


def encode(
    rows: npt.NDArray[np.int64], name: EncodingName, value_bits: int | None
) -> Encoded | None:
    """Rows as tokens.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        name: Of the layout.
        value_bits: Bits of a token that say which value; None for pairs, which have it themselves.

    Returns:
        None if there are too many values, or a row has too many words.
    """
    matrix, layout = checked_rows(rows), LAYOUTS[name]
    book = _book(matrix)
    if value_bits is None:
        gap_bits, symbols = _PAIR_GAP_BITS, np.arange(256) << _PAIR_GAP_BITS
    elif book.size > 1 << value_bits:
        return None
    else:
        gap_bits, symbols = layout.width - value_bits, np.zeros(256, np.int64)
        symbols[book & 0xFF] = np.arange(book.size)
    tokens = []
    for row in matrix:
        gaps, values = _tokens(row, (1 << gap_bits) - 1)
        tokens.append((gaps << (value_bits or 0)) | symbols[values & 0xFF])
    words = np.array([-(-row.size // layout.per_word) for row in tokens])
    if words.max() > _MOST_WORDS:
        return None
    arrays: Arrays = {"tokens": _packed(tokens, layout), "words": words.astype(np.uint8)}
    detail, count = f"tokens of {gap_bits} + ", int(words.sum()) * layout.per_word
    if value_bits is None:
        return Encoded(name, f"{detail}8 bits", arrays, symbols=count)
    filled = np.zeros(1 << value_bits, np.int8)
    filled[: book.size] = book
    arrays = {**arrays, "book": filled}
    return Encoded(
        name,
        f"{detail}{value_bits} bits",
        arrays,
        {"value_bits": value_bits},
        count,
        struct="book_tokens",
    )


def _packed(tokens: Sequence[Int64s], layout: Layout) -> npt.NDArray[np.uint32]:
    """Words of rows of tokens, tokens of 0 behind the last of a row; one word at least, as C has no
    arrays without elements."""
    filled = [np.pad(row, (0, -row.size % layout.per_word)) for row in tokens]
    rows = np.concatenate(filled).reshape(-1, layout.per_word)
    words = (rows << layout.width * np.arange(layout.per_word)).sum(axis=1).astype(np.uint32)
    return words if words.size else np.zeros(1, np.uint32)


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    layout, found = LAYOUTS[encoded.encoding], np.zeros(shape, np.int64)
    words = iter(encoded.arrays["tokens"].tolist())
    for row, count in zip(found, encoded.arrays["words"].tolist(), strict=True):
        position = 0
        for _ in range(count):
            word = next(words)
            for number in range(layout.per_word):
                gap, value = _split(encoded, word >> number * layout.width, layout)
                position += gap
                if value:
                    row[position] = value
    return found


def _split(encoded: Encoded, word: int, layout: Layout) -> tuple[int, int]:
    """Gap and value of the token in the lowest bits."""
    token = word & (1 << layout.width) - 1
    if not layout.value_bits:
        return token & 0xFF, (token >> 8 ^ 128) - 128
    bits = encoded.numbers["value_bits"]
    return token >> bits, int(encoded.arrays["book"][token & (1 << bits) - 1])


def _book(matrix: Int64s) -> Int64s:
    """The values; 0 is the first, and always there, for tokens that fill up gaps and words."""
    values = np.unique(matrix)
    return np.concatenate([[0], values[values != 0]])


def _tokens(row: Int64s, most_gap: int) -> tuple[Int64s, Int64s]:
    """Gaps and values of a row, with a token of value 0 wherever a gap is too large for one."""
    places = np.flatnonzero(row)
    gaps = np.diff(places, prepend=0)
    fillers = np.maximum(gaps - 1, 0) // most_gap
    total = int(fillers.sum()) + places.size
    all_gaps, values = np.full(total, most_gap, np.int64), np.zeros(total, np.int64)
    ends = np.cumsum(fillers + 1) - 1
    all_gaps[ends], values[ends] = gaps - fillers * most_gap, row[places]
    return all_gaps, values
