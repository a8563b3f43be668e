"""CONV_2D, DEPTHWISE_CONV_2D and pools on float32: any window, stride and padding."""

from __future__ import annotations

from math import prod

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint, OpSpec, one_layer
from tinycompress.codegen.ops.conv import conv_2d
from tinycompress.codegen.ops.conv.convolution import filter_window, output_shape, reach
from tinycompress.codegen.ops.depthwise import depthwise_conv_2d
from tinycompress.codegen.ops.float32 import rules
from tinycompress.codegen.ops.pool import pool_2d
from tinycompress.codegen.ops.window import Window, positive_strides
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op

_ROOM = f"{rules.ROOM}/window"


def _filter_rules(axis: int) -> tuple[Constraint, ...]:
    return (
        o.arity(2, 3),
        rules.floats(0),
        rules.float_weights(1),
        o.rank(0, 4, 4, "input"),
        o.rank(1, 4, 4, "filter"),
        o.no_empty_tensor,
        o.constant(1, "filter"),
        o.computed(0, "input"),
        rules.float_bias(2, channels_of=1, axis=axis),
        positive_strides,
    )


def _geometry(graph: Graph, op: Op, window: Window) -> dict[str, ParamValue]:
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    return {
        "batches": x.shape[0],
        "input_height": x.shape[1],
        "input_width": x.shape[2],
        "output_height": y.shape[1],
        "output_width": y.shape[2],
        **window.params,
        **rules.clamp_params(op),
    }


def _filter_layer(
    graph: Graph, op: Op, kernel: str, axis: int, own: dict[str, ParamValue]
) -> Layer:
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    window = filter_window(graph, op)
    return o.layer(
        graph,
        op,
        Kernel(_ROOM, kernel, f"{kernel}_f32", rules.weight_types(weights), family="plain"),
        {
            **_geometry(graph, op, window),
            "input_channels": x.shape[3],
            **own,
            "dilation_height": window.dilation[0],
            "dilation_width": window.dilation[1],
            **rules.weight_params(weights, o.optional_operand(graph, op, 2), y.shape[3]),
        },
        reads=(x,),
        writes=y,
        shown=(weights,),
        macs=y.elements * prod(weights.shape) // weights.shape[axis],
    )


def lower_conv(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The kernel for the type of the weights; groups as on int8."""
    channels, _, _, depth = o.operand(graph, op, 1).shape
    groups = o.operand(graph, op, 0).shape[3] // depth
    own: dict[str, ParamValue] = {"output_channels": channels, "groups": groups}
    return _filter_layer(graph, op, "conv_2d", 0, own)


def lower_depthwise(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The kernel for the type of the weights."""
    multiplier = o.operand(graph, op, 1).shape[3] // o.operand(graph, op, 0).shape[3]
    return _filter_layer(graph, op, "depthwise_conv_2d", 3, {"multiplier": multiplier})


def lower_pool(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """The kernel that averages, or takes the largest."""
    x = o.operand(graph, op, 0)
    return o.layer(
        graph,
        op,
        Kernel(_ROOM, op.kind.lower(), "pool_2d_f32", types=("f32",)),
        {**_geometry(graph, op, pool_2d.pool_window(graph, op)), "channels": x.shape[3]},
        reads=(x,),
        writes=o.result(graph, op),
    )


CONV_2D = OpSpec(
    structure=_filter_rules(0),
    constraints=(
        conv_2d.whole_groups,
        reach,
        output_shape(0),
        rules.finite_constants,
        rules.fused_activation,
    ),
    lower=one_layer(lower_conv),
    macs=conv_2d.macs,
    outside="zero_point",
)
DEPTHWISE_CONV_2D = OpSpec(
    structure=(*_filter_rules(3), depthwise_conv_2d.filter_shape),
    constraints=(
        depthwise_conv_2d.depth_multiplier,
        reach,
        output_shape(3),
        rules.finite_constants,
        rules.fused_activation,
    ),
    lower=one_layer(lower_depthwise),
    macs=depthwise_conv_2d.macs,
    outside="zero_point",
)
AVERAGE_POOL_2D = OpSpec(
    structure=(
        o.arity(1, 1),
        rules.floats(0),
        o.rank(0, 4, 4, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
        positive_strides,
        pool_2d.positive_window,
    ),
    constraints=(pool_2d.reach, pool_2d.output_shape, rules.fused_activation),
    lower=one_layer(lower_pool),
)
MAX_POOL_2D = AVERAGE_POOL_2D
