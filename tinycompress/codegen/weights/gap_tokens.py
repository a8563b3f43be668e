"""Sparse weights as tokens of a gap and a value: decode/gap_tokens.h has the format.

Some low bits of gaps are stored as they are, as they have next to no order; the high part has one
code together with the value, so that frequent pairs of both take few bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.bits import BitReader, CanonicalCode, canonical_code, pack_bits
from tinycompress.codegen.weights.encoding import Encoded, checked_rows, is_sparse

GAP_BITS = range(1, 7)
LONGEST = (8, 10)
"""Bits of codes that are tried: a table in RAM has a word for each of their numbers."""
HIGHEST = (0, 1, 3, 7)
"""Greatest high parts of a gap that are tried."""


def encodings(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """The smallest for each size of the decoder's table; none of weights that are not sparse."""
    if not is_sparse(rows):
        return
    places, values = _nonzero(checked_rows(rows))
    ranked = sorted(
        ((bits, highest) for bits in GAP_BITS for highest in HIGHEST),
        key=lambda each: _estimate(*_tokens(places, values, rows.size, *each), each[0]),
    )
    for longest in LONGEST:
        found = [encode(rows, bits, highest, longest) for bits, highest in ranked[:2]]
        known = [each for each in found if each is not None]
        if known:
            yield min(known, key=lambda each: each.size_bytes)


def encode(
    rows: npt.NDArray[np.int64], gap_bits: int, highest: int, longest: int
) -> Encoded | None:
    """Rows as tokens.

    Args:
        rows: int8 values, ``[rows, inputs]``.
        gap_bits: Low bits of gaps that are stored as they are.
        highest: Greatest high part of a gap; what is beyond takes tokens of value 0.
        longest: Bits of a code.

    Returns:
        None if there are more pairs of high parts and values than codes.
    """
    matrix = checked_rows(rows)
    low, symbols = _tokens(*_nonzero(matrix), matrix.size, gap_bits, highest)
    code = canonical_code(Counter(symbols.tolist()), longest)
    if code is None:
        return None
    known = code.codes
    pairs = np.array([known[symbol] for symbol in symbols.tolist()], np.int64)
    stream = pack_bits(low << pairs[:, 1] | pairs[:, 0], pairs[:, 1] + gap_bits)
    return Encoded(
        "gap_tokens",
        f"tokens of {gap_bits} bits and codes up to {longest}",
        {"codes": _description(code), "tokens": stream},
        {"gap_bits": gap_bits, "longest": longest},
        symbols.size,
        1 << longest,
        4 << longest,
    )


def decode(encoded: Encoded, shape: tuple[int, int]) -> Int64s:
    """The rows again, ``[rows, inputs]``."""
    gap_bits, longest = encoded.numbers["gap_bits"], encoded.numbers["longest"]
    code = _described(encoded.arrays["codes"].astype(np.uint8), longest)
    reader = BitReader(encoded.arrays["tokens"].astype(np.uint32))
    found = np.zeros(shape[0] * shape[1], np.int64)
    position = -1
    while True:
        low = reader.read(gap_bits)
        symbol = code.read(reader)
        position += (symbol >> 8 << gap_bits) + low + 1
        if position >= found.size:
            return found.reshape(shape)
        found[position] = ((symbol & 0xFF) ^ 128) - 128


def _description(code: CanonicalCode) -> npt.NDArray[np.uint8]:
    """As decode/canonical.h reads it."""
    symbols = np.array(code.symbols)
    pairs = np.pad(symbols, (0, symbols.size % 2)).reshape(-1, 2)
    highs = pairs[:, :1] >> 8 | pairs[:, 1:] >> 8 << 4
    triples = np.concatenate([pairs & 0xFF, highs], axis=1).reshape(-1)
    counts = code.counts.astype("<u2").view(np.uint8)
    return np.concatenate([counts, triples]).astype(np.uint8)


def _described(description: npt.NDArray[np.uint8], longest: int) -> CanonicalCode:
    counts = description[: 2 * longest].view("<u2").tolist()
    triples = description[2 * longest :].astype(np.int64).reshape(-1, 3)
    highs = np.stack([triples[:, 2] & 0xF, triples[:, 2] >> 4], axis=1)
    symbols = (highs << 8 | triples[:, :2]).reshape(-1)
    return CanonicalCode.of_counts(counts, symbols[: sum(counts)].tolist())


def _nonzero(matrix: Int64s) -> tuple[Int64s, Int64s]:
    """Places of all weights that are not 0, row after row, and their values."""
    flat = matrix.reshape(-1)
    places = np.flatnonzero(flat)
    return places, flat[places]


def _tokens(
    places: Int64s, values: Int64s, size: int, gap_bits: int, highest: int
) -> tuple[Int64s, Int64s]:
    """Low bits and symbols of all tokens; the last leads to the end or beyond."""
    room = highest + 1 << gap_bits
    gaps = np.diff(places, prepend=-1) - 1
    fillers = gaps // room
    tokens = int(fillers.sum()) + places.size
    last = int(places[-1]) if places.size else -1
    behind = -(-(size - last) // room)
    all_gaps, all_values = np.full(tokens + behind, room - 1), np.zeros(tokens + behind, np.int64)
    ends = np.cumsum(fillers + 1) - 1
    all_gaps[ends], all_values[ends] = gaps - fillers * room, values
    low = all_gaps & (1 << gap_bits) - 1
    symbols = all_gaps >> gap_bits << 8 | all_values & 0xFF
    return low.astype(np.int64), symbols.astype(np.int64)


def _estimate(low: Int64s, symbols: Int64s, gap_bits: int) -> float:
    """Bits that tokens take if codes are as short as can be."""
    counts = np.unique(symbols, return_counts=True)[1]
    entropy = float(-(counts * np.log2(counts / low.size)).sum())
    return gap_bits * low.size + entropy + 12 * counts.size
