"""RELU and RELU6 that the converter did not fuse, on int8 or int16.

TFLM's RELU6 limits the stored values and leaves them at that; its RELU, and both of LiteRT's,
rescale to the output's quantisation first.
"""

from __future__ import annotations

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.maps import same_elements, unary_layer
from tinycompress.codegen.ops.elementwise.rescale import Rescale, rescale_layer
from tinycompress.codegen.ops.requantize import is_within
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    activation_range,
    clamp,
    float32,
    multiply_by_quantized_multiplier_double,
    quantize_multiplier,
    wrap_int32,
)
from tinycompress.ir.graph import DType, Graph, Op


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale / output scale must be below 2^30"""
    real = _real_scale(graph, op, options)
    return None if is_within(real) else f"it is {real:g}"


def bounds(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The activation's bounds must be within int32 in the output's quantisation"""
    try:
        lower(graph, op, options)
    except ValueError as error:
        return str(error)
    return None


def _real_scale(graph: Graph, op: Op, options: CodegenOptions) -> float:
    """TFLM as built divides in double precision."""
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    return x.scale / y.scale if options.exact_to == "tflm" else float32(x.scale / y.scale)


def _table(graph: Graph, op: Op, options: CodegenOptions) -> tuple[int, ...]:
    """The result for every stored value from -128 on."""
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    stored = range(INT8_MIN, INT8_MAX + 1)
    if _limits_stored_values(op, options):
        low, high = activation_range("RELU6", x.scale, x.zero_point)
        return tuple(clamp(value, low, high) for value in stored)
    low, high = activation_range(op.kind, y.scale, y.zero_point)
    multiplier, shift = quantize_multiplier(_real_scale(graph, op, options))

    def rescaled(value: int) -> int:
        product = multiply_by_quantized_multiplier_double(value - x.zero_point, multiplier, shift)
        return clamp(wrap_int32(product + y.zero_point), low, high)

    return tuple(rescaled(value) for value in stored)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate the function."""
    if o.is_wide(graph, op):
        return _lower_wide(graph, op, options)
    return unary_layer(graph, op, _table(graph, op, options))


def _lower_wide(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    stored_only = _limits_stored_values(op, options)
    q = o.quantization(o.operand(graph, op, 0) if stored_only else o.result(graph, op))
    limits = activation_range(op.kind, q.scale, 0, *o.limits(DType.INT16))
    real = 1.0 if stored_only else _real_scale(graph, op, options)
    return rescale_layer(graph, op, Rescale.by(real), limits)


def _limits_stored_values(op: Op, options: CodegenOptions) -> bool:
    """Whether the runtime leaves the scale as it is."""
    return op.kind == "RELU6" and options.exact_to == "tflm"


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        o.activations(0),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
        scale_range,
    ),
    constraints=(same_elements, bounds),
    lower=one_layer(lower),
    row_by_row=True,
)
