"""QUANTIZE from int8 to int8: another scale and zero point for the same values."""

from __future__ import annotations

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.maps import same_elements, unary_layer
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    clamp,
    multiply_by_quantized_multiplier_double,
    quantize_multiplier,
    wrap_int32,
)
from tinycompress.ir.graph import Graph, Op


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale / output scale must be below 2^30"""
    real = _real_scale(graph, op)
    return None if quantize_multiplier(real)[1] <= MAX_LEFT_SHIFT else f"it is {real:g}"


def _real_scale(graph: Graph, op: Op) -> float:
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    return x.scale / y.scale


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate the rescaling."""
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    multiplier, shift = quantize_multiplier(_real_scale(graph, op))
    products = (
        multiply_by_quantized_multiplier_double(value - x.zero_point, multiplier, shift)
        for value in range(INT8_MIN, INT8_MAX + 1)
    )
    table = [clamp(wrap_int32(p + y.zero_point), INT8_MIN, INT8_MAX) for p in products]
    return unary_layer(graph, op, table)


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        o.int8_tensors(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
    ),
    constraints=(same_elements, scale_range),
    lower=lower,
)
