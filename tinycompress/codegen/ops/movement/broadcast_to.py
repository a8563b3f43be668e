"""BROADCAST_TO: the input repeated along dimensions of size 1 and new ones in front."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.elementwise.broadcast import broadcast_shape
from tinycompress.codegen.ops.elementwise.tables import tflm_only
from tinycompress.codegen.ops.movement.copies import Copy, View, copying, few_loops, movable
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op


def broadcasts(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The input's shape must broadcast to the output's"""
    x, y = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    if broadcast_shape(x, y) == y:
        return None
    return f"{list(x)} to {list(y)}"


def plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy whose source does not move along what is repeated."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    new = len(y.shape) - len(x.shape)
    dense = View.of(x.shape)
    steps = (0,) * new + tuple(
        0 if size == 1 else stride for size, stride in zip(x.shape, dense.strides, strict=True)
    )
    return (Copy(x, View(y.shape, steps), y, View.of(y.shape)),)


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        o.computed(0, "input"),
        broadcasts,
    ),
    constraints=(tflm_only, few_loops(plan)),
    lower=copying(plan),
)
