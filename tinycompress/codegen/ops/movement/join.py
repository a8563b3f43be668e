"""CONCATENATION and PACK: each input is copied to its place in the output."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.movement.copies import (
    MOVABLE,
    Copy,
    View,
    copying,
    few_loops,
    positive_axis,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op, Tensor


def _inputs(graph: Graph, op: Op) -> list[Tensor]:
    return [graph.tensors[index] for index in op.inputs]


def some_inputs(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """There must be at least one input, all present, and 1 output"""
    if op.inputs and min(op.inputs) >= 0 and len(op.outputs) == 1:
        return None
    return f"{len(op.inputs)} inputs and {len(op.outputs)} outputs"


def one_type(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """All inputs and the output must have the same type: int8, int16, int32 or float32"""
    y = o.result(graph, op)
    wrong = [
        t for t in (*_inputs(graph, op), y) if t.dtype is not y.dtype or t.dtype not in MOVABLE
    ]
    return ", ".join(f"'{t.name}' is {t.dtype.value}" for t in wrong) or None


def one_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Inputs that are int8 must have the output's scale and zero point: nothing is rescaled"""
    y = o.result(graph, op)
    if y.dtype is not DType.INT8:
        return None
    wrong = [t.name for t in _inputs(graph, op) if t.quantization != y.quantization]
    return f"'{wrong[0]}' has others than '{y.name}'" if wrong else None


def some_computed(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """At least one input must not be constant"""
    constant = all(tensor.is_constant for tensor in _inputs(graph, op))
    return "all are constant" if constant else None


def axis_in_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The axis must be a dimension of the output"""
    rank = len(o.result(graph, op).shape)
    axis = o.int_option(op, "axis")
    return f"axis {axis} of {rank}" if positive_axis(axis, rank) is None else None


def no_activation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The fused activation must be NONE"""
    activation = op.options.get("fused_activation_function", "NONE")
    return None if activation == "NONE" else str(activation)


def _axis(graph: Graph, op: Op) -> int:
    return o.int_option(op, "axis") % len(o.result(graph, op).shape)


def joined_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The inputs' shapes must add up to the output's along the axis and be equal elsewhere"""
    y, axis = o.result(graph, op).shape, _axis(graph, op)
    shapes = [tensor.shape for tensor in _inputs(graph, op)]
    if op.kind == "PACK":
        shapes = [(*shape[:axis], 1, *shape[axis:]) for shape in shapes]
    if (
        all(len(s) == len(y) for s in shapes)
        and sum(shape[axis] for shape in shapes) == y[axis]
        and {(s[:axis], s[axis + 1 :]) for s in shapes} == {(y[:axis], y[axis + 1 :])}
    ):
        return None
    return f"{', '.join(str(list(s)) for s in shapes)} to {list(y)} along {axis}"


def plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy per input."""
    y, axis = o.result(graph, op), _axis(graph, op)
    whole = View.of(y.shape)
    copies, begin = [], 0
    for x in _inputs(graph, op):
        count = 1 if op.kind == "PACK" else x.shape[axis]
        placed = whole.cut(axis, begin, count)
        copies.append(Copy(x, View.of(placed.sizes), y, placed))
        begin += count
    return tuple(copies)


SPEC = OpSpec(
    structure=(
        some_inputs,
        one_type,
        o.no_empty_tensor,
        some_computed,
        axis_in_range,
        joined_shape,
    ),
    constraints=(one_quantisation, no_activation, few_loops(plan)),
    lower=copying(plan),
    plan=plan,
)
