"""Small files that ask for much: shared vectors, long names, overlapping constants."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from support.models.tflite_files import Builder
from tinycompress.ir.reader import MAX_FILE_BYTES


class TableWriter:
    """Writes flatbuffers that no honest writer would: many tables that share long vectors."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1 << 20)

    def numbers(self, values: np.ndarray[Any, Any]) -> int:
        return int(self.builder.CreateNumpyVector(values))

    def table(self, *slots: tuple[int, str, int]) -> int:
        self.builder.StartObject(12)
        for slot, kind, value in slots:
            getattr(self.builder, f"Prepend{kind}Slot")(slot, value, 0)
        return int(self.builder.EndObject())

    def tables(self, offsets: list[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        return int(self.builder.EndVector())

    def finish(self, tensors: int, operators: int, codes: int, buffers: int) -> bytes:
        at = "UOffsetTRelative"
        graph = self.table((0, at, tensors), (3, at, operators))
        graphs = self.tables([graph])
        model = self.table((0, "Uint32", 3), (1, at, codes), (2, at, graphs), (4, at, buffers))
        self.builder.Finish(model, b"TFL3")
        return bytes(self.builder.Output())


def shared_vectors(rank: int, scales: int, count: int) -> bytes:
    """``count`` tensors that share one shape vector and one vector of scales."""
    w = TableWriter()
    at = "UOffsetTRelative"
    shape = w.numbers(np.ones(rank, np.int32))
    values = w.numbers(np.ones(scales, np.float32))
    quantization = w.table((2, at, values))
    tensor = w.table((0, at, shape), (1, "Int8", 9), (4, at, quantization))
    buffer = w.table()
    return w.finish(
        w.tables([tensor] * count), w.tables([]), w.tables([w.table()]), w.tables([buffer])
    )


def long_names(size: int, count: int) -> bytes:
    w = TableWriter()
    name = w.builder.CreateString("\n" * size)
    tensor = w.table((3, "UOffsetTRelative", name))
    return w.finish(
        w.tables([tensor] * count), w.tables([]), w.tables([w.table()]), w.tables([w.table()])
    )


def many_operators(inputs: int, count: int) -> bytes:
    w = TableWriter()
    at = "UOffsetTRelative"
    indices = w.numbers(np.full(inputs, -1, np.int32))
    op = w.table((1, at, indices))
    return w.finish(
        w.tables([]), w.tables([op] * count), w.tables([w.table()]), w.tables([w.table()])
    )


def overlapping_narrow_constants(count: int, size: int) -> bytes:
    """Buffers that each start one byte after the one before, unpacked fourfold if believed."""
    b = Builder()
    tensors = []
    for number in range(count):
        tensors.append(b.tensor([4 * size], "INT2", data=b""))
        b.model.buffers[-1].data = None
        b.model.buffers[-1].offset, b.model.buffers[-1].size = 1000 + number, size
    return b.pack([], []) + bytes(size + 2000)


def packed_to_the_limit(kind: str, size: int) -> bytes:
    """One constant of nearly the largest file."""
    b = Builder()
    x = b.tensor([1])
    b.tensor([size * 4 if kind == "INT2" else size], kind)
    b.graph.tensors[-1].buffer = 1
    buffer = schema.BufferT()
    buffer.offset, buffer.size = 1, 1
    b.model.buffers.append(buffer)
    start = len(b.pack([x], [x]))
    buffer.offset, buffer.size = start, size
    return b.pack([x], [x]) + bytes(size)


HOSTILE = {
    "one long shape": lambda: shared_vectors(1_000_000, 1, 8000),
    "one long vector of scales": lambda: shared_vectors(1, 900_000, 8000),
    "many ranks": lambda: shared_vectors(8, 1, 8192),
    "too many tensors": lambda: shared_vectors(1, 1, 300_000),
    "long names": lambda: long_names(65_000, 8000),
    "long inputs": lambda: many_operators(900_000, 8000),
    "many operators": lambda: many_operators(50, 8192),
    "too many operators": lambda: many_operators(1, 300_000),
    "overlapping constants": lambda: overlapping_narrow_constants(500, 30_000_000),
    "a large constant": lambda: packed_to_the_limit("INT8", MAX_FILE_BYTES - 4096),
    "a large constant of bits": lambda: packed_to_the_limit("INT2", MAX_FILE_BYTES - 4096),
    "too large": lambda: packed_to_the_limit("INT8", MAX_FILE_BYTES),
    "zeros": lambda: b"\x10\0\0\0TFL3" + bytes(MAX_FILE_BYTES - 8),
    "ones": lambda: b"\x10\0\0\0TFL3" + b"\1" * (MAX_FILE_BYTES - 8),
}  # fmt: skip


ACCEPTED = {"a large constant", "a large constant of bits", "many ranks", "many operators"}
