"""CONV_2D and FULLY_CONNECTED for Thumb-1 cores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops.conv import orders
from tinycompress.codegen.rounding.channels import ChannelTables, Int64s
from tinycompress.codegen.weights.streams import Words, thumb1_stream
from tinycompress.codegen.weights.words import CHANNELS, words_stream, worthwhile_blocks

_EIGHT = 8
"""Inputs that the kernel's loop takes at once."""
_OFFSET = 128
"""Added to inputs and weights, which makes them unsigned."""


def thumb1_layer(
    reference: Layer,
    weights_name: str,
    rows: Int64s,
    tables: ChannelTables,
    windows: Mapping[str, ParamValue],
    common: Mapping[str, ParamValue],
    *,
    words: bool = True,
) -> Layer | None:
    """The layer by the kernel for Thumb-1 cores; None for less than four output channels.

    Args:
        reference: The layer by the reference kernel, input and output its only arguments.
        weights_name: For comments and names.
        rows: Weights, ``[channels, taps]``.
        tables: Of the channels; multipliers and extras may be one for all.
        windows: Sizes as conv_2d_s8_thumb1.h names them.
        common: ``doubled_zero_point``, ``clamp_min`` and ``clamp_max``.
        words: Whether eights of channels may be taken by words_s8_thumb1.h where that pays.
    """
    channels, taps = rows.shape
    if channels < 4:
        return None
    row_bytes = -(-taps // _EIGHT) * _EIGHT
    filled = np.zeros((channels, row_bytes), np.int64)
    filled[:, :taps] = rows
    whole = replace(
        tables,
        multipliers=np.broadcast_to(tables.multipliers, (channels,)),
        extras=np.broadcast_to(tables.extras, (channels,)),
    )
    blocks = worthwhile_blocks(filled) if words else None
    kernel = Kernel(
        "conv",
        "conv_2d",
        "conv_2d_s8_thumb1",
        variant="" if blocks is None else "words",
        rounding=tables.rounding,
        family="thumb1",
    )
    return reference.by(
        kernel,
        {
            **windows,
            "row_bytes": row_bytes,
            "fraction_bits": tables.fraction_bits,
            **common,
            "stream": ConstArray(weights_name, "stream", _stream(filled, taps, whole, blocks)),
        },
        order=orders.windows_alone,
        scratch=("uint32_t", row_bytes),
    )


def _stream(
    filled: Int64s, taps: int, tables: ChannelTables, blocks: list[list[int]] | None
) -> Words:
    """The stream of rows of weights that are filled up behind ``taps``."""
    # Stored as int8, weight + 128 has the bits of an unsigned byte.
    stored = np.where(filled >= 0, filled - _OFFSET, filled + _OFFSET)
    head = [] if blocks is None else [words_stream(stored, tables, blocks)]
    # What fills up rows is 0 there, and that stored for a weight of 0 is not needed.
    stored[:, taps:] = 0
    unsigned = replace(tables, biases=tables.biases - _OFFSET * filled.sum(axis=1))
    begin = CHANNELS * len(blocks or ())
    return np.concatenate([*head, thumb1_stream(stored, unsigned, begin)])


def dense_windows(batches: int, inputs: int, outputs: int) -> dict[str, ParamValue]:
    """FULLY_CONNECTED as a convolution of 1x1 over a row of pixels."""
    ones = ("input_height", "filter_height", "filter_width", "stride_height", "stride_width")
    zeros = ("pad_top", "pad_left", "zero_point")
    return {
        **{f"window.{name}": 1 for name in ones},
        **{f"window.{name}": 0 for name in zeros},
        "window.input_width": batches,
        "window.input_channels": inputs,
        "window.output_width": batches,
        "batches": 1,
        "output_area": batches,
        "output_channels": outputs,
    }
