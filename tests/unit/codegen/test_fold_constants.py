"""Shape arithmetic is done on the host."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support.cases.kernels import options
from support.cases.lowering import graph_of, int8, layers_of
from support.models.tflite_files import Builder

from tinycompress.codegen.passes import run_passes
from tinycompress.ir.graph import Graph


def _int32(b: Builder, values: Any) -> int:
    data = np.array(values, "<i4")
    return b.tensor(data.shape, "INT32", data=data)


def _resized() -> Graph:
    """A resize to twice the size, as converters write it for an input of unknown size."""
    b = Builder()
    x, y = int8(b, [1, 4, 5, 3]), int8(b, [1, 8, 10, 3])
    shape, size = b.tensor([4], "INT32"), b.tensor([2], "INT32")
    doubled = b.tensor([2], "INT32")
    b.op("SHAPE", [x], [shape], options("Shape"))
    cuts = [_int32(b, [1]), _int32(b, [3]), _int32(b, [1])]
    b.op("STRIDED_SLICE", [shape, *cuts], [size], options("StridedSlice"))
    b.op("MUL", [size, _int32(b, 2)], [doubled], options("Mul"))
    b.op("RESIZE_NEAREST_NEIGHBOR", [x, doubled], [y], options("ResizeNearestNeighbor"))
    return graph_of(b, [x], [y])


def test_only_the_resize_is_left() -> None:
    graph = run_passes(_resized())
    assert [op.kind for op in graph.ops] == ["RESIZE_NEAREST_NEIGHBOR"]
    size = graph.tensors[graph.ops[0].inputs[1]]
    assert size.data is not None
    assert size.data.tolist() == [8, 10]
    assert size.data.dtype == np.int32
    assert len(layers_of(_resized())) == 1


CASES: tuple[tuple[str, list[Any], Any, Any], ...] = (
    ("PACK", [3, 4], options("Pack", valuesCount=2), [3, 4]),
    ("CONCATENATION", [[3], [4, 5]], options("Concatenation"), [3, 4, 5]),
    ("GATHER", [[7, 8, 9], [2, 0]], options("Gather"), [9, 7]),
    ("REDUCE_PROD", [[2, 3, 4], [0]], options("Reducer"), 24),
    ("ADD", [[1, 2], [3, 4]], options("Add"), [4, 6]),
    ("SUB", [[1, 2], 3], options("Sub"), [-2, -1]),
    ("MAXIMUM", [[1, 5], [3, 4]], options("MaximumMinimum"), [3, 5]),
    ("MINIMUM", [[1, 5], [3, 4]], options("MaximumMinimum"), [1, 4]),
    ("CAST", [[1, 5]], options("Cast"), [1, 5]),
)


def _folded(kind: str, inputs: list[Any], table: Any, expected: Any) -> tuple[Graph, int]:
    """A graph in which the operator's result is the shape of a BROADCAST_TO."""
    b = Builder()
    y = b.tensor(np.shape(expected), "INT32")
    b.op(kind, [_int32(b, values) for values in inputs], [y], table)
    x, z = int8(b, [1]), int8(b, [1])
    b.op("BROADCAST_TO", [x, y], [z])
    return graph_of(b, [x], [z]), y


@pytest.mark.parametrize(("kind", "inputs", "table", "expected"), CASES)
def test_integers_are_folded(kind: str, inputs: list[Any], table: Any, expected: Any) -> None:
    graph, index = _folded(kind, inputs, table, expected)
    folded = run_passes(graph)
    assert [op.kind for op in folded.ops] == ["BROADCAST_TO"]
    data = folded.tensors[index].data
    assert data is not None
    assert data.tolist() == expected


@pytest.mark.parametrize(
    ("kind", "inputs", "table", "expected"),
    [
        ("GATHER", [[7, 8, 9], [3]], options("Gather"), [9]),
        ("MUL", [[2**30], [4]], options("Mul"), [0]),
        ("PACK", [3, 4], options("Pack", valuesCount=2, axis=5), [3, 4]),
        ("ADD", [[1, 2], [3, 4]], options("Add"), [4, 6, 8]),
        ("REDUCE_PROD", [[2**20, 2**20], [0]], options("Reducer"), 0),
    ],
)
def test_what_has_no_sound_value_stays(
    kind: str, inputs: list[Any], table: Any, expected: Any
) -> None:
    graph, _ = _folded(kind, inputs, table, expected)
    assert [op.kind for op in run_passes(graph).ops] == [kind, "BROADCAST_TO"]
