"""CONV_2D on int8 or int16: any stride, padding, dilation and number of groups."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.conv import orders
from tinycompress.codegen.ops.conv.conv_2d_fast import fast_variants
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
    TWO_ROUNDINGS_REF,
    narrow_sums,
    rescaling,
    stated_bias,
    too_large_for_reduced,
    wide_layer,
)
from tinycompress.codegen.ops.macs import input_shape, output_elements
from tinycompress.codegen.ops.requantize import too_large
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("conv", "conv_2d", "conv_2d_s8")
_CHANNELS = 0
"""Dimension of the filter that is the output channels."""


def whole_groups(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input channels must be a multiple of the filter's, output channels of the groups"""
    inputs = o.operand(graph, op, 0).shape[3]
    outputs, _, _, per_group = o.operand(graph, op, 1).shape
    if inputs % per_group == 0 and outputs % (inputs // per_group) == 0:
        return None
    return f"{inputs} input channels, {per_group} in the filter, {outputs} output channels"


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale x weight scale / output scale must be below 2^30"""
    scales = output_scales(graph, op, _CHANNELS)
    if o.is_wide(graph, op) and not narrow_sums(graph, op, 2):
        return too_large_for_reduced(scales)
    return too_large(scales)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels and compute their constants."""
    if o.is_wide(graph, op):
        return alternatives([_lower_wide(graph, op)])
    channels, _, _, depth = o.operand(graph, op, 1).shape
    groups = o.operand(graph, op, 0).shape[3] // depth
    own = {"output_channels": channels, "groups": groups}
    reference = reference_layer(graph, op, _REF, _CHANNELS, own, orders.by_element)
    fast = fast_variants(graph, op, filter_window(graph, op), reference, options)
    return alternatives((*fast, reference))


def _lower_wide(graph: Graph, op: Op) -> Layer:
    weights, narrow = o.operand(graph, op, 1), narrow_sums(graph, op, 2)
    return wide_layer(
        graph,
        op,
        TWO_ROUNDINGS_REF if narrow else REDUCED_REF,
        filter_window(graph, op),
        np.asarray(weights.data, np.int8),
        rescaling(weights.name, output_scales(graph, op, _CHANNELS), reduced=not narrow),
    )


def macs(graph: Graph, op: Op) -> int:
    """Every output is a sum over the filter's taps."""
    _, height, width, depth = input_shape(graph, op, 1, "weights", (4,))
    return output_elements(graph, op) * height * width * depth


SPEC = OpSpec(
    structure=filter_rules(_CHANNELS, DType.INT32, DType.INT64),
    constraints=(
        stated_bias,
        whole_groups,
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
