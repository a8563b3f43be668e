"""MIRROR_PAD, with or without repeating the edge."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.movement.copies import movable
from tinycompress.codegen.ops.movement.indexed import (
    Indices,
    counts_agree,
    few_tables,
    small_dimensions,
    taking,
)
from tinycompress.codegen.ops.movement.pad import constant_paddings, paddings
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

_MODES = {"REFLECT": "reflect", "SYMMETRIC": "symmetric"}


def within_input(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Paddings must not be longer than what there is to mirror"""
    spare = 1 if op.options["mode"] == "REFLECT" else 0
    shape = o.operand(graph, op, 0).shape
    for pair, size in zip(paddings(graph, op) or (), shape, strict=True):
        if max(pair) > size - spare:
            return f"{pair} around {size}"
    return None


def source(graph: Graph, op: Op) -> tuple[Tensor, Indices]:
    """The input and the mirrored indices of each dimension."""
    x, mode = o.operand(graph, op, 0), _MODES[str(op.options["mode"])]
    pairs = zip(x.shape, paddings(graph, op) or (), strict=True)
    # numpy's stubs know the modes as literals only.
    return x, [np.pad(np.arange(size), pair, mode) for size, pair in pairs]  # type: ignore[call-overload]


SPEC = OpSpec(
    structure=(
        o.arity(2, 2),
        movable(),
        o.no_empty_tensor,
        o.computed(0, "input"),
        small_dimensions,
        constant_paddings,
        within_input,
    ),
    constraints=(o.tflm_on_int8, counts_agree(source), few_tables(source)),
    lower=taking(source),
)
