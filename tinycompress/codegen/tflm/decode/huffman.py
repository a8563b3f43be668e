"""Weights by a canonical Huffman code, and the tables that its decoder walks.

The stream has the code of each weight, in the tensor's order, the highest bit first. The decoder
reads it in words of 32 bits and looks ahead: zeros fill the last word and what it may look at.

A table is indexed by the next bits of the stream. An entry has 16 bits, the low byte first. Bit 15
says that the code ends here: bits 11 to 14 are how many of the bits belong to it, and the low byte
is the value; the decoder puts the other bits back. Otherwise another table decides: bits 11 to 14
are its number of bits less one, bits 0 to 10 its distance from this entry. Header byte 5 has in its
high half the bits of the first table less one; its lowest bit, for entries of 32 bits, stays 0.

How many bits a table has is free. Here all tables together are as small as that code allows, found
by dynamic programming over its tree: a table of b bits at a node takes 2**b entries and needs
another table for each node b levels below that is no leaf.

Source: tensorflow/lite/micro/kernels/decode_state_huffman.{h,cc} of tflite-micro.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.rounding.channels import Int64s
from tinycompress.codegen.tflm.decode.format import Decoder, Encoded, Filter, header
from tinycompress.codegen.weights.bits import bits_of, canonical_code

MAX_TABLE_BITS = 15
"""An entry has four bits for those that belong to a code."""
_FOUND = 1 << 15
_BITS_SHIFT = 11
_MAX_DISTANCE = (1 << _BITS_SHIFT) - 1
_WORD_BYTES = 4
_CYCLES = 48.0

_Codes = Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class _Node:
    """A place in the code's tree; ``symbol`` is None where the code goes on."""

    symbol: int | None = None
    zero: _Node | None = None
    one: _Node | None = None

    @classmethod
    def of(cls, codes: _Codes) -> _Node:
        """The tree of a code: number and bits of each symbol."""
        if len(codes) == 1 and next(iter(codes.values()))[1] == 0:
            return cls(next(iter(codes)))
        halves: tuple[dict[int, tuple[int, int]], ...] = ({}, {})
        for symbol, (code, bits) in codes.items():
            halves[code >> bits - 1][symbol] = code & (1 << bits - 1) - 1, bits - 1
        return cls(None, cls.of(halves[0]), cls.of(halves[1]))

    def below(self, levels: int) -> Iterator[tuple[_Node, int]]:
        """For each number of so many bits the node that it leads to, and how many bits it took."""
        if levels == 0 or self.symbol is not None:
            yield from ((self, 0) for _ in range(1 << levels))
            return
        for half in (self.zero, self.one):
            assert half is not None
            yield from ((node, taken + 1) for node, taken in half.below(levels - 1))

    @cached_property
    def depth(self) -> int:
        """Bits of the longest code from here."""
        if self.symbol is not None:
            return 0
        assert self.zero is not None
        assert self.one is not None
        return 1 + max(self.zero.depth, self.one.depth)

    @cached_property
    def table(self) -> tuple[int, int]:
        """Bits of the table at this node and entries of it and those below, as few as can be."""
        best, level = (0, 1 << 62), [self]
        for bits in range(1, max(1, min(self.depth, MAX_TABLE_BITS)) + 1):
            level = [
                half
                for node in level
                if node.symbol is None
                for half in (node.zero, node.one)
                if half is not None
            ]
            further = sum(node.table[1] for node in level if node.symbol is None)
            # Of equal sizes, the wider table: fewer look-ups.
            if (1 << bits) + further <= best[1]:
                best = bits, (1 << bits) + further
        return best


def refusal(weights: Filter) -> str | None:
    """None: the decoder makes every int8 filter."""
    del weights
    return None


def encode(weights: Filter) -> Encoded:
    """Stream and tables."""
    flat = weights.values.reshape(-1).view(np.uint8).astype(np.int64)
    codes = _codes(flat)
    root = _Node.of(codes)
    tables = _tables(root)
    longest = max(bits for _, bits in codes.values())
    return Encoded(
        "huffman",
        f"{len(codes)} values, codes up to {longest} bits, {tables.size} table entries",
        _stream(flat, codes),
        header(Decoder.HUFFMAN, root.table[0] - 1 << 4) + tables.astype("<u2").tobytes(),
        _CYCLES,
    )


def _codes(flat: Int64s) -> _Codes:
    """Code and bits of each value that occurs; a value that is alone needs no bit."""
    counts = Counter(flat.tolist())
    if len(counts) == 1:
        return dict.fromkeys(counts, (0, 0))
    code = canonical_code(counts, MAX_TABLE_BITS)
    assert code is not None, "256 values have codes of 15 bits"
    return code.codes


def _stream(flat: Int64s, codes: _Codes) -> bytes:
    of_value = np.zeros((256, 2), np.int64)
    for symbol, pair in codes.items():
        of_value[symbol] = pair
    bits = bits_of(*of_value[flat].T)
    packed = np.packbits(np.pad(bits, (0, MAX_TABLE_BITS))).tobytes()
    return packed + bytes(-len(packed) % _WORD_BYTES)


def _tables(root: _Node) -> npt.NDArray[np.uint16]:
    """The entries of all tables, the first table first."""
    entries: list[int] = []
    waiting = deque([root])
    start_of_next = 1 << root.table[0]
    while waiting:
        node = waiting.popleft()
        bits = node.table[0]
        for below, taken in node.below(bits):
            if below.symbol is not None:
                entries.append(_FOUND | taken << _BITS_SHIFT | below.symbol)
                continue
            distance = start_of_next - len(entries)
            assert distance <= _MAX_DISTANCE, "the smallest tables of 256 values have 510 entries"
            entries.append(below.table[0] - 1 << _BITS_SHIFT | distance)
            start_of_next += 1 << below.table[0]
            waiting.append(below)
    return np.array(entries, np.uint16)
