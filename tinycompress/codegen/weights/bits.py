"""Streams of bits as decode/bits.h reads them, and canonical Huffman codes of limited length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.weights.streams import Words

LONGEST = 10
"""Bits of a code; a decoder's table has an entry for each number of so many bits."""
_PADDING_WORDS = 1
"""Behind the last bits: the reader may be one ahead."""


def bits_of(values: Int64s, widths: Int64s) -> npt.NDArray[np.uint8]:
    """The bits of values, one value after the other, the highest bit first: zeros and ones.

    Args:
        values: Not negative, below ``2 ** widths``.
        widths: 0 to 31 bits.
    """
    ends = np.cumsum(widths)
    total = int(ends[-1]) if ends.size else 0
    which = np.repeat(np.arange(widths.size), widths)
    behind = np.repeat(ends, widths) - 1 - np.arange(total)
    return (values[which] >> behind & 1).astype(np.uint8)


def pack_bits(values: Int64s, widths: Int64s) -> Words:
    """The same as words of a stream, what a reader may look at behind the last bit included."""
    bits = bits_of(values, widths)
    padding = -bits.size % 32 + 32 * _PADDING_WORDS
    return np.packbits(np.pad(bits, (0, padding))).view("<u4").astype(np.uint32)


class BitReader:
    """Reads what ``pack_bits`` wrote."""

    def __init__(self, stream: npt.NDArray[np.uint32]) -> None:
        self._bits = np.unpackbits(stream.astype("<u4").view(np.uint8)).tolist()
        self._at = 0

    def read(self, count: int) -> int:
        """The next bits as a number."""
        value = 0
        for bit in self._bits[self._at : self._at + count]:
            value = value << 1 | bit
        self._at += count
        return value


@dataclass(frozen=True)
class CanonicalCode:
    """A code whose codes of one length are consecutive numbers, shorter ones first.

    Args:
        symbols: In the order of their codes.
        lengths: Bits of each one's code, ascending.
        longest: Bits that a code may have.
    """

    symbols: tuple[int, ...]
    lengths: tuple[int, ...]
    longest: int

    @cached_property
    def codes(self) -> Mapping[int, tuple[int, int]]:
        """Code and bits of each symbol."""
        found, code, before = {}, 0, 0
        for symbol, length in zip(self.symbols, self.lengths, strict=True):
            code <<= length - before
            found[symbol] = code, length
            code, before = code + 1, length
        return found

    @cached_property
    def _symbol_of(self) -> Mapping[tuple[int, int], int]:
        return {pair: symbol for symbol, pair in self.codes.items()}

    @property
    def counts(self) -> Int64s:
        """How many codes of each length there are, from 1 bit to the longest."""
        found: Int64s = np.bincount(np.array(self.lengths), minlength=self.longest + 1)[1:]
        return found

    @classmethod
    def of_counts(cls, counts: Sequence[int], symbols: Sequence[int]) -> CanonicalCode:
        """The code with so many codes of each length, ``symbols`` in their order."""
        lengths = [bits for bits, count in enumerate(counts, 1) for _ in range(count)]
        return cls(tuple(symbols), tuple(lengths), len(counts))

    def read(self, reader: BitReader) -> int:
        """The symbol whose code comes next.

        Raises:
            ValueError: The stream has no such code.
        """
        code = 0
        for bits in range(1, self.longest + 1):
            code = code << 1 | reader.read(1)
            if (code, bits) in self._symbol_of:
                return self._symbol_of[code, bits]
        raise ValueError("no code")


def canonical_code(counts: Mapping[int, int], longest: int) -> CanonicalCode | None:
    """The code of limited length by which symbols that come so often take fewest bits.

    Args:
        counts: How often each symbol comes; at least one.
        longest: Bits that a code may have.

    Returns:
        None if there are more symbols than codes of that length.
    """
    if len(counts) > 1 << longest:
        return None
    symbols = sorted(counts)
    lengths = _limited_lengths([counts[symbol] for symbol in symbols], longest)
    pairs = sorted(zip(lengths, symbols, strict=True))
    return CanonicalCode(
        tuple(symbol for _, symbol in pairs), tuple(length for length, _ in pairs), longest
    )


def _limited_lengths(counts: Sequence[int], longest: int) -> list[int]:
    """Lengths of codes by package-merge (Larmore and Hirschberg, 1990)."""
    if len(counts) == 1:
        return [1]
    leaves = sorted((count, (index,)) for index, count in enumerate(counts))
    packages: list[tuple[int, tuple[int, ...]]] = []
    for _ in range(longest):
        merged = sorted([*leaves, *packages], key=lambda each: each[0])
        packages = [
            (a[0] + b[0], a[1] + b[1]) for a, b in zip(merged[::2], merged[1::2], strict=False)
        ]
    lengths = [0] * len(counts)
    for _, indices in packages[: len(counts) - 1]:
        for index in indices:
            lengths[index] += 1
    return lengths
