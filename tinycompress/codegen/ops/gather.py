"""GATHER with constant indices, and TILE."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.indexed import (
    Indices,
    few_tables,
    small_dimensions,
    taking,
)
from tinycompress.codegen.ops.movement import constant_integers, movable, positive_axis
from tinycompress.codegen.ops.tables import litert_only
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor


def _axis(graph: Graph, op: Op) -> int | None:
    return positive_axis(o.int_option(op, "axis"), len(o.operand(graph, op, 0).shape))


def constant_indices(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The indices must be constant and within the input, the axis one of its dimensions"""
    x, values, axis = o.operand(graph, op, 0), constant_integers(graph, op, 1), _axis(graph, op)
    if axis is None:
        return f"axis {op.options['axis']} of {list(x.shape)}"
    if values is None:
        return f"'{o.operand(graph, op, 1).name}' is computed"
    wrong = [value for value in values if not 0 <= value < x.shape[axis]]
    return f"{wrong[0]} of {x.shape[axis]}" if wrong else None


def no_batches(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """There must be no batch dimensions"""
    count = op.options.get("batch_dims", 0)
    return f"there are {count}" if count else None


def gathered_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have the indices' shape in the place of the axis"""
    x, axis = o.operand(graph, op, 0).shape, _axis(graph, op) or 0
    expected = (*x[:axis], *o.operand(graph, op, 1).shape, *x[axis + 1 :])
    found = o.result(graph, op).shape
    return None if found == expected else f"it is {list(found)}, expected {list(expected)}"


def gather_source(graph: Graph, op: Op) -> tuple[Tensor, Indices]:
    """The input, with the given indices along the axis."""
    x, chosen = o.operand(graph, op, 0), _axis(graph, op)
    taken = np.array(constant_integers(graph, op, 1), np.int64)
    return x, [taken if axis == chosen else np.arange(n) for axis, n in enumerate(x.shape)]


def constant_multiples(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The multiples must be constant, and the input's dimensions times them the output's"""
    values = constant_integers(graph, op, 1)
    x, y = o.operand(graph, op, 0).shape, o.result(graph, op).shape
    if values is not None and len(values) == len(x):
        expected = tuple(size * count for size, count in zip(x, values, strict=True))
        if expected == y:
            return None
    return f"{None if values is None else list(values)} from {list(x)} to {list(y)}"


def tile_source(graph: Graph, op: Op) -> tuple[Tensor, Indices]:
    """The input, each dimension several times."""
    x = o.operand(graph, op, 0)
    pairs = zip(x.shape, constant_integers(graph, op, 1) or (), strict=True)
    return x, [np.tile(np.arange(size), count) for size, count in pairs]


GATHER = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        o.computed(0, "input"),
        small_dimensions,
        constant_indices,
        no_batches,
    ),
    constraints=(gathered_shape, few_tables(gather_source)),
    lower=taking(gather_source),
)
TILE = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        o.computed(0, "input"),
        small_dimensions,
        constant_multiples,
    ),
    constraints=(litert_only, few_tables(tile_source)),
    lower=taking(tile_source),
)
