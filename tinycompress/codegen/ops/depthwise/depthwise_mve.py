"""DEPTHWISE_CONV_2D on cores with MVE: the variants of depthwise_s8_mve.h."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.conv.mve import MVE_BYTES, as_words, kernel_extras
from tinycompress.codegen.ops.depthwise import orders
from tinycompress.codegen.ops.depthwise.depthwise_problem import DepthwiseGeometry, DepthwiseProblem
from tinycompress.codegen.rounding.channels import ChannelTables, Int64s, channel_tables

_PACKED_CHANNELS = 8
"""Channels of which two pixels make a vector."""
_PAIR_LIMIT = 255
"""Weights of two taps, as magnitudes together: their products with int8 fit 16 bits."""
_SUM_ORDER = np.array([0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15])
"""Lanes in the order of the sums."""
_BUFFER_TARGET_BYTES = 4096
"""More rows than the window's are worth copying together up to here."""


@dataclass(frozen=True)
class _Buffer:
    """The rows of one block with what is around them; in pixels, rows and bytes."""

    pixel_bytes: int
    width: int
    used_width: int
    band_height: int
    bytes: int

    @classmethod
    def of(cls, geometry: DepthwiseGeometry, channels: int) -> _Buffer:
        """As few rows as computing one row of outputs takes, or more if they are small."""
        (height, width), (_, _, left, _) = geometry.size, geometry.paddings
        pixel_bytes = min(channels, MVE_BYTES)
        needed = (geometry.output[1] - 1) * geometry.stride[1] + width
        pitch = needed * pixel_bytes
        rows = max(_BUFFER_TARGET_BYTES // pitch, height)
        band = min((rows - height) // geometry.stride[0] + 1, geometry.output[0])
        used = (band - 1) * geometry.stride[0] + height
        return cls(pixel_bytes, needed, min(geometry.input[1], needed - left), band, used * pitch)


def mve_variants(problem: DepthwiseProblem) -> Iterator[Layer]:
    """The layer by each of these kernels that can compute it, the fastest first."""
    channels = o.operand(problem.graph, problem.op, 0).shape[3]
    geometry = problem.geometry
    packed = channels == _PACKED_CHANNELS and geometry.stride[1] == 1 and geometry.output[1] > 1
    if len(problem.rows) != channels or not (channels >= MVE_BYTES or packed):
        return
    tables = channel_tables(problem.stairs, problem.rows, problem.biases)
    # Windows that lie in the padding altogether leave nothing to copy.
    if tables is None or _Buffer.of(geometry, channels).used_width < 1:
        return
    if geometry.size == (3, 3) and geometry.stride[1] in (1, 2):
        order = np.array([1, 2, 0, 4, 5, 3, 7, 8, 6])
        if _pairs_fit(problem.rows[:, order]):
            yield _layer(problem, tables, "3x3", order)
    order = np.arange(problem.rows.shape[1])
    if _pairs_fit(problem.rows):
        yield _layer(problem, tables, "", order)


def _pairs_fit(rows: Int64s) -> bool:
    sizes = np.abs(_even(rows))
    return bool((sizes[:, ::2] + sizes[:, 1::2]).max() <= _PAIR_LIMIT)


def _even(rows: Int64s) -> Int64s:
    """Taps, one more of weight 0 where they are odd."""
    return np.pad(rows, ((0, 0), (0, rows.shape[1] % 2)))


def _stream(rows: Int64s, tables: ChannelTables, pixel_bytes: int) -> Int64s:
    """Words for every block: ``[blocks, words]``."""
    channels = len(rows)
    firsts = [min(c, channels - pixel_bytes) for c in range(0, channels, pixel_bytes)]
    lanes = np.array(
        [[first + lane % pixel_bytes for lane in range(MVE_BYTES)] for first in firsts]
    )
    sums = lanes[:, _SUM_ORDER]
    multipliers = as_words(tables.multipliers[sums].reshape(-1, 4), np.int32)
    extras = as_words(kernel_extras(tables)[sums].reshape(-1, 4), np.int16)
    return np.concatenate(
        [
            as_words(tables.biases[sums], np.int32),
            as_words(_even(rows)[lanes].transpose(0, 2, 1), np.int8),
            np.concatenate([multipliers, extras], axis=1).reshape(len(lanes), -1),
        ],
        axis=1,
    )


def _layer(problem: DepthwiseProblem, tables: ChannelTables, variant: str, order: Int64s) -> Layer:
    x, y = o.operand(problem.graph, problem.op, 0), o.result(problem.graph, problem.op)
    geometry, buffer = problem.geometry, _Buffer.of(problem.geometry, x.shape[3])
    low, high = o.clamp_range(problem.graph, problem.op)
    stream = _stream(problem.rows[:, order], tables, buffer.pixel_bytes)
    taps_y, taps_x = np.divmod(order, geometry.size[1])
    offsets = (taps_y * buffer.width + taps_x) * buffer.pixel_bytes
    weights = o.operand(problem.graph, problem.op, 1).name
    params: dict[str, ParamValue] = {
        "batches": x.shape[0],
        "input_height": geometry.input[0],
        "input_width": geometry.input[1],
        "input_channels": x.shape[3],
        "output_height": geometry.output[0],
        "output_width": geometry.output[1],
        **geometry.params,
        "zero_point": o.quantization(x).zero_point,
        "output_zero_point": o.quantization(y).zero_point,
        "fraction_bits": tables.fraction_bits,
        "clamp_min": low,
        "clamp_max": high,
        "pixel_bytes": buffer.pixel_bytes,
        "buffer_width": buffer.width,
        "buffer_bytes": buffer.bytes,
        "used_width": buffer.used_width,
        "band_height": buffer.band_height,
        "pairs": -(-len(order) // 2),
        "offsets": problem.array("offsets", np.pad(offsets, (0, len(order) % 2)), np.int32),
        "stream": ConstArray(weights, "stream", stream.reshape(-1)),
        "block_words": stream.shape[1],
    }
    kernel = Kernel(
        "depthwise",
        "depthwise",
        "depthwise_s8_mve",
        variant=variant,
        rounding=tables.rounding,
        family="mve",
    )
    scratch = ("int8_t", buffer.bytes)
    return problem.reference.by(kernel, params, order=orders.blocks, scratch=scratch)
