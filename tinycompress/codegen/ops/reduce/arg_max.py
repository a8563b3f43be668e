"""ARG_MAX and ARG_MIN: the first index of the largest or smallest int8 along a dimension."""

from __future__ import annotations

from math import prod

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement.copies import constant_integers, positive_axis
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_KERNELS = {
    ("ARG_MAX", DType.INT32): Kernel("reduce", "arg_max", "arg_max_s8"),
    ("ARG_MIN", DType.INT32): Kernel("reduce", "arg_min", "arg_max_s8"),
    ("ARG_MAX", DType.INT64): Kernel("reduce", "arg_max", "arg_max_s8", types=("s8", "s64")),
    ("ARG_MIN", DType.INT64): Kernel("reduce", "arg_min", "arg_max_s8", types=("s8", "s64")),
}


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must be int8, the output int32, for litert int32 or int64"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    is_wide = y.dtype is DType.INT64 and options.exact_to == "litert"
    if x.dtype is DType.INT8 and (y.dtype is DType.INT32 or is_wide):
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def _axis(graph: Graph, op: Op) -> int | None:
    values = constant_integers(graph, op, 1)
    rank = len(o.operand(graph, op, 0).shape)
    return positive_axis(values[0], rank) if values is not None and len(values) == 1 else None


def constant_axis(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The axis must be constant and a dimension of the input"""
    if _axis(graph, op) is not None:
        return None
    return f"of an input with {len(o.operand(graph, op, 0).shape)} dimensions"


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must be the input's shape without the axis"""
    x, y, axis = o.operand(graph, op, 0).shape, o.result(graph, op).shape, _axis(graph, op) or 0
    expected = (*x[:axis], *x[axis + 1 :])
    return None if y == expected else f"it is {list(y)}, expected {list(expected)}"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Merge the dimensions before and after the axis."""
    x, y, axis = o.operand(graph, op, 0), o.result(graph, op), _axis(graph, op) or 0
    return o.layer(
        graph,
        op,
        _KERNELS[op.kind, y.dtype],
        {
            "outer": prod(x.shape[:axis]),
            "count": x.shape[axis],
            "inner": prod(x.shape[axis + 1 :]),
        },
        reads=(x,),
        writes=y,
    )


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        types,
        o.no_empty_tensor,
        o.computed(0, "input"),
        constant_axis,
    ),
    constraints=(output_shape,),
    lower=one_layer(lower),
)
