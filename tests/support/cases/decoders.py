"""Encoded weights as the C decoders' exports for tests take them."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from support.cases.encoded import ENCODINGS
from support.host_model import compile_c
from tinycompress.codegen.kernel_files import engine_dir
from tinycompress.codegen.weights import gap_tokens, huffman, lut, patterns, word_tokens
from tinycompress.codegen.weights.encoding import Encoded

MODULES: Mapping[str, ModuleType] = {
    "byte_tokens": word_tokens,
    "triple_tokens": word_tokens,
    "pair_tokens": word_tokens,
    "gap_tokens": gap_tokens,
    "lut": lut,
    "huffman": huffman,
    "patterns": patterns,
}
"""The module of each encoding."""

_BITS = ("value_bits", "gap_bits", "lut.bits", "pattern_bits")

READERS: Mapping[str, tuple[str, ...]] = {"anew": (), "kept": ("-DTCK_BITS_KEPT=1",)}
"""Flags for both readers of bits in decode/bits.h: each core takes one of them."""

Decode = Callable[[Encoded, tuple[int, int]], npt.NDArray[np.int64]]


def every_encoding(rows: npt.NDArray[np.int64]) -> Iterator[Encoded]:
    """Rows by every encoding that can hold them, in all its parameters."""
    for name, layout in word_tokens.LAYOUTS.items():
        for bits in layout.value_bits or (None,):
            yield from _known(word_tokens.encode(rows, name, bits))
    for gap_bits, highest in ((1, 7), (3, 1), (6, 0)):
        for longest in gap_tokens.LONGEST:
            yield from _known(gap_tokens.encode(rows, gap_bits, highest, longest))
    for bits in range(1, lut.MOST_BITS + 1):
        yield from _known(lut.encode(rows, bits))
    for longest in huffman.LONGEST:
        yield from _known(huffman.encode(rows, longest))
        for stride in patterns.STRIDES:
            yield from _known(patterns.encode(rows, stride, longest))


def _known(encoded: Encoded | None) -> Iterator[Encoded]:
    if encoded is not None:
        yield encoded


@dataclass(frozen=True)
class DecoderCall:
    """Numbers and arrays of ``tct_encoded``, and the bytes that the decoder may write."""

    numbers: tuple[int, ...]
    stream: bytes
    codes: bytes
    words: bytes
    table_bytes: int
    row_bytes: int

    @classmethod
    def of(cls, encoded: Encoded, shape: tuple[int, int]) -> DecoderCall:
        arrays, numbers = encoded.arrays, encoded.numbers
        stream = next(arrays[name] for name in ("tokens", "indices", "code") if name in arrays)
        codes = arrays.get("codes", arrays.get("book", np.zeros(0, np.uint8)))
        bits = next((numbers[name] for name in _BITS if name in numbers), 0)
        longest, group = (
            numbers.get("longest", 0),
            numbers.get("lut.group", numbers.get("stride", 1)),
        )
        words = numbers.get("words", 0)
        row_bytes = {
            "lut": words * lut.indices_per_word(bits) if "lut.bits" in numbers else 0,
            "huffman": shape[1] + huffman.BEHIND,
        }.get(encoded.encoding, shape[1])
        there = patterns.values_bytes(encoded, shape[1]) if "pattern_bits" in numbers else None
        behind = 0 if there is None else there + huffman.BEHIND
        return cls(
            (ENCODINGS.index(encoded.encoding), *shape, bits, longest, group, words),
            stream.tobytes(),
            codes.tobytes(),
            arrays.get("words", arrays.get("patterns", np.zeros(0, np.uint8))).tobytes(),
            numbers.get("table_bytes", 4 << longest) + behind,
            row_bytes,
        )

    def packed(self) -> bytes:
        """As decode_fuzz.c reads it."""
        sizes = (len(self.stream), len(self.codes), len(self.words))
        head = struct.pack("<12I", *self.numbers, *sizes, self.table_bytes, self.row_bytes)
        return head + self.stream + self.codes + self.words


class _TctEncoded(ctypes.Structure):
    _fields_ = (
        ("stream", ctypes.c_void_p),
        ("codes", ctypes.c_void_p),
        ("words", ctypes.c_void_p),
        *((name, ctypes.c_uint32) for name in (
            "encoding", "rows", "inputs", "bits", "longest", "group", "row_words"
        )),
    )  # fmt: skip


class Decoders:
    """The C decoders in this process.

    Args:
        directory: Where they are compiled.
        reader: One of ``READERS``.
    """

    def __init__(self, directory: Path, reader: str) -> None:
        library = directory / "decoders.so"
        flags = ("-O1", "-shared", "-fPIC", "-fsanitize=undefined",
                 "-fsanitize-undefined-trap-on-error", *READERS[reader])  # fmt: skip
        compile_c([engine_dir() / "host" / "decode_exports.c"], library, flags)
        self._library = ctypes.CDLL(str(library))

    def decode(self, encoded: Encoded, shape: tuple[int, int]) -> npt.NDArray[np.int64]:
        """The rows that C reads; bytes behind what it may write stay as they are."""
        call = DecoderCall.of(encoded, shape)
        row, weights = _guarded(call.row_bytes), np.zeros(shape, np.int8)
        table = _guarded(call.table_bytes)
        self._library.tct_decode(_struct(call), _at(table), _at(row), _at(weights))
        for memory, size in ((row, call.row_bytes), (table, call.table_bytes)):
            assert (memory[size:] == _GUARD).all(), encoded.encoding
        return weights.astype(np.int64)

    def dot(
        self, encoded: Encoded, shape: tuple[int, int], inputs: npt.NDArray[np.int8]
    ) -> list[int]:
        """The sums of products with inputs, of an encoding of sparse weights."""
        call, sums = DecoderCall.of(encoded, shape), np.zeros(shape[0], np.int32)
        table = np.zeros(call.table_bytes, np.uint8)
        self._library.tct_dot(_struct(call), _at(table), _at(inputs), _at(sums))
        found: list[int] = sums.tolist()
        return found


_GUARD = 0x5A


def _guarded(size: int) -> npt.NDArray[np.uint8]:
    return np.full(-(-size // 4) * 4 + 16, _GUARD, np.uint8)


def _struct(call: DecoderCall) -> Any:
    pointers = (
        ctypes.cast(ctypes.create_string_buffer(data + bytes(4)), ctypes.c_void_p)
        for data in (call.stream, call.codes, call.words)
    )
    return ctypes.byref(_TctEncoded(*pointers, *call.numbers))


def _at(array: npt.NDArray[Any]) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
