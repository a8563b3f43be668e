"""SPLIT, SPLIT_V and UNPACK: each output is copied from its place in the input."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, OpSpec
from tinycompress.codegen.ops.movement.copies import (
    Copy,
    View,
    constant_integers,
    copying,
    few_loops,
    movable,
    positive_axis,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

_DATA = {"SPLIT": 1, "SPLIT_V": 0, "UNPACK": 0}
"""Position of what is split."""


def _source(graph: Graph, op: Op) -> Tensor:
    return o.operand(graph, op, _DATA[op.kind])


def _axis(graph: Graph, op: Op) -> int | None:
    rank = len(_source(graph, op).shape)
    if op.kind == "UNPACK":
        return positive_axis(o.int_option(op, "axis"), rank)
    values = constant_integers(graph, op, 0 if op.kind == "SPLIT" else 2)
    return positive_axis(values[0], rank) if values is not None and len(values) == 1 else None


def _known_axis(graph: Graph, op: Op) -> int:
    axis = _axis(graph, op)
    if axis is None:
        raise ValueError(f"op {op.index} has no constant axis")
    return axis


def constant_axis(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The axis must be constant and a dimension of the input"""
    if _axis(graph, op) is not None:
        return None
    return f"of an input with {len(_source(graph, op).shape)} dimensions"


def split_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The outputs' shapes must add up to the input's along the axis and be equal elsewhere"""
    x, axis = _source(graph, op).shape, _known_axis(graph, op)
    shapes = [view.sizes for view in _places(graph, op)]
    total = sum(shape[axis] if len(shape) == len(x) else -1 for shape in shapes)
    rest = {(shape[:axis], shape[axis + 1 :]) for shape in shapes}
    if total == x[axis] and rest == {(x[:axis], x[axis + 1 :])}:
        return None
    return f"{list(x)} to {', '.join(str(list(s)) for s in shapes)} along {axis}"


def sizes_agree(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """SPLIT_V's sizes must be constant and equal the outputs'; SPLIT's outputs must be of equal
    size"""
    axis = _known_axis(graph, op)
    found = [view.sizes[axis] for view in _places(graph, op)]
    if op.kind == "SPLIT":
        return None if len(set(found)) == 1 else str(found)
    stated = constant_integers(graph, op, 1) if op.kind == "SPLIT_V" else None
    if op.kind == "UNPACK" or (
        stated is not None
        and len(stated) == len(found)
        and all(a in (b, -1) for a, b in zip(stated, found, strict=True))
    ):
        return None
    return f"{None if stated is None else list(stated)} and {found}"


def _places(graph: Graph, op: Op) -> list[View]:
    axis = _known_axis(graph, op)
    shapes = [graph.tensors[index].shape for index in op.outputs]
    if op.kind == "UNPACK":
        shapes = [(*shape[:axis], 1, *shape[axis:]) for shape in shapes]
    return [View.of(shape) for shape in shapes]


def plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy per output."""
    x, axis = _source(graph, op), _known_axis(graph, op)
    whole = View.of(x.shape)
    copies, begin = [], 0
    for index, placed in zip(op.outputs, _places(graph, op), strict=True):
        count = placed.sizes[axis]
        copies.append(Copy(x, whole.cut(axis, begin, count), graph.tensors[index], placed))
        begin += count
    return tuple(copies)


def _spec(kind: str, inputs: int) -> OpSpec:
    return OpSpec(
        structure=(
            _inputs(inputs),
            movable(_DATA[kind]),
            o.no_empty_tensor,
            o.computed(_DATA[kind], "input"),
            constant_axis,
            split_shape,
        ),
        constraints=(sizes_agree, few_loops(plan)),
        lower=copying(plan),
        plan=plan,
    )


def _inputs(count: int) -> Constraint:
    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        if len(op.inputs) == count and min(op.inputs) >= 0 and op.outputs and min(op.outputs) >= 0:
            return None
        return f"{len(op.inputs)} inputs and {len(op.outputs)} outputs"

    check.__doc__ = f"There must be {count} input{'s' if count > 1 else ''} and at least one output"
    return check


SPLIT = _spec("SPLIT", 2)
SPLIT_V = _spec("SPLIT_V", 3)
UNPACK = _spec("UNPACK", 1)
