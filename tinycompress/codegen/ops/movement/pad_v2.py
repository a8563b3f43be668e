"""PADV2 on int8: PAD with a value of one's own."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement import pad
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op


def constant_value(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The value must be one constant int8 with the output's scale and zero point"""
    value, y = o.operand(graph, op, 2), o.result(graph, op)
    if value.dtype is not DType.INT8 or value.data is None or value.elements != 1:
        return f"'{value.name}' is {value.dtype.value}{list(value.shape)}"
    if value.quantization != y.quantization:
        return f"'{value.name}' has others than '{y.name}'"
    return None


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """As PAD, with another value."""
    value = o.operand(graph, op, 2).data
    if value is None:
        raise ValueError(f"op {op.index} has no constant value")
    layer = pad.lower(graph, op, options)
    return replace(layer, params={**layer.params, "value": int(value.reshape(-1)[0])})


SPEC = OpSpec(
    structure=(o.arity(3, 3), o.int8_tensors(0), *pad.SPEC.structure[2:], constant_value),
    constraints=pad.SPEC.constraints,
    lower=one_layer(lower),
)
