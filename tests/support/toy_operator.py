"""A new operator as its author would write it: rules, a lowering and ``SPEC``, all in one file."""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.graph import Graph, Op

STEP = 16


def same_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same shape"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return None if x.shape == y.shape else f"{list(x.shape)} and {list(y.shape)}"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Compute the kernel's constants."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    kernel = Kernel("elementwise", "floor", "floor_s8")
    params = {"count": y.elements, "step": STEP}
    return o.layer(graph, op, kernel, params, reads=(x,), writes=y, order=every_element)


SPEC = OpSpec(
    structure=(o.arity(1, 1), o.int8_tensors(0), o.no_empty_tensor, o.computed(0, "input")),
    constraints=(same_shape,),
    lower=one_layer(lower),
    row_by_row=True,
)
