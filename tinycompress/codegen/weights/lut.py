"""Weights as indices into a codebook: decode/lut.h has the format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.encoding import Encoded, checked_rows

MOST_BITS = 6
GROUPS = {1: 4, 2: 4, 3: 2, 4: 2, 5: 2, 6: 1}
"""Indices that the decoder looks up at once, by their bits."""
_MOST_PAIR_BITS = 5
"""Of which decode/lut_pairs.h looks up pairs."""
_GATHERED_BITS = (2, 4)
"""Of which cores with MVE look up as many as a vector has lanes, without a table."""
_LANES = 16
_VECTOR_WORDS = 4
_ALONE = 2
"""What an index takes in words that are no whole vector, against a vector's look-up."""


def indices_per_word(bits: int) -> int:
    """As many indices as a word holds, in whole groups."""
    return 32 // (bits * GROUPS[bits]) * GROUPS[bits]


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """By as few bits as the number of values takes."""
    found = encode(rows, max((np.unique(rows).size - 1).bit_length(), 1))
    if found is not None:
        yield found


def encode(rows: npt.NDArray[np.int64], bits: int) -> Encoded | None:
    """Rows as indices.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        bits: Of an index.

    Returns:
        None if there are more values than indices, or these too wide.
    """
    matrix = checked_rows(rows)
    book, indices = np.unique(matrix, return_inverse=True)
    if bits > MOST_BITS or book.size > 1 << bits:
        return None
    group, per_word = GROUPS[bits], indices_per_word(bits)
    words = -(-matrix.shape[1] // per_word)
    filled = np.zeros((len(matrix), words * per_word), np.int64)
    filled[:, : matrix.shape[1]] = indices.reshape(matrix.shape)
    shifts = bits * np.arange(per_word)
    packed = (filled.reshape(len(matrix), words, per_word) << shifts).sum(axis=2)
    table_bytes = max(group << bits * group, 4)
    values = np.zeros(1 << bits, np.int8)
    values[: book.size] = book
    return Encoded(
        "lut",
        f"indices of {bits} bit{'s' if bits > 1 else ''}",
        {"indices": packed.reshape(-1).astype(np.uint32), "book": values},
        {
            "lut.bits": bits,
            "lut.group": group,
            "table_bytes": table_bytes,
            "words": words,
        },
        words * per_word // group * len(matrix),
        1 << bits * group,
        table_bytes + words * per_word + -(words * per_word) % 4,
        pairs_bytes=(4 << 2 * bits) + 2 * words * per_word if bits <= _MOST_PAIR_BITS else 0,
    )


def by_vectors(encoded: Encoded) -> Encoded:
    """Any encoding as cores with MVE decode it: see decode/lut_gather.h."""
    if encoded.encoding != "lut" or encoded.numbers["lut.bits"] not in _GATHERED_BITS:
        return encoded
    words = encoded.numbers["words"]
    per_word = indices_per_word(encoded.numbers["lut.bits"])
    rows = encoded.arrays["indices"].size // words
    vectors, alone = words // _VECTOR_WORDS, words % _VECTOR_WORDS
    of_row = vectors * _VECTOR_WORDS * per_word // _LANES + alone * per_word * _ALONE
    return replace(encoded, symbols=rows * of_row, entries=0)


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    bits = encoded.numbers["lut.bits"]
    per_word = indices_per_word(bits)
    words = encoded.arrays["indices"].astype(np.int64).reshape(shape[0], -1, 1)
    indices = words >> bits * np.arange(per_word) & (1 << bits) - 1
    values: Int64s = encoded.arrays["book"].astype(np.int64)[indices.reshape(shape[0], -1)]
    return values[:, : shape[1]]
