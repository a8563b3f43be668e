"""Sparse weights as tokens of one byte, or of two: decode/byte_tokens.h has the format."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.encoding import Encoded, checked_rows, is_sparse

VALUE_BITS = (2, 3, 4, 5)
"""Of a token of one byte."""
_MOST_PAIRS = 2**15 - 1
_PAIR_GAP = 255


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """By tokens of one byte, and by tokens of two; none of weights that are not sparse."""
    if not is_sparse(rows):
        return
    found = [encode(rows, bits) for bits in VALUE_BITS]
    yield from (each for each in (*found, encode(rows, None)) if each is not None)


def encode(rows: npt.NDArray[np.int64], value_bits: int | None) -> Encoded | None:
    """Rows as tokens.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        value_bits: Bits of a token of one byte that say which value; None for tokens of two bytes.

    Returns:
        None if there are too many values, or a row has too many tokens.
    """
    matrix = checked_rows(rows)
    most_gap = _PAIR_GAP if value_bits is None else (1 << 8 - value_bits) - 1
    tokens = [_tokens(row, most_gap) for row in matrix]
    pairs = [-(-len(gaps) // 2) for gaps, _ in tokens]
    if max(pairs) > _MOST_PAIRS:
        return None
    symbols = 2 * sum(pairs)
    if value_bits is None:
        stream = [
            _row(count, gaps | (values & 0xFF) << 8, "<u2")
            for count, (gaps, values) in zip(pairs, tokens, strict=True)
        ]
        return Encoded(
            "pair_tokens", "tokens of 8 + 8 bits", {"tokens": np.concatenate(stream)},
            symbols=symbols,
        )  # fmt: skip
    # Value 0 is always there, for gaps that are too large for one token, and pairs.
    book = np.union1d(matrix, [0])
    if book.size > 1 << value_bits:
        return None
    book = np.concatenate([[0], book[book != 0]])
    index = {int(value): number for number, value in enumerate(book)}
    stream = [
        _row(count, gaps << value_bits | np.array([index[int(v)] for v in values], np.int64), "u1")
        for count, (gaps, values) in zip(pairs, tokens, strict=True)
    ]
    filled = np.zeros(1 << value_bits, np.int8)
    filled[: book.size] = book
    return Encoded(
        "byte_tokens",
        f"tokens of {8 - value_bits} + {value_bits} bits",
        {"tokens": np.concatenate(stream), "book": filled},
        {"value_bits": value_bits},
        symbols,
    )


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    stream, found = encoded.arrays["tokens"].tolist(), np.zeros(shape, np.int64)
    at = 0
    for row in found:
        pairs, at = stream[at], at + 1
        if pairs >= 128:
            pairs, at = (pairs & 127) << 8 | stream[at], at + 1
        position = 0
        for _ in range(2 * pairs):
            gap, value, at = _read(encoded, stream, at)
            position += gap
            if value:
                row[position] = value
    return found


def _read(encoded: Encoded, stream: list[int], at: int) -> tuple[int, int, int]:
    """Gap and value of the token at a place, and where the next one is."""
    if encoded.encoding == "pair_tokens":
        return stream[at], (stream[at + 1] ^ 128) - 128, at + 2
    bits = encoded.numbers["value_bits"]
    return stream[at] >> bits, int(encoded.arrays["book"][stream[at] & (1 << bits) - 1]), at + 1


def _tokens(row: Int64s, most_gap: int) -> tuple[Int64s, Int64s]:
    """Gaps and values of a row, with a token of value 0 wherever a gap is too large for one."""
    places = np.flatnonzero(row)
    gaps = np.diff(places, prepend=0)
    fillers = np.maximum(gaps - 1, 0) // most_gap
    fillers[gaps <= most_gap] = 0
    total = int(fillers.sum()) + places.size
    all_gaps, values = np.full(total, most_gap, np.int64), np.zeros(total, np.int64)
    ends = np.cumsum(fillers + 1) - 1
    all_gaps[ends], values[ends] = gaps - fillers * most_gap, row[places]
    return all_gaps, values


def _row(pairs: int, tokens: Int64s, dtype: str) -> npt.NDArray[np.uint8]:
    """A row of the stream; tokens of 0 fill up its last pair."""
    head = [pairs] if pairs < 128 else [128 | pairs >> 8, pairs & 0xFF]
    filled = np.zeros(2 * pairs, dtype)
    filled[: tokens.size] = tokens
    return np.concatenate([np.array(head, np.uint8), filled.view(np.uint8)])
