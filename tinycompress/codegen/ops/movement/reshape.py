"""RESHAPE, SQUEEZE and EXPAND_DIMS: other names for the same bytes, for which no code runs."""

from __future__ import annotations

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op


def same_bytes(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same type and number of elements"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if x.dtype is y.dtype and x.elements == y.elements:
        return None
    return f"{x.dtype.value}{list(x.shape)} and {y.dtype.value}{list(y.shape)}"


SPEC = OpSpec(structure=(o.arity(1, 2), o.no_empty_tensor), constraints=(same_bytes,), lower=None)
