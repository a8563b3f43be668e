"""AVERAGE_POOL_2D and MAX_POOL_2D on int8 or int16: any window, stride and padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, alternatives
from tinycompress.codegen.ops.pool import orders
from tinycompress.codegen.ops.window import (
    Window,
    output_shape_detail,
    positive_strides,
    reach_detail,
    window_of,
)
from tinycompress.codegen.options import CodegenOptions, CoreFamily
from tinycompress.codegen.overlap import AccessOrder
from tinycompress.ir.graph import Graph, Op

_ELEMENTS = 255
"""Elements of a window whose sum fits 16 bits, whatever they are."""
_FAST: Mapping[tuple[str, CoreFamily], tuple[int, AccessOrder]] = {
    ("AVERAGE_POOL_2D", "mve"): (8, orders.in_eights),
    ("AVERAGE_POOL_2D", "dsp"): (4, orders.in_fours),
    ("MAX_POOL_2D", "mve"): (1, orders.in_blocks),
    ("MAX_POOL_2D", "dsp"): (4, orders.in_fours),
}
"""Channels that a core's own kernel takes at a time, of which there must be as many; its order."""


def pool_window(graph: Graph, op: Op) -> Window:
    """The window of a pool, whose size its options say."""
    size = (o.int_option(op, "filter_height"), o.int_option(op, "filter_width"))
    return window_of(graph, op, size)


def positive_window(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The window must be at least 1x1"""
    height, width = o.int_option(op, "filter_height"), o.int_option(op, "filter_width")
    return None if height > 0 and width > 0 else f"it is {height}x{width}"


def reach(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The dilated window must span fewer than 2^24 elements in height and width"""
    return reach_detail(pool_window(graph, op))


def output_shape(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The output's shape must follow from input, window, stride and padding"""
    return output_shape_detail(graph, op, pool_window(graph, op), o.operand(graph, op, 0).shape[3])


def same_quantisation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Input and output must have the same scale and zero point, as nothing is rescaled"""
    x, y = o.quantization(o.operand(graph, op, 0)), o.quantization(o.result(graph, op))
    if (x.scale, x.zero_point) == (y.scale, y.zero_point):
        return None
    return f"{x.scale:g}/{x.zero_point} and {y.scale:g}/{y.zero_point}"


def lower(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    """List the kernels and compute their constants."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    window = pool_window(graph, op)
    wide = o.is_wide(graph, op)
    low, high = o.clamp_range(graph, op)
    reference = o.layer(
        graph,
        op,
        Kernel("pool", op.kind.lower(), "pool_2d", types=("s16" if wide else "s8",)),
        {
            "batches": x.shape[0],
            "input_height": x.shape[1],
            "input_width": x.shape[2],
            "channels": x.shape[3],
            "output_height": y.shape[1],
            "output_width": y.shape[2],
            **window.params,
            "clamp_min": low,
            "clamp_max": high,
        },
        reads=(x,),
        writes=y,
        order=None if wide else orders.by_element,
    )
    return alternatives((*_fast_variants(op, window, reference, options), reference))


def _fast_variants(
    op: Op, window: Window, reference: Layer, options: CodegenOptions
) -> Iterator[Layer]:
    """The layer by the core's own kernel: no window may lie in the padding altogether."""
    (height, width), (top, bottom, left, right) = window.size, window.padding
    if not (max(top, bottom) < height and max(left, right) < width):
        return
    fast = _FAST.get((op.kind, options.family))
    if fast is None or reference.kernel.types != ("s8",):
        return
    channels, order = fast
    sums_fit = op.kind == "MAX_POOL_2D" or height * width <= _ELEMENTS
    if sums_fit and reference.output_shape[3] >= channels:
        kernel = replace(reference.kernel, family=options.family)
        yield reference.by(kernel, reference.params, order=order)


AVERAGE = OpSpec(
    structure=(
        o.arity(1, 1),
        o.activations(0),
        o.rank(0, 4, 4, "input"),
        o.no_empty_tensor,
        o.computed(0, "input"),
        o.quantised(0),
        positive_strides,
        positive_window,
    ),
    constraints=(reach, output_shape, same_quantisation, o.fused_activation),
    lower=lower,
    window=pool_window,
)
MAX = replace(AVERAGE, outside="lowest")
