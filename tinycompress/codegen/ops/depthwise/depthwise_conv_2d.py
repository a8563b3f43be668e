"""DEPTHWISE_CONV_2D on int8 or int16: any stride, padding, dilation and depth multiplier."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.conv.convolution import (
    filter_rules,
    filter_window,
    output_scales,
    output_shape,
    reach,
    reference_layer,
)
from tinycompress.codegen.ops.conv.wide_sums import (
    REDUCED_REF,
    rescaling,
    too_large_for_reduced,
    wide_layer,
)
from tinycompress.codegen.ops.depthwise import orders
from tinycompress.codegen.ops.depthwise.depthwise_fast import fast_variants
from tinycompress.codegen.ops.macs import input_shape, output_elements
from tinycompress.codegen.ops.requantize import too_large
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("depthwise", "depthwise_conv_2d", "depthwise_conv_2d_s8")
_CHANNELS = 3
"""Dimension of the filter that is the output channels."""


def filter_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The filter must be [1, H, W, C], with C a multiple of the input channels"""
    inputs, shape = o.operand(graph, op, 0).shape[3], o.operand(graph, op, 1).shape
    if shape[0] == 1 and shape[3] % inputs == 0:
        return None
    return f"filter {list(shape)} on {inputs} input channels"


def _ratio(graph: Graph, op: Op) -> int:
    """Output channels per input channel."""
    return o.operand(graph, op, 1).shape[_CHANNELS] // o.operand(graph, op, 0).shape[3]


def depth_multiplier(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The depth multiplier must be the output channels by the input channels"""
    ratio, stated = _ratio(graph, op), o.int_option(op, "depth_multiplier")
    return None if stated == ratio else f"it is {stated}, the shapes say {ratio}"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale x weight scale / output scale must be below 2^30"""
    scales = output_scales(graph, op, _CHANNELS)
    return too_large_for_reduced(scales) if o.is_wide(graph, op) else too_large(scales)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels and compute their constants."""
    if o.is_wide(graph, op):
        return alternatives([_lower_wide(graph, op)])
    own = {"depth_multiplier": _ratio(graph, op)}
    reference = reference_layer(graph, op, _REF, _CHANNELS, own, orders.by_element)
    fast = fast_variants(graph, op, filter_window(graph, op), reference, options.family)
    return alternatives((*fast, reference))


def _lower_wide(graph: Graph, op: Op) -> Layer:
    """As a convolution with one group per input channel."""
    weights = o.operand(graph, op, 1)
    data = np.asarray(weights.data, np.int8).transpose(3, 1, 2, 0)
    rescale = rescaling(weights.name, output_scales(graph, op, _CHANNELS), reduced=True)
    return wide_layer(graph, op, REDUCED_REF, filter_window(graph, op), data, rescale)


def macs(graph: Graph, op: Op) -> int:
    """Every output is a sum over the filter's taps of one channel."""
    _, height, width, _ = input_shape(graph, op, 1, "weights", (4,))
    return output_elements(graph, op) * height * width


SPEC = OpSpec(
    structure=(*filter_rules(_CHANNELS, DType.INT64), filter_shape),
    constraints=(
        depth_multiplier,
        reach,
        output_shape(_CHANNELS),
        scale_range,
        o.fused_activation,
    ),
    lower=lower,
    macs=macs,
    window=filter_window,
    outside="zero_point",
)
