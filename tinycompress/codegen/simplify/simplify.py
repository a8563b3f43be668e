"""Exact simplification: the same outputs for all inputs from fewer channels."""

from __future__ import annotations

from dataclasses import dataclass

from tinycompress.artifacts import Simplification
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.ops import computes_in_float
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.simplify.drop import drop_unread_channels
from tinycompress.codegen.simplify.fold import fold_constant_channels
from tinycompress.codegen.simplify.trim import trim_unread_ends
from tinycompress.ir.graph import Graph


@dataclass(frozen=True)
class Simplified:
    """The graph that is left, and what went; None if nothing did."""

    graph: Graph
    summary: Simplification | None


def simplify(graph: Graph, options: CodegenOptions) -> Simplified:
    """Take out what no input can make a difference to; nothing where something computes in float.

    Args:
        graph: A graph that has passed the checks for the options.
        options: Whose arithmetic the outputs are exact to.
    """
    if any(computes_in_float(graph, op) for op in graph.ops):
        return Simplified(graph, None)
    left, channels = fold_constant_channels(graph, options), 0
    while True:
        # What went may have been the only reader of other channels.
        dropped = drop_unread_channels(left)
        left, channels = dropped.graph, channels + dropped.channels
        if not dropped.channels:
            break
    trimmed = trim_unread_ends(left)
    left = trimmed.graph
    # Weights that operators shared may be shared no longer.
    if constant_bytes(left) > constant_bytes(graph):
        return Simplified(graph, None)
    if not channels and not trimmed.inputs:
        return Simplified(left, None)
    summary = Simplification(
        channels,
        trimmed.inputs,
        total_macs(graph),
        total_macs(left),
        constant_bytes(graph),
        constant_bytes(left),
    )
    return Simplified(left, summary)


def constant_bytes(graph: Graph) -> int:
    """Bytes of the constants that operators read, each counted once."""
    used = {index for op in graph.ops for index in op.inputs if index >= 0}
    return sum(t.size_bytes for t in graph.tensors if t.index in used and t.is_constant)
