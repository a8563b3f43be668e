"""CONV_2D on int8 or int16: any stride, padding, dilation and number of groups."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.chooser import choose
from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec
from tinycompress.codegen.ops.conv_2d_fast import fast_variants
from tinycompress.codegen.ops.requantize import (
    bias_values,
    effective_scales,
    multiplier_arrays,
    too_large,
    wrapped_bias,
)
from tinycompress.codegen.ops.wide_sums import (
    DOUBLE_REF,
    REDUCED_REF,
    narrow_sums,
    rescaling,
    stated_bias,
    too_large_for_reduced,
    wide_bias,
    wide_layer,
)
from tinycompress.codegen.ops.window import (
    Window,
    output_shape_detail,
    positive_strides,
    reach_detail,
    window_of,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op

_REF = Kernel("conv_2d_s8_ref", "conv_2d_s8")


def _window(graph: Graph, op: Op) -> Window:
    _, height, width, _ = o.operand(graph, op, 1).shape
    return window_of(graph, op, (height, width))


def whole_groups(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input channels must be a multiple of the filter's, output channels of the groups"""
    inputs = o.operand(graph, op, 0).shape[3]
    outputs, _, _, per_group = o.operand(graph, op, 1).shape
    if inputs % per_group == 0 and outputs % (inputs // per_group) == 0:
        return None
    return f"{inputs} input channels, {per_group} in the filter, {outputs} output channels"


def reach(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The dilated window must span fewer than 2^24 elements in height and width"""
    return reach_detail(_window(graph, op))


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output's shape must follow from input, filter, stride and padding"""
    channels = o.operand(graph, op, 1).shape[0]
    return output_shape_detail(graph, op, _window(graph, op), channels)


def scale_range(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input scale x weight scale / output scale must be below 2^30"""
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    scales = effective_scales(x, weights, o.result(graph, op), weights.shape[0])
    if o.is_wide(graph, op) and not narrow_sums(graph, op, 2):
        return too_large_for_reduced(scales)
    return too_large(scales)


def lower(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Choose the kernel and compute its constants."""
    if o.is_wide(graph, op):
        return _lower_wide(graph, op)
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    channels, filter_height, filter_width, depth = weights.shape
    window = _window(graph, op)
    offset = -o.quantization(x).zero_point
    bias = bias_values(o.optional_operand(graph, op, 2), channels)
    if not window.padded:
        # Every output sums every tap, so that the input's zero point is one constant per channel.
        data = ConstArray.of_tensor(weights, "weights").data.reshape(channels, -1)
        bias = bias + offset * data.sum(axis=1, dtype="int64")
        offset = 0
    scales = effective_scales(x, weights, y, channels)
    multipliers, shifts = multiplier_arrays(weights.name, scales)
    low, high = o.clamp_range(graph, op)
    params: dict[str, ParamValue] = {
        "batches": x.shape[0],
        "input_height": x.shape[1],
        "input_width": x.shape[2],
        "input_channels": x.shape[3],
        "output_height": y.shape[1],
        "output_width": y.shape[2],
        "output_channels": channels,
        "filter_height": filter_height,
        "filter_width": filter_width,
        "groups": x.shape[3] // depth,
        "stride_height": window.stride[0],
        "stride_width": window.stride[1],
        "dilation_height": window.dilation[0],
        "dilation_width": window.dilation[1],
        "pad_top": window.padding[0],
        "pad_left": window.padding[2],
        "input_offset": offset,
        "output_offset": o.quantization(y).zero_point,
        "clamp_min": low,
        "clamp_max": high,
        "weights": ConstArray.of_tensor(weights, "weights"),
        "bias": wrapped_bias(weights.name, bias),
        "multipliers": multipliers,
        "shifts": shifts,
    }
    reference = Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=_REF,
        params=params,
        arguments=(o.argument(x), o.argument(y, written=True)),
        output_shape=y.shape,
        shapes=o.shape_text(x, weights, y),
        macs=y.elements * filter_height * filter_width * depth,
    )
    return choose(
        (*fast_variants(graph, op, window, reference, options.family), reference), options
    )


def _lower_wide(graph: Graph, op: Op) -> Layer:
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    narrow = narrow_sums(graph, op, 2)
    scales = effective_scales(x, weights, y, weights.shape[0])
    return wide_layer(
        graph,
        op,
        DOUBLE_REF if narrow else REDUCED_REF,
        _window(graph, op),
        np.asarray(weights.data, np.int8),
        rescaling(weights.name, scales, reduced=not narrow),
    )


SPEC = OpSpec(
    structure=(
        o.arity(2, 3),
        o.activations(0),
        o.int8_weights(1),
        o.rank(0, 4, 4, "input"),
        o.rank(1, 4, 4, "filter"),
        o.no_empty_tensor,
        o.constant(1, "filter"),
        o.computed(0, "input"),
        o.quantised(0),
        o.weight_scales(1, axis=0),
        o.int32_bias(2, channels_of=1, axis=0),
        wide_bias(2, 1, 0, DType.INT32, DType.INT64),
        positive_strides,
    ),
    constraints=(stated_bias, whole_groups, reach, output_shape, scale_range, o.fused_activation),
    lower=lower,
)
