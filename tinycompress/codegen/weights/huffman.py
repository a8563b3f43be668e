"""Weights by a canonical Huffman code: decode/huffman.h has the format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

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
_BYTE = 255
"""Codes of a length that a description can tell of: 256 of them would gain nothing."""


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """One for each size of the decoder's table."""
    yield from (each for each in (encode(rows, bits) for bits in LONGEST) if each is not None)


def encode(rows: npt.NDArray[np.int64], longest: int) -> Encoded | None:
    """Rows as codes.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        longest: Bits of a code.

    Returns:
        None if there are more values than codes, or more codes of a length than a byte can tell.
    """
    matrix = checked_rows(rows)
    flat = matrix.reshape(-1) & 0xFF
    code = canonical_code(Counter(flat.tolist()), longest)
    if code is None or code.counts.max() > _BYTE:
        return None
    of_value = np.zeros((256, 2), np.int64)
    for symbol, pair in code.codes.items():
        of_value[symbol] = pair
    codes, lengths = of_value[flat].T
    return Encoded(
        "huffman",
        f"codes up to {longest} bits",
        {"codes": _description(code), "code": pack_bits(codes, lengths)},
        {"longest": longest},
        _look_ups(lengths, longest),
        _table_steps(code.counts, longest),
        (4 << longest) + matrix.shape[1] + BEHIND,
    )


def _description(code: CanonicalCode) -> npt.NDArray[np.uint8]:
    return np.concatenate([code.counts, np.array(code.symbols)]).astype(np.uint8)


def _look_ups(lengths: Int64s, longest: int) -> int:
    """Each yields up to three weights, as many as have so many bits together."""
    behind = np.concatenate([lengths, np.full(2, longest)])
    two = behind[:-2] + behind[1:-1]
    steps = (1 + (two <= longest) + (two + behind[2:] <= longest)).tolist()
    found, at = 0, 0
    while at < len(steps):
        at += steps[at]
        found += 1
    return found


def _table_steps(counts: Int64s, longest: int) -> int:
    """Runs of equal entries in the table, and their eights.

    Args:
        counts: Codes of each length, from 1 bit to the longest.
        longest: Bits of a code.
    """
    counts = np.pad(counts, (1, 0))
    upto = np.cumsum(counts)
    bits = range(longest + 1)
    runs = int(upto[-1])
    for first in bits:
        left = longest - first
        runs += int(counts[first] * upto[left])
        thirds = sum(counts[second] * upto[left - second] for second in bits[: left + 1])
        runs += int(counts[first] * thirds)
    return runs + (1 << longest) // 8


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    longest, codes = encoded.numbers["longest"], encoded.arrays["codes"].tolist()
    code = CanonicalCode.of_counts(codes[:longest], codes[longest:])
    reader = BitReader(encoded.arrays["code"].astype(np.uint32))
    flat = np.array([code.read(reader) for _ in range(shape[0] * shape[1])], np.int64)
    found: Int64s = ((flat ^ 128) - 128).reshape(shape)
    return found
