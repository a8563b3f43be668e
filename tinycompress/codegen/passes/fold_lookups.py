"""Fold the arithmetic of an index into the GATHER that looks it up, where it is an int8 value."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.ops.movement.gather import OF_INT8
from tinycompress.codegen.rewrite import map_ops, with_options
from tinycompress.ir.arithmetic import INT8_MAX, INT8_MIN
from tinycompress.ir.graph import DType, Graph, Op


def fold_lookups(graph: Graph) -> Graph:
    """Turn ``table[int32(x) + 128]`` of 256 int8 values into one operator that reads ``x``.

    It is how a function of one int8 element is written in a file, which has no operator for any
    but a few.
    """
    makers = {output: op for op in graph.ops for output in op.outputs}
    return map_ops(graph, lambda op: _folded(graph, op, makers))


def _folded(graph: Graph, op: Op, makers: dict[int, Op]) -> Op:
    if op.kind != "GATHER" or not _is_table(graph, op):
        return op
    add = makers.get(op.inputs[1])
    if add is None or not _adds_128(graph, add):
        return op
    cast = makers.get(add.inputs[0])
    if cast is None or cast.kind != "CAST" or graph.tensors[cast.inputs[0]].dtype is not DType.INT8:
        return op
    return with_options(replace(op, inputs=(op.inputs[0], cast.inputs[0])), **{OF_INT8: True})


def _is_table(graph: Graph, op: Op) -> bool:
    if len(op.inputs) != 2 or min(op.inputs) < 0:
        return False
    table = graph.tensors[op.inputs[0]]
    whole = table.shape == (INT8_MAX - INT8_MIN + 1,) and table.dtype is DType.INT8
    return whole and table.is_constant and graph.tensors[op.inputs[1]].dtype is DType.INT32


def _adds_128(graph: Graph, op: Op) -> bool:
    plain = op.kind == "ADD" and op.options.get("fused_activation_function") == "NONE"
    if not plain or len(op.inputs) != 2 or min(op.inputs) < 0:
        return False
    added = graph.tensors[op.inputs[1]].data
    same_shape = graph.tensors[op.inputs[0]].shape == graph.tensors[op.outputs[0]].shape
    return same_shape and added is not None and bool((added == -INT8_MIN).all())
