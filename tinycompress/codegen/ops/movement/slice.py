"""SLICE, STRIDED_SLICE and REVERSE_V2: some elements of each dimension, at equal distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

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
from tinycompress.ir.graph import Graph, Op

_Cut = tuple[int, int, int]
"""First index, number of indices, step."""


def _slice_cuts(graph: Graph, op: Op) -> list[_Cut] | None:
    begins, counts = constant_integers(graph, op, 1), constant_integers(graph, op, 2)
    shape = o.operand(graph, op, 0).shape
    if begins is None or counts is None or not len(begins) == len(counts) == len(shape):
        return None
    cuts = []
    for begin, count, size in zip(begins, counts, shape, strict=True):
        taken = size - begin if count == -1 else count
        if not 0 <= begin <= begin + taken <= size:
            return None
        cuts.append((begin, taken, 1))
    return cuts


def _strided_cuts(graph: Graph, op: Op) -> list[_Cut] | None:
    operands = [constant_integers(graph, op, position) for position in (1, 2, 3)]
    shape = o.operand(graph, op, 0).shape
    begins, ends, steps = (values or () for values in operands)
    if not 0 < len(begins) == len(ends) == len(steps) <= len(shape) or 0 in steps:
        return None
    cuts = []
    for axis, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        if _mask(op, "shrink_axis_mask", axis):
            index = positive_axis(begin, shape[axis])
            if index is None or step < 0:
                return None
            cuts.append((index, 1, 1))
            continue
        first = None if _mask(op, "begin_mask", axis) else begin
        last = None if _mask(op, "end_mask", axis) else end
        indices = range(*slice(first, last, step).indices(shape[axis]))
        cuts.append((indices.start, len(indices), step))
    return [*cuts, *((0, size, 1) for size in shape[len(cuts) :])]


def _mask(op: Op, name: str, axis: int) -> bool:
    return bool(o.int_option(op, name) >> axis & 1)


def _reverse_cuts(graph: Graph, op: Op) -> list[_Cut] | None:
    shape = o.operand(graph, op, 0).shape
    values = constant_integers(graph, op, 1)
    axes = {positive_axis(axis, len(shape)) for axis in values or ()}
    if not axes or None in axes:
        return None
    return [(n - 1, n, -1) if axis in axes else (0, n, 1) for axis, n in enumerate(shape)]


_CUTS = {"SLICE": _slice_cuts, "STRIDED_SLICE": _strided_cuts, "REVERSE_V2": _reverse_cuts}


def plain_masks(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """There must be no ellipsis, no new axis, and no ends relative to begins"""
    names = ("ellipsis_mask", "new_axis_mask", "offset")
    found = [f"{name} is {op.options[name]}" for name in names if op.options.get(name)]
    return ", ".join(found) or None


def _known(rule: str) -> Constraint:
    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        if _CUTS[op.kind](graph, op) is not None:
            return None
        held = [constant_integers(graph, op, position) for position in range(1, len(op.inputs))]
        values = ", ".join("not constant" if v is None else str(list(v)) for v in held)
        return f"{values} for the input {list(o.operand(graph, op, 0).shape)}"

    check.__doc__ = rule
    return check


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have the shape of the slice"""
    expected = _expected_shape(graph, op)
    found = o.result(graph, op).shape
    return None if found == expected else f"it is {list(found)}, expected {list(expected)}"


def _expected_shape(graph: Graph, op: Op) -> tuple[int, ...]:
    counts = [count for _, count, _ in _CUTS[op.kind](graph, op) or ()]
    shrunk = o.int_option(op, "shrink_axis_mask") if op.kind == "STRIDED_SLICE" else 0
    return tuple(count for axis, count in enumerate(counts) if not shrunk >> axis & 1)


def plan(graph: Graph, op: Op) -> tuple[Copy, ...]:
    """One copy; the output's view has the dimensions that are dropped, at size 1."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    taken = View.of(x.shape)
    for axis, (begin, count, step) in enumerate(_CUTS[op.kind](graph, op) or ()):
        taken = taken.cut(axis, begin, count, step)
    return (Copy(x, taken, y, View.of(taken.sizes)),)


def sliced(graph: Graph, op: Op) -> npt.NDArray[Any] | None:
    """The output of a STRIDED_SLICE of a constant; None if it is malformed."""
    data = o.operand(graph, op, 0).data
    wrong = len(op.inputs) != 4 or data is None or plain_masks(graph, op, CodegenOptions())
    cuts = None if wrong else _strided_cuts(graph, op)
    if data is None or cuts is None:
        return None
    indices = np.ix_(*([begin + step * i for i in range(count)] for begin, count, step in cuts))
    return data[indices].reshape(_expected_shape(graph, op))


def _spec(inputs: int, rule: str, *structure: Constraint) -> OpSpec:
    return OpSpec(
        structure=(
            o.arity(inputs, inputs),
            movable(),
            o.no_empty_tensor,
            o.computed(0, "input"),
            *structure,
            _known(rule),
            output_shape,
        ),
        constraints=(few_loops(plan),),
        lower=copying(plan),
        plan=plan,
    )


SLICE = _spec(3, "Begin and size must be constant, one per dimension, and within the input")
STRIDED_SLICE = _spec(
    4,
    "Begin, end and strides must be constant, one per dimension, strides not 0, and dimensions"
    " that are dropped within the input",
    plain_masks,
)
REVERSE_V2 = _spec(2, "The axes must be constant and within the input's dimensions")
