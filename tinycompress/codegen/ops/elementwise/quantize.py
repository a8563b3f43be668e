"""QUANTIZE: between integers of 8, 16 and 32 bits, and from a model's float32 input.

From 8 bits to 8 bits by a table; only the float32 input takes floating point.

int8 to uint8 and back is what streaming models put at their ends.
"""

from __future__ import annotations

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.elementwise.maps import byte_layer, same_elements
from tinycompress.codegen.ops.elementwise.rescale import Rescale, rescale_layer
from tinycompress.codegen.ops.requantize import is_within
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import (
    clamp,
    multiply_by_quantized_multiplier_double,
    quantize_multiplier,
    wrap_int32,
)
from tinycompress.ir.graph import DType, Graph, Op

_BYTES = (DType.INT8, DType.UINT8)
_FLOAT_REF = {
    DType.INT8: Kernel("elementwise/convert", "quantize", "quantize_f32", types=("f32", "s8")),
    DType.INT16: Kernel("elementwise/convert", "quantize", "quantize_f32", types=("f32", "s16")),
}
_TARGETS = {
    DType.INT8: (DType.INT8, DType.UINT8, DType.INT16, DType.INT32),
    DType.UINT8: (DType.INT8,),
    DType.INT16: (DType.INT8, DType.INT16, DType.INT32),
    DType.INT32: (DType.INT8, DType.INT16),
    DType.FLOAT32: (DType.INT8, DType.INT16),
}


def types(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The types must be int8 to int8, uint8, int16 or int32; uint8 to int8; int16 to int8, int16
    or int32; int32 or float32 to int8 or int16
    """
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if y.dtype in _TARGETS.get(x.dtype, ()):
        return None
    return f"'{x.name}' is {x.dtype.value}, '{y.name}' is {y.dtype.value}"


def one_scale(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Integer tensors must have one scale and zero point"""
    for tensor in (o.operand(graph, op, 0), o.result(graph, op)):
        if tensor.dtype is DType.FLOAT32:
            continue
        if tensor.quantization is None:
            return f"'{tensor.name}' is not quantised"
        if tensor.quantization.per_channel:
            return f"'{tensor.name}' has {len(tensor.quantization.scales)} scales"
    return None


def symmetric_int16(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For litert, from int16 to int16 zero points must be 0"""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if options.exact_to == "litert" and x.dtype is y.dtype is DType.INT16:
        return o.zero_point_detail(x, y)
    return None


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale / output scale must be below 2^30 between integers"""
    if o.operand(graph, op, 0).dtype is DType.FLOAT32:
        return None
    real = _real_scale(graph, op)
    return None if is_within(real) else f"it is {real:g}"


def _real_scale(graph: Graph, op: Op) -> float:
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    return x.scale / y.scale


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Tabulate the rescaling of bytes; divide where the input is float."""
    if o.operand(graph, op, 0).dtype is DType.FLOAT32:
        return _lower_float(graph, op)
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if x.dtype not in _BYTES or y.dtype not in _BYTES:
        return rescale_layer(graph, op, Rescale.by(_real_scale(graph, op)))
    in_zero, out_zero = o.quantization(x).zero_point, o.quantization(y).zero_point
    multiplier, shift = quantize_multiplier(_real_scale(graph, op))
    low, high = o.limits(x.dtype)
    products = (
        multiply_by_quantized_multiplier_double(value - in_zero, multiplier, shift)
        for value in range(low, high + 1)
    )
    return byte_layer(
        graph, op, [clamp(wrap_int32(p + out_zero), *o.limits(y.dtype)) for p in products]
    )


def _lower_float(graph: Graph, op: Op) -> Layer:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    q = o.quantization(y)
    return o.layer(
        graph,
        op,
        _FLOAT_REF[y.dtype],
        {"count": y.elements, "zero_point": q.zero_point, "scale": q.scale},
        reads=(x,),
        writes=y,
    )


SPEC = OpSpec(
    structure=(
        o.arity(1, 1),
        types,
        o.no_empty_tensor,
        o.computed(0, "input"),
        one_scale,
    ),
    constraints=(same_elements, symmetric_int16, scale_range),
    lower=one_layer(lower),
    row_by_row=True,
)
