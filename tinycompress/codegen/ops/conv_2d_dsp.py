"""CONV_2D for cores with the DSP extension: every variant that computes a layer exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tinycompress.codegen.fitted_multiply import DoubleRounding
from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue, ScratchArgument
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.channels import ChannelTables, channel_tables, folded_biases
from tinycompress.codegen.ops.fully_connected_dsp import dense_layer
from tinycompress.codegen.ops.requantize import bias_values, effective_scales
from tinycompress.codegen.ops.streams import (
    Words,
    in_order,
    pair_stream,
    pair_words,
    quad_count,
    tap_order,
)
from tinycompress.codegen.ops.window import Window
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import Graph, Op

_COLUMN_WORDS = 6
"""Words of the columns for a quad: three pixels, two pairs each."""


def dsp_variants(graph: Graph, op: Op, window: Window, reference: Layer) -> Iterator[Layer]:
    """The layer by each fast kernel that can compute it.

    Args:
        graph: The graph; the operator has passed the checks.
        op: A CONV_2D.
        window: Its window.
        reference: The layer by the reference kernel.
    """
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    if weights.shape[3] != x.shape[3] or window.dilation != (1, 1):
        return
    rows = np.asarray(weights.data, np.int64).reshape(weights.shape[0], -1)
    tables = _tables(graph, op, rows)
    if tables is None:
        return
    pointwise = window.size == window.stride == (1, 1) and not window.padded
    if pointwise and reference.output_shape[:3] == (1, 1, 1):
        yield dense_layer(reference, weights.name, rows, tables, _common(graph, op))
    if weights.shape[0] < 2:
        return
    if pointwise and rows.shape[1] % 4 == 0:
        yield _pointwise(graph, op, reference, tables, pair_stream(rows, tables))
    order = tap_order(window.size[0], window.size[1] * weights.shape[3])
    stream = pair_stream(in_order(rows, order), tables)
    yield _windowed(graph, op, window, reference, tables, stream)


def _tables(graph: Graph, op: Op, rows: np.ndarray) -> ChannelTables | None:
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    channels = len(rows)
    limits, zero_point = o.clamp_range(graph, op), o.quantization(y).zero_point
    stairs = [
        DoubleRounding(*quantize_multiplier(scale), zero_point, limits)
        for scale in effective_scales(x, weights, y, channels)
    ]
    biases = bias_values(o.optional_operand(graph, op, 2), channels)
    return channel_tables(stairs, rows, folded_biases(rows, biases, o.quantization(x).zero_point))


def _common(graph: Graph, op: Op) -> dict[str, ParamValue]:
    low, high = o.clamp_range(graph, op)
    return {
        "doubled_zero_point": 2 * o.quantization(o.result(graph, op)).zero_point + 1,
        "clamp_min": low,
        "clamp_max": high,
    }


def _stream(name: str, stream: Words, inputs: int) -> dict[str, ParamValue]:
    return {
        "stream": ConstArray(name, "stream", stream),
        "stream_words": stream.size,
        "pair_words": pair_words(inputs),
    }


def window_params(graph: Graph, op: Op, window: Window) -> dict[str, ParamValue]:
    """The fields of tck_conv_window."""
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    values = {
        "input_height": x.shape[1],
        "input_width": x.shape[2],
        "input_channels": x.shape[3],
        "output_width": y.shape[2],
        "filter_height": window.size[0],
        "filter_width": window.size[1],
        "stride_height": window.stride[0],
        "stride_width": window.stride[1],
        "pad_top": window.padding[0],
        "pad_left": window.padding[2],
        "zero_point": o.quantization(x).zero_point,
    }
    return {f"window.{name}": value for name, value in values.items()}


def _pointwise(
    graph: Graph, op: Op, reference: Layer, tables: ChannelTables, stream: Words
) -> Layer:
    weights, y = o.operand(graph, op, 1), o.result(graph, op)
    outputs, inputs = weights.shape[0], weights.shape[3]
    params: dict[str, ParamValue] = {
        "pixels": y.elements // outputs,
        "inputs": inputs,
        "outputs": outputs,
        **_common(graph, op),
        **_stream(weights.name, stream, inputs),
    }
    return replace(
        reference,
        kernel=Kernel(f"conv_1x1_s8_{tables.rounding}_dsp", "conv_1x1_s8_dsp"),
        params=params,
        arguments=(*reference.arguments, ScratchArgument("uint32_t")),
        scratch_bytes=4 * _COLUMN_WORDS * quad_count(inputs),
    )


def _windowed(
    graph: Graph,
    op: Op,
    window: Window,
    reference: Layer,
    tables: ChannelTables,
    stream: Words,
) -> Layer:
    x, weights, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    channels, height, width, depth = weights.shape
    chunks = quad_count(height * width * depth)
    params: dict[str, ParamValue] = {
        **window_params(graph, op, window),
        "batches": x.shape[0],
        "output_area": y.shape[1] * y.shape[2],
        "output_channels": channels,
        **_common(graph, op),
        "chunks": chunks,
        **_stream(weights.name, stream, height * width * depth),
    }
    gathered = 3 * height * width * depth if depth % 4 else 0
    return replace(
        reference,
        kernel=Kernel(f"conv_2d_s8_{tables.rounding}_dsp", "conv_2d_s8_dsp"),
        params=params,
        arguments=(*reference.arguments, ScratchArgument("uint32_t")),
        scratch_bytes=4 * _COLUMN_WORDS * chunks + gathered,
    )
