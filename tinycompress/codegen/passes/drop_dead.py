"""Drop operators whose results nobody uses."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.ops.recurrent.steps import EFFECTS
from tinycompress.ir.graph import Graph, Op

_EFFECTS = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE", "CALL", "IF", "WHILE", "CUSTOM"}) | EFFECTS
"""Operators that do something beside writing their outputs."""


def drop_dead_ops(graph: Graph) -> Graph:
    """Keep only operators that an output depends on, or that have an effect."""
    needed = set(graph.outputs)
    kept: list[Op] = []
    for op in reversed(graph.ops):
        keeps_state = op.kind != "READ_VARIABLE" and any(
            graph.tensors[i].is_variable for i in op.inputs if i >= 0
        )
        if needed.intersection(op.outputs) or op.kind in _EFFECTS or keeps_state:
            kept.append(op)
            needed.update(op.inputs)
    return replace(graph, ops=tuple(reversed(kept)))
