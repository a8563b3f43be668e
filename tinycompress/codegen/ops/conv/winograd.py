"""CONV_2D with 3x3 windows at stride 1 by Winograd's F(2x2, 3x3), in exact integers.

Lavin & Gray 2015, "Fast Algorithms for Convolutional Neural Networks". G has halves, so 2 G is
taken on both sides: weights are four times those of the paper, and so are the sums, which the
kernel divides by four without a rest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops.conv import orders
from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights.streams import Words, wrapped_words

_TWICE_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]], np.int64)
_POSITIONS = 16
_TILES = 4
_LEAST_CHANNELS = 16
_MOST_INPUTS = 2048
"""Sums of products fit 30 bits."""
_MOST_FILLING = 1.15
"""What costs leave out."""
_PAIR_ORDER = (0, 2, 1, 3)
"""Of four input channels: as SXTB16 takes them out of a word."""


def winograd_layer(
    reference: Layer,
    name: str,
    filters: Int64s,
    tables: ChannelTables,
    sizes: dict[str, ParamValue],
) -> Layer | None:
    """The layer by this kernel; None where it cannot or where too few channels pay nothing.

    Args:
        reference: The layer by the reference kernel.
        name: Of the weights.
        filters: ``[C_OUT, 3, 3, C_IN]``.
        tables: How channels are requantised.
        sizes: Fields of the parameters that other kernels have as well.
    """
    outputs, _, _, inputs = filters.shape
    if inputs % 8 or outputs % 2 or not min(inputs, outputs) >= _LEAST_CHANNELS:
        return None
    if inputs > _MOST_INPUTS or _filling(reference) > _MOST_FILLING:
        return None
    stream = winograd_stream(filters, tables)
    params: dict[str, ParamValue] = {
        **{field: value for field, value in sizes.items() if field != "output_area"},
        "output_height": reference.output_shape[1],
        "stream": ConstArray(name, "stream", stream),
        "stream_words": stream.size,
    }
    columns = 2 * _TILES + 2
    layer = reference.by(
        Kernel(
            "conv/winograd", "conv_2d", "conv_2d_winograd_s8_dsp", variant="winograd",
            rounding=tables.rounding, family="dsp",
        ),
        params,
        order=orders.tiles_in_fours,
        scratch=(
            "uint32_t",
            4 * (_POSITIONS * _TILES * inputs // 2 + 2 * _TILES * _POSITIONS)
            + 4 * columns * inputs,
        ),
    )  # fmt: skip
    return replace(layer, expanded=True)


def _filling(reference: Layer) -> float:
    """How much larger the tiles that are computed together are than the output."""
    _, height, width, _ = reference.output_shape
    columns = 2 * _TILES
    return -(-width // columns) * columns * (-(-height // 2) * 2) / (height * width)


def transformed(filters: Int64s) -> Int64s:
    """Four times the transformed weights: ``[C_OUT, 16, C_IN]`` of ``[C_OUT, 3, 3, C_IN]``."""
    found: Int64s = np.einsum("ia,oabc,jb->oijc", _TWICE_G, filters, _TWICE_G)
    return found.reshape(len(filters), _POSITIONS, -1)


def winograd_stream(filters: Int64s, tables: ChannelTables) -> Words:
    """The stream of conv_2d_winograd_s8_dsp.h."""
    outputs, inputs = len(filters), filters.shape[3]
    order = np.array([4 * quad + i for quad in range(inputs // 4) for i in _PAIR_ORDER])
    found = transformed(filters)[:, :, order].astype(np.int16)
    # [pairs of outputs, both, positions, pairs of inputs, both] -> outputs last but one
    pairs = found.reshape(outputs // 2, 2, _POSITIONS, inputs // 2, 2).transpose(0, 2, 3, 1, 4)
    words = np.ascontiguousarray(pairs).view(np.uint32).reshape(outputs // 2, -1)
    extras = (tables.extras & 0xFFFF).reshape(-1, 2)
    ends = (
        wrapped_words(tables.biases.reshape(-1, 2)),
        wrapped_words(tables.multipliers.reshape(-1, 2)),
        wrapped_words(extras[:, :1] | extras[:, 1:] << 16),
    )
    return np.concatenate([words, *ends], axis=1).reshape(-1)
