"""Operators that take elements by an index per dimension: one kernel, with tables in flash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, Lowering, one_layer
from tinycompress.codegen.ops.movement.copies import bytes_argument
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

_TAKE_REF = Kernel("movement", "take", "take", types=())
_DIMENSIONS = 4
_MAX_SIZE = 2**16

Indices = Sequence[npt.NDArray[np.int64]]
"""For each dimension of the input: which of its indices the output has, in order."""

Source = Callable[[Graph, Op], tuple[Tensor, Indices]]


def small_dimensions(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """No dimension may be above 65536, as its indices are tabulated"""
    for tensor in (o.operand(graph, op, 0), o.result(graph, op)):
        if max(tensor.shape, default=1) > _MAX_SIZE:
            return f"'{tensor.name}' has shape {list(tensor.shape)}"
    return None


def taking(source: Source) -> Lowering:
    """The lowering of an operator by its indices."""

    return one_layer(lambda graph, op, options: take_layer(graph, op, *source(graph, op)))


def few_tables(source: Source) -> Constraint:
    """A constraint on what the indices need."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """At most four runs of neighbouring dimensions may be changed or kept"""
        x, indices = source(graph, op)
        count = len(_tables(x, indices)[0])
        return None if count <= _DIMENSIONS else f"{count} of {list(x.shape)}"

    return check


def _tables(x: Tensor, indices: Indices) -> tuple[list[npt.NDArray[np.int64]], int]:
    """Byte offsets of each loop, and the bytes that stay together."""
    kept = [
        len(index) == size and bool((index == np.arange(size)).all())
        for index, size in zip(indices, x.shape, strict=True)
    ]
    strides = [prod(x.shape[axis + 1 :]) * x.dtype.item_bytes for axis in range(len(x.shape))]
    tables: list[npt.NDArray[np.int64]] = []
    for axis, index in enumerate(indices):
        if tables and kept[axis] and kept[axis - 1]:
            steps = np.arange(len(index)) * strides[axis]
            tables[-1] = (tables[-1][:, None] + steps).reshape(-1)
        else:
            tables.append(index * strides[axis])
    together = x.dtype.item_bytes
    if kept and kept[-1]:
        together *= len(tables.pop())
    return tables, together


def take_layer(graph: Graph, op: Op, x: Tensor, indices: Indices) -> Layer:
    """The layer that takes the elements at some indices."""
    y = o.result(graph, op)
    tables, together = _tables(x, indices)
    tables = [np.zeros(1, np.int64)] * (_DIMENSIONS - len(tables)) + tables
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_TAKE_REF,
        params={
            **{f"count_{i}": len(table) for i, table in enumerate(tables)},
            "bytes": together,
            **{
                f"offsets_{i}": ConstArray(y.name, f"offsets_{i}", table.astype(np.int32))
                for i, table in enumerate(tables)
            },
        },
        arguments=(bytes_argument(x), bytes_argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
    )


def counts_agree(source: Source) -> Constraint:
    """A constraint on the output's shape."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """The output must have as many elements in each dimension as are taken from the input"""
        _, indices = source(graph, op)
        found, expected = o.result(graph, op).shape, tuple(len(index) for index in indices)
        return None if found == expected else f"it is {list(found)}, expected {list(expected)}"

    return check
