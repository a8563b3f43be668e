"""Multiply-accumulates of operators and graphs, as the field counts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinycompress.codegen.layer import times_of
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.ops.recurrent.lstm import step_macs
from tinycompress.ir.graph import Graph, Op

_OF_OTHERS: Mapping[str, Callable[[Graph, Op], int]] = {"LSTM": step_macs}
"""Operators that this engine does not run, but that files have."""


def macs(graph: Graph, op: Op) -> int:
    """Multiply-accumulates of ``op``; 0 for an operator that is not a sum of products.

    Raises:
        ModelError: Operands are missing or have a rank that the operator cannot have.
    """
    spec = OPS.get(op.full_kind)
    count = _OF_OTHERS.get(op.kind) if spec is None else spec.macs
    return 0 if count is None else count(graph, op)


def total_macs(graph: Graph) -> int:
    """Multiply-accumulates of one invocation of ``graph``."""
    return sum(macs(graph, op) * times_of(op) for op in graph.ops)
