"""What CONV_2D and DEPTHWISE_CONV_2D share: rules, and the layers of their reference kernels.

They differ in the dimension of the filter that is the output channels: 0 and 3.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint
from tinycompress.codegen.ops.conv.wide_sums import wide_bias
from tinycompress.codegen.ops.requantize import (
    bias_values,
    effective_scales,
    multiplier_arrays,
    wrapped_bias,
)
from tinycompress.codegen.ops.window import (
    Window,
    output_shape_detail,
    positive_strides,
    reach_detail,
    window_of,
)
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import AccessOrder
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op


def filter_window(graph: Graph, op: Op) -> Window:
    """The window of the filter, whose dimensions 1 and 2 are its height and width."""
    _, height, width, _ = o.operand(graph, op, 1).shape
    return window_of(graph, op, (height, width))


def filter_rules(axis: int, *wide_biases: DType) -> tuple[Constraint, ...]:
    """Constraints on types and dimensions.

    Args:
        axis: Dimension of the filter that is the output channels.
        wide_biases: Types of the bias of int16.
    """
    return (
        o.arity(2, 3),
        o.activations(0),
        o.int8_weights(1),
        o.rank(0, 4, 4, "input"),
        o.rank(1, 4, 4, "filter"),
        o.no_empty_tensor,
        o.constant(1, "filter"),
        o.computed(0, "input"),
        o.quantised(0),
        o.weight_scales(1, axis=axis),
        o.int32_bias(2, channels_of=1, axis=axis),
        wide_bias(2, 1, axis, *wide_biases),
        positive_strides,
    )


def reach(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The dilated window must span fewer than 2^24 elements in height and width"""
    return reach_detail(filter_window(graph, op))


def output_shape(axis: int) -> Constraint:
    """A constraint on the output; ``axis`` as in ``filter_rules``."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """The output's shape must follow from input, filter, stride and padding"""
        channels = o.operand(graph, op, 1).shape[axis]
        return output_shape_detail(graph, op, filter_window(graph, op), channels)

    return check


def output_scales(graph: Graph, op: Op, axis: int) -> tuple[float, ...]:
    """Input scale x weight scale / output scale of every output channel."""
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    return effective_scales(x, weights, o.result(graph, op), weights.shape[axis])


def reference_stairs(graph: Graph, op: Op, axis: int) -> list[DoubleRounding]:
    """The reference's requantisation of each channel of an operator on int8."""
    zero_point, limits = o.quantization(o.result(graph, op)).zero_point, o.clamp_range(graph, op)
    return [
        DoubleRounding(*quantize_multiplier(scale), zero_point, limits)
        for scale in output_scales(graph, op, axis)
    ]


def reference_layer(
    graph: Graph, op: Op, kernel: Kernel, axis: int, own: Mapping[str, int], order: AccessOrder
) -> Layer:
    """The layer of a reference kernel on int8.

    Args:
        graph: The graph.
        op: An operator that has passed the checks.
        kernel: The reference kernel.
        axis: Dimension of the filter that is the output channels.
        own: Parameters that this kernel alone has.
        order: In which order it reads and writes.
    """
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    window = filter_window(graph, op)
    offset, bias = _folded_offset(graph, op, axis, window)
    multipliers, shifts = multiplier_arrays(weights.name, output_scales(graph, op, axis))
    low, high = o.clamp_range(graph, op)
    params: dict[str, ParamValue] = {
        **_geometry(graph, op, window, own),
        "input_offset": offset,
        "output_offset": o.quantization(y).zero_point,
        "clamp_min": low,
        "clamp_max": high,
        "weights": ConstArray.of_tensor(weights, "weights"),
        "bias": wrapped_bias(weights.name, bias),
        "multipliers": multipliers,
        "shifts": shifts,
    }
    return o.layer(
        graph,
        op,
        kernel,
        params,
        reads=(x,),
        writes=y,
        shown=(weights,),
        order=order,
        macs=y.elements * prod(weights.shape) // weights.shape[axis],
    )


def _folded_offset(
    graph: Graph, op: Op, axis: int, window: Window
) -> tuple[int, npt.NDArray[np.int64]]:
    """What is added to every input, and the bias, which holds the rest."""
    weights = o.operand(graph, op, 1)
    bias = bias_values(o.optional_operand(graph, op, 2), weights.shape[axis])
    offset = -o.quantization(o.operand(graph, op, 0)).zero_point
    if window.padded:
        return offset, bias
    # Every output sums every tap, so that the input's zero point is one constant per channel.
    others = tuple(i for i in range(4) if i != axis)
    return 0, bias + offset * np.asarray(weights.data).sum(axis=others, dtype=np.int64)


def _geometry(graph: Graph, op: Op, window: Window, own: Mapping[str, int]) -> dict[str, int]:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return {
        "batches": x.shape[0],
        "input_height": x.shape[1],
        "input_width": x.shape[2],
        "input_channels": x.shape[3],
        "output_height": y.shape[1],
        "output_width": y.shape[2],
        **own,
        **window.params,
        "dilation_height": window.dilation[0],
        "dilation_width": window.dilation[1],
    }
