"""Operators that only reshape: their operands, and the ones that the host folds."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.ops import is_view
from tinycompress.codegen.rewrite import map_ops, with_constants
from tinycompress.ir.graph import Graph, Op


def keep_only_data_of_views(graph: Graph) -> Graph:
    """Cut the shape operands off RESHAPE and its like.

    Shapes are known: the file states them, and an open batch is 1. What converters emit to compute
    the operand on the device (SHAPE, STRIDED_SLICE, PACK) has no use after this.
    """

    def change(op: Op) -> Op:
        return replace(op, inputs=op.inputs[:1]) if is_view(op) else op

    return map_ops(graph, change)


def fold_views_of_constants(graph: Graph) -> Graph:
    """Reshape constants on the host."""
    for op in graph.ops:
        if not is_view(op) or len(op.inputs) != 1 or len(op.outputs) != 1 or op.inputs[0] < 0:
            continue
        source, target = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
        same = source.dtype is target.dtype and source.elements == target.elements
        if source.data is None or not same:
            continue
        graph = with_constants(graph, {target.index: source.data.reshape(target.shape)})
    folded = {index for op in graph.ops for index in op.outputs if graph.tensors[index].is_constant}
    return map_ops(graph, lambda op: None if is_view(op) and set(op.outputs) <= folded else op)
