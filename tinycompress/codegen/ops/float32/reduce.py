"""MEAN, SUM, REDUCE_MAX and ARG_MAX and their kin on float32; SOFTMAX and LOG_SOFTMAX."""

from __future__ import annotations

from math import prod

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.maps import same_elements
from tinycompress.codegen.ops.float32 import rules
from tinycompress.codegen.ops.movement.copies import constant_integers
from tinycompress.codegen.ops.reduce import arg_max, mean
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.graph import DType, Graph, Op

_ROOM = f"{rules.ROOM}/reduce"
_RUNS = ("kept_0", "reduced_0", "kept_1", "reduced_1", "kept_2")
_FIRST = {"REDUCE_MAX": -rules.LARGEST, "REDUCE_MIN": rules.LARGEST}
_JOINS = {"MEAN": "sum", "SUM": "sum", "REDUCE_MAX": "reduce_max", "REDUCE_MIN": "reduce_min"}


def lower_reduction(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Merge the dimensions into three kept and two reduced runs."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    axes = tuple(axis % len(x.shape) for axis in constant_integers(graph, op, 1) or ())
    runs = (*mean.merged_runs(x.shape, axes), 1, 1, 1, 1)[:5]
    return o.layer(
        graph,
        op,
        Kernel(_ROOM, _JOINS[op.kind], "reduce_f32", types=("f32",)),
        {
            **dict(zip(_RUNS, runs, strict=True)),
            "first": _FIRST.get(op.kind, 0.0),
            "divisor": float(x.elements // y.elements) if op.kind == "MEAN" else 1.0,
        },
        reads=(x,),
        writes=y,
    )


REDUCTION = OpSpec(
    structure=(
        o.arity(2, 2),
        rules.floats(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        mean.int32_axes,
    ),
    constraints=(mean.output_shape, mean.two_runs),
    lower=one_layer(lower_reduction),
)


def _beta(op: Op) -> float:
    beta = op.options.get("beta", 1.0)
    return float(beta) if isinstance(beta, int | float) else 1.0


def lower_softmax(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Rows along the last dimension."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return o.layer(
        graph,
        op,
        Kernel(_ROOM, op.kind.lower(), "softmax_f32", types=("f32",)),
        {"rows": x.elements // x.shape[-1], "depth": x.shape[-1], "beta": _beta(op)},
        reads=(x,),
        writes=y,
        # A row is read as a whole before its first element is written: the same place is safe.
        order=every_element,
    )


SOFTMAX = OpSpec(
    structure=(
        o.arity(1, 1),
        rules.floats(0),
        o.rank(0, 1, 8, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
    ),
    constraints=(same_elements,),
    lower=one_layer(lower_softmax),
)


def index_types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input must be float32, the output int32 or int64"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if x.dtype is DType.FLOAT32 and y.dtype in (DType.INT32, DType.INT64):
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def lower_arg(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Merge the dimensions before and after the axis."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    axis = (constant_integers(graph, op, 1) or (0,))[0] % len(x.shape)
    types = ("f32", "s64") if y.dtype is DType.INT64 else ("f32",)
    return o.layer(
        graph,
        op,
        Kernel(_ROOM, op.kind.lower(), "arg_max_f32", types=types),
        {
            "outer": prod(x.shape[:axis]),
            "count": x.shape[axis],
            "inner": prod(x.shape[axis + 1 :]),
        },
        reads=(x,),
        writes=y,
    )


ARG = OpSpec(
    structure=(
        o.arity(2, 2),
        index_types,
        o.no_empty_tensor,
        o.computed(0, "input"),
        arg_max.constant_axis,
    ),
    constraints=(arg_max.output_shape,),
    lower=one_layer(lower_arg),
)
