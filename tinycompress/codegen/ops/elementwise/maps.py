"""Functions of one int8 element: a clamp where it is one, else a table of 256 bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue, TensorArgument
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.graph import DType, Graph, Op, Tensor

_TABLE_REF = Kernel("elementwise", "map", "map_table_s8", variant="table")
_CLAMP_REF = Kernel("elementwise", "map", "map_clamp_s8", variant="clamp")


def same_elements(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same shape"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return None if x.shape == y.shape else f"{list(x.shape)} and {list(y.shape)}"


def unary_layer(graph: Graph, op: Op, table: Sequence[int], *, place: int = 0) -> Layer:
    """The layer that applies a function of int8 to input ``place``.

    Args:
        graph: The graph.
        op: An operator with one output.
        table: The function's results for -128 .. 127.
        place: Of the input that it is applied to.
    """
    x = o.operand(graph, op, place)
    return _layer(graph, op, x, *(_clamp(table) or _lookup(x.name, table)))


def byte_layer(graph: Graph, op: Op, table: Sequence[int]) -> Layer:
    """The layer that applies a function of int8 or uint8 to int8 or uint8.

    Args:
        graph: The graph.
        op: An operator with one input and one output.
        table: Results for all values of the input, ascending.
    """
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if x.dtype is y.dtype is DType.INT8:
        return unary_layer(graph, op, table)
    # The kernel takes every byte for an int8: those of uint8 from 128 on come first.
    if x.dtype is DType.UINT8:
        table = [*table[128:], *table[:128]]
    signed = np.array(table, np.int16).astype(np.uint8).view(np.int8)
    return _layer(graph, op, x, *_lookup(x.name, signed.tolist()))


def _layer(
    graph: Graph, op: Op, x: Tensor, kernel: Kernel, params: Mapping[str, ParamValue]
) -> Layer:
    y = o.result(graph, op)
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel,
        params={"count": y.elements, **params},
        arguments=(
            TensorArgument(x.index, "int8_t"),
            TensorArgument(y.index, "int8_t", written=True),
        ),
        output_shape=y.shape,
        shapes=o.shape_text(x, y),
        order=every_element,
    )


def _clamp(table: Sequence[int]) -> tuple[Kernel, dict[str, ParamValue]] | None:
    low, high = min(table), max(table)
    if any(y != min(max(x, low), high) for x, y in enumerate(table, start=-128)):
        return None
    return _CLAMP_REF, {"clamp_min": low, "clamp_max": high}


def _lookup(origin: str, table: Sequence[int]) -> tuple[Kernel, dict[str, ParamValue]]:
    data = np.array(table, np.int8)
    return _TABLE_REF, {"table": ConstArray(origin, "table", data)}
