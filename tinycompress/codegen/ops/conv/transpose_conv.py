"""TRANSPOSE_CONV on int8 or int16: every output gathers the taps that reach it."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.conv.wide_sums import too_large_for_reduced, wide_bias
from tinycompress.codegen.ops.macs import input_shape
from tinycompress.codegen.ops.requantize import (
    bias_values,
    effective_scales,
    multiplier_arrays,
    too_large,
    wrapped_bias,
)
from tinycompress.codegen.ops.window import positive_strides
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.fixed_point import reduced_multiplier
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("conv/transpose", "transpose_conv", "transpose_conv")
_WIDE_REF = Kernel("conv/transpose", "transpose_conv", "transpose_conv", types=("s16",))
_SHAPE, _WEIGHTS, _INPUT, _BIAS = 0, 1, 2, 3


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output must have the input's batches, the filter's channels, and the shape that input 0
    states: a constant int32, or for tflm, which does not read it, a computed one
    """
    stated, y = o.operand(graph, op, _SHAPE), o.result(graph, op)
    x, weights = o.operand(graph, op, _INPUT), o.operand(graph, op, _WEIGHTS)
    values = () if stated.data is None else tuple(int(n) for n in stated.data.reshape(-1))
    if stated.data is None and options.exact_to == "tflm":
        values = y.shape
    if stated.dtype is not DType.INT32 or values != y.shape:
        return f"{list(values)} and {list(y.shape)}"
    if len(y.shape) != 4 or (y.shape[0], y.shape[3]) != (x.shape[0], weights.shape[0]):
        return f"{list(y.shape)} of input {list(x.shape)}, filter {list(weights.shape)}"
    return None


def input_depth(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and filter must have the same number of input channels"""
    x, weights = o.operand(graph, op, _INPUT), o.operand(graph, op, _WEIGHTS)
    if x.shape[3] == weights.shape[3]:
        return None
    return f"{list(x.shape)} and {list(weights.shape)}"


def known_padding(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The padding must be SAME or VALID"""
    padding = op.options["padding"]
    return None if padding in ("SAME", "VALID") else str(padding)


def forward_size(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For litert, a convolution of the output must give the input's height and width"""
    x, weights, y = (
        t.shape
        for t in (o.operand(graph, op, _INPUT), o.operand(graph, op, _WEIGHTS), o.result(graph, op))
    )
    strides = (o.int_option(op, "stride_h"), o.int_option(op, "stride_w"))
    if options.exact_to != "litert":
        return None
    lost = (0, 0) if op.options["padding"] == "SAME" else (weights[1] - 1, weights[2] - 1)
    sizes = zip(y[1:3], lost, strides, strict=True)
    expected = tuple(-(-(size - cut) // stride) for size, cut, stride in sizes)
    return None if expected == x[1:3] else f"{list(x[1:3])}, expected {list(expected)}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale x weight scale / output scale must be below 2^30"""
    scales = _scales(graph, op)
    return too_large_for_reduced(scales) if o.is_wide(graph, op) else too_large(scales)


def _scales(graph: Graph, op: Op) -> tuple[float, ...]:
    x, weights = o.operand(graph, op, _INPUT), o.operand(graph, op, _WEIGHTS)
    return effective_scales(x, weights, o.result(graph, op), weights.shape[0])


def _padding_before(op: Op, size: int, taps: int, stride: int) -> int:
    """Rows or columns that SAME cuts off before the first: those of the forward convolution."""
    if op.options["padding"] == "VALID":
        return 0
    return max((-(-size // stride) - 1) * stride + taps - size, 0) // 2


def _rescaling(graph: Graph, op: Op) -> dict[str, ParamValue]:
    """Bias, offsets and factors, for the type of the activations."""
    x, weights = o.operand(graph, op, _INPUT), o.operand(graph, op, _WEIGHTS)
    bias = bias_values(o.optional_operand(graph, op, _BIAS), weights.shape[0])
    multipliers, shifts = multiplier_arrays(weights.name, _scales(graph, op))
    if o.is_wide(graph, op):
        reduced = np.array([reduced_multiplier(int(m)) for m in multipliers.data], np.int32)
        return {
            "wide_bias": ConstArray(weights.name, "bias", bias),
            "multipliers": replace(multipliers, data=reduced),
            "shifts": shifts,
        }
    return {
        "input_offset": -o.quantization(x).zero_point,
        "output_offset": o.quantization(o.result(graph, op)).zero_point,
        "bias": wrapped_bias(weights.name, bias),
        "multipliers": multipliers,
        "shifts": shifts,
    }


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Compute the kernel's constants."""
    x, weights = o.operand(graph, op, _INPUT), o.operand(graph, op, _WEIGHTS)
    y = o.result(graph, op)
    channels, filter_height, filter_width, depth = weights.shape
    stride_height, stride_width = o.int_option(op, "stride_h"), o.int_option(op, "stride_w")
    low, high = o.clamp_range(graph, op)
    return o.layer(
        graph,
        op,
        _WIDE_REF if o.is_wide(graph, op) else _REF,
        {
            "batches": x.shape[0],
            "input_height": x.shape[1],
            "input_width": x.shape[2],
            "input_channels": depth,
            "output_height": y.shape[1],
            "output_width": y.shape[2],
            "output_channels": channels,
            "filter_height": filter_height,
            "filter_width": filter_width,
            "stride_height": stride_height,
            "stride_width": stride_width,
            "pad_top": _padding_before(op, y.shape[1], filter_height, stride_height),
            "pad_left": _padding_before(op, y.shape[2], filter_width, stride_width),
            "clamp_min": low,
            "clamp_max": high,
            "weights": ConstArray.of_tensor(weights, "weights"),
            **_rescaling(graph, op),
        },
        reads=(x,),
        writes=y,
        shown=(weights,),
        macs=x.elements * filter_height * filter_width * channels,
    )


def macs(graph: Graph, op: Op) -> int:
    """Every input element is multiplied with one whole kernel per output channel."""
    channels, height, width, _ = input_shape(graph, op, 1, "weights", (4,))
    return prod(input_shape(graph, op, 2, "input", (4,))) * height * width * channels


SPEC = OpSpec(
    structure=(
        o.arity(3, 4),
        o.activations(_INPUT),
        o.int8_weights(_WEIGHTS),
        o.rank(_INPUT, 4, 4, "input"),
        o.rank(_WEIGHTS, 4, 4, "filter"),
        o.no_empty_tensor,
        o.constant(_WEIGHTS, "filter"),
        o.computed(_INPUT, "input"),
        o.quantised(_INPUT),
        o.weight_scales(_WEIGHTS, axis=0),
        o.int32_bias(_BIAS, channels_of=_WEIGHTS, axis=0),
        wide_bias(_BIAS, _WEIGHTS, 0, DType.INT64, DType.INT16),
        positive_strides,
        output_shape,
    ),
    constraints=(
        input_depth,
        known_padding,
        forward_size,
        scale_range,
        o.fused_activation,
    ),
    lower=one_layer(lower),
    macs=macs,
)
