"""TRANSPOSE of any permutation."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.movement.copies import (
    Copy,
    View,
    constant_integers,
    copying,
    few_loops,
    movable,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op


def _axes(graph: Graph, op: Op) -> tuple[int, ...]:
    rank = len(o.operand(graph, op, 0).shape)
    values = constant_integers(graph, op, 1) or ()
    return tuple(axis + rank if axis < 0 else axis for axis in values)


def permutation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The second input must be a constant permutation of the input's dimensions"""
    rank = len(o.operand(graph, op, 0).shape)
    axes = _axes(graph, op)
    if sorted(axes) == list(range(rank)) and rank:
        return None
    return f"'{o.operand(graph, op, 1).name}' holds {list(axes)} for {rank} dimensions"


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have the permuted shape"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    expected = tuple(x.shape[axis] for axis in _axes(graph, op))
    return None if y.shape == expected else f"it is {list(y.shape)}, expected {list(expected)}"


def plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy that takes the dimensions in the output's order."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return (Copy(x, View.of(x.shape).permuted(_axes(graph, op)), y, View.of(y.shape)),)


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        o.computed(0, "input"),
        permutation,
        output_shape,
    ),
    constraints=(few_loops(plan),),
    lower=copying(plan),
)
