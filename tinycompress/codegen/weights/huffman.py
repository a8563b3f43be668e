"""Weights by a canonical Huffman code: decode/huffman.h has the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.bits import BitReader, CanonicalCode, canonical_code, pack_bits
from tinycompress.codegen.weights.encoding import Encoded, checked_rows

LONGEST = (8, 10)
"""Bits of codes that are tried: a table in RAM has a word for each of their numbers."""
PER_LOOK_UP = 3
"""Weights that an entry of the table has, at most."""
BEHIND = 3
"""Bytes behind a row that the decoder may write."""


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """One for each size of the decoder's table."""
    yield from (each for each in (encode(rows, bits) for bits in LONGEST) if each is not None)


def encode(rows: npt.NDArray[np.int64], longest: int) -> Encoded | None:
    """Rows as codes.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        longest: Bits of a code.

    Returns:
        None if there are more values than codes.
    """
    matrix = checked_rows(rows)
    flat = matrix.reshape(-1) & 0xFF
    code = canonical_code(Counter(flat.tolist()), longest)
    if code is None:
        return None
    of_value = np.zeros((256, 2), np.int64)
    for symbol, pair in code.codes.items():
        of_value[symbol] = pair
    return Encoded(
        "huffman",
        f"codes up to {longest} bits",
        {"codes": code.description, "code": pack_bits(*of_value[flat].T)},
        {"longest": longest},
        look_ups(of_value[flat, 1].tolist(), longest),
        1 << longest,
        (4 << longest) + matrix.shape[1] + BEHIND,
    )


def look_ups(lengths: Sequence[int], longest: int) -> int:
    """How often the decoder looks something up: an entry has the weights that fit its bits.

    Args:
        lengths: Bits of the code of each weight.
        longest: Bits of a code.
    """
    count = at = 0
    while at < len(lengths):
        bits = lengths[at]
        end = at + 1
        while end < min(at + PER_LOOK_UP, len(lengths)) and bits + lengths[end] <= longest:
            bits += lengths[end]
            end += 1
        at, count = end, count + 1
    return count


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    code = CanonicalCode.described(
        encoded.arrays["codes"].astype(np.uint16), encoded.numbers["longest"]
    )
    reader = BitReader(encoded.arrays["code"].astype(np.uint16))
    flat = np.array([code.read(reader) for _ in range(shape[0] * shape[1])], np.int64)
    found: Int64s = ((flat ^ 128) - 128).reshape(shape)
    return found
