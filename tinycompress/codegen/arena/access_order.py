"""In which order each kernel reads and writes: how far its output may lie in its own input.

A kernel works in steps; each reads some of the input and then writes some of the output. What it
writes may fall on input that no later step reads. With the output at the input's offset less a
distance, that holds if for every step ``written + input - distance <= input + still to be read``,
so that the least distance is the largest ``end of all that is written by then - begin of all that
is read after``. It is often negative for layers that shrink their input.

A kernel that is not listed here never overlaps: one that reads after it has written everything,
and one whose order nobody has stated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import Layer

_Int64s = npt.NDArray[np.int64]

_DSP_PIXELS = 3
"""Pixels that the convolutions for the DSP extension read before they write them."""
_MLA_PIXELS = 2
"""Pixels that the convolutions for other Thumb-2 cores, and for MVE, compute together."""
_MLA_CHANNELS = 4
"""Output channels for which these read the pixels once."""
_DSP_OUTPUTS = 4
"""Outputs for which fully_connected_direct_s8_dsp.h reads its inputs once."""
_MLA_OUTPUTS = 8
"""Outputs for which fully_connected_s8_mla.h reads its inputs once."""


@dataclass(frozen=True)
class Overlap:
    """The output may begin at the input's offset less ``distance_bytes`` or more.

    The difference must be a multiple of ``multiple_bytes``, and ``remainder_bytes``; 1 is any.
    """

    distance_bytes: int
    multiple_bytes: int = 1
    remainder_bytes: int = 0

    def moved(self, more_bytes: int) -> Overlap:
        """The same between points that are so many bytes further apart."""
        remainder = (self.remainder_bytes + more_bytes) % self.multiple_bytes
        return Overlap(self.distance_bytes + more_bytes, self.multiple_bytes, remainder)

    def both(self, other: Overlap) -> Overlap:
        """What obeys two: at no distance, if their multiples disagree."""
        distance = max(self.distance_bytes, other.distance_bytes)
        one, two = sorted((self, other), key=lambda overlap: -overlap.multiple_bytes)
        agreed = two.multiple_bytes == 1 or (one.multiple_bytes, one.remainder_bytes) == (
            two.multiple_bytes,
            two.remainder_bytes,
        )
        return Overlap(distance if agreed else _ANYWHERE, one.multiple_bytes, one.remainder_bytes)


def overlap_of(layer: Layer) -> Overlap | None:
    """What a layer's kernel allows for its output and each input; None if they may not overlap."""
    order = _ORDERS.get(layer.kernel.name)
    return None if order is None else order(_Numbers(layer))


class _Numbers:
    """The integer parameters of a layer, by name."""

    def __init__(self, layer: Layer) -> None:
        self._params = layer.params

    def __getitem__(self, name: str) -> int:
        value = self._params[name]
        if not isinstance(value, int):
            raise TypeError(f"parameter {name} is no integer: {value!r}")
        return value


def _distance(written: _Int64s, read: _Int64s) -> int:
    """The least safe distance.

    Args:
        written: For each step, the end of what it writes, from the output's begin.
        read: For each step, the begin of what it reads, from the input's begin.

    Returns:
        The distance; for a single step, after which nothing is read, that to the output's end less
        all that can be: the output may be anywhere.
    """
    if written.size == 1:
        return -_ANYWHERE
    so_far = np.maximum.accumulate(written)[:-1]
    still = np.minimum.accumulate(read[::-1])[::-1][1:]
    return int((so_far - still).max())


_ANYWHERE = 2**40
"""Further than any arena reaches."""


def _every_element(numbers: _Numbers) -> Overlap:
    return Overlap(0)


def _rows(numbers: _Numbers) -> Overlap:
    """A row of inputs is read before its outputs are written."""
    steps = np.arange(numbers["batches"], dtype=np.int64)
    return Overlap(_distance((steps + 1) * numbers["outputs"], steps * numbers["inputs"]))


def _outputs_of_rows(numbers: _Numbers) -> Overlap:
    """A row of inputs is read for each of its outputs."""
    rows = np.arange(numbers["batches"], dtype=np.int64)
    inputs, outputs = numbers["inputs"], numbers["outputs"]
    return Overlap(_distance_of_elements(rows * inputs, outputs))


def _eights_of_rows(numbers: _Numbers) -> Overlap:
    """A row of inputs is read for every eight of its outputs, then for each that is left over."""
    inputs, outputs = numbers["inputs"], numbers["outputs"]
    last = 1 if outputs % _MLA_OUTPUTS else _MLA_OUTPUTS
    return Overlap(_distance_of_groups(numbers["batches"], inputs, outputs, last))


def _fours_of_rows(numbers: _Numbers) -> Overlap:
    """A row of inputs is read for every four of its outputs, then for each that is left over."""
    inputs, outputs = numbers["inputs"], numbers["outputs"]
    last = 1 if outputs % _DSP_OUTPUTS else _DSP_OUTPUTS
    return Overlap(_distance_of_groups(numbers["batches"], inputs, outputs, last))


def _distance_of_groups(rows: int, inputs: int, outputs: int, last: int) -> int:
    """As `_distance` for rows read anew for every group of outputs, ``last`` in the last one."""
    read = np.arange(rows, dtype=np.int64) * inputs
    end = np.arange(1, rows + 1, dtype=np.int64) * outputs
    if outputs == last:
        return _distance(end, read)
    return _distance(np.stack([end - last, end], axis=1).reshape(-1), np.repeat(read, 2))


def _distance_of_elements(read: _Int64s, outputs: int) -> int:
    """As `_distance` for steps that write ``outputs`` bytes and read anew before each."""
    first = np.repeat(read, min(outputs, 2))
    steps = np.arange(len(read), dtype=np.int64)[:, None]
    # Of the elements of a step the last two decide: the others are written lower.
    last = np.array([outputs - 1, outputs] if outputs > 1 else [1], np.int64)
    return _distance((steps * outputs + last).reshape(-1), first)


def _windows(numbers: _Numbers, channels: int, output_height: int, prefix: str = "") -> _Int64s:
    """The lowest byte, or below, that each output pixel's window holds: ``[batches, pixels]``."""
    height, width = numbers[f"{prefix}input_height"], numbers[f"{prefix}input_width"]
    rows = np.arange(output_height, dtype=np.int64) * numbers[f"{prefix}stride_height"]
    columns = np.arange(numbers[f"{prefix}output_width"], dtype=np.int64)
    columns *= numbers[f"{prefix}stride_width"]
    rows = np.clip(rows - numbers[f"{prefix}pad_top"], 0, height)
    columns = np.clip(columns - numbers[f"{prefix}pad_left"], 0, width)
    image = (rows[:, None] * width + columns).reshape(-1)
    starts = np.arange(numbers["batches"], dtype=np.int64)[:, None] * (height * width)
    return (starts + image) * channels


def _gathered_windows(numbers: _Numbers, at_once: int) -> Overlap:
    """Some windows are copied, then their pixels written."""
    area, outputs = numbers["output_area"], numbers["output_channels"]
    height = area // numbers["window.output_width"]
    windows = _windows(numbers, numbers["window.input_channels"], height, "window.")
    groups = np.arange(0, area, at_once)
    read = np.minimum.reduceat(windows, groups, axis=1)
    ends = np.minimum(groups + at_once, area)
    written = (np.arange(len(windows))[:, None] * area + ends) * outputs
    return Overlap(_distance(written.reshape(-1), read.reshape(-1)))


def _windows_in_threes(numbers: _Numbers) -> Overlap:
    return _gathered_windows(numbers, _DSP_PIXELS)


def _windows_in_twos(numbers: _Numbers) -> Overlap:
    return _gathered_windows(numbers, _MLA_PIXELS)


def _windows_alone(numbers: _Numbers) -> Overlap:
    return _gathered_windows(numbers, 1)


def _pixels_in_threes(numbers: _Numbers) -> Overlap:
    first = np.arange(0, numbers["pixels"], _DSP_PIXELS, dtype=np.int64)
    end = np.minimum(first + _DSP_PIXELS, numbers["pixels"])
    return Overlap(_distance(end * numbers["outputs"], first * numbers["inputs"]))


def _pixels_in_twos(numbers: _Numbers) -> Overlap:
    """Two pixels are read again for every four of their outputs, a last four included."""
    first = np.arange(0, numbers["pixels"], _MLA_PIXELS, dtype=np.int64)
    end = np.minimum(first + _MLA_PIXELS, numbers["pixels"]) * numbers["outputs"]
    if numbers["outputs"] <= _MLA_CHANNELS:
        return Overlap(_distance(end, first * numbers["inputs"]))
    before_last = end - (numbers["outputs"] % _MLA_CHANNELS or _MLA_CHANNELS)
    written = np.stack([before_last, end], axis=1).reshape(-1)
    return Overlap(_distance(written, np.repeat(first * numbers["inputs"], 2)))


def _pixels_in_twos_mve(numbers: _Numbers) -> Overlap | None:
    """Two pixels are read again for every four of their outputs, all of them for a last few."""
    return None if numbers["outputs"] % _MLA_CHANNELS else _pixels_in_twos(numbers)


def _conv_by_element(numbers: _Numbers) -> Overlap:
    windows = _windows(numbers, numbers["input_channels"], numbers["output_height"])
    return Overlap(_distance_of_elements(windows.reshape(-1), numbers["output_channels"]))


def _depthwise_by_element(numbers: _Numbers) -> Overlap:
    channels, multiplier = numbers["input_channels"], numbers["depth_multiplier"]
    windows = _windows(numbers, channels, numbers["output_height"]).reshape(-1, 1)
    # Output channel c of a window reads input channel c / multiplier.
    read = windows + np.arange(channels * multiplier, dtype=np.int64) // multiplier
    return Overlap(_distance(np.arange(1, read.size + 1), read.reshape(-1)))


def _pool_by_element(numbers: _Numbers) -> Overlap:
    return _channels_of_windows(numbers, 1)


def _pool_in_fours(numbers: _Numbers) -> Overlap:
    return _channels_of_windows(numbers, 4)


def _pool_in_eights(numbers: _Numbers) -> Overlap:
    return _channels_of_windows(numbers, 8)


def _pool_in_blocks(numbers: _Numbers) -> Overlap:
    """Sixteen channels, fewer in a last block."""
    return _channels_of_windows(numbers, 16, repeats=False)


def _channels_of_windows(numbers: _Numbers, at_once: int, *, repeats: bool = True) -> Overlap:
    windows = _windows(numbers, numbers["channels"], numbers["output_height"])
    return _channels_of(windows, numbers["channels"], at_once, repeats=repeats)


def _channels_of(pixels: _Int64s, channels: int, at_once: int, *, repeats: bool = True) -> Overlap:
    """Some channels of a pixel are read, then written.

    Args:
        pixels: The lowest byte that each output pixel reads of channel 0.
        channels: Of input and output.
        at_once: How many are read together.
        repeats: Whether the last are as many, some of those before among them, or fewer.
    """
    first = np.arange(0, channels, at_once, dtype=np.int64)
    begin = np.minimum(first, channels - at_once) if repeats else first
    read = pixels.reshape(-1, 1) + begin
    pixel_ends = np.arange(pixels.size, dtype=np.int64).reshape(-1, 1) * channels
    written = pixel_ends + np.minimum(first + at_once, channels)
    return Overlap(_distance(written.reshape(-1), read.reshape(-1)))


def _quads(numbers: _Numbers) -> Overlap:
    """Four channels of a window are read, then their outputs written."""
    channels = numbers["channels"]
    windows = _windows(numbers, channels, numbers["output_height"]).reshape(-1, 1)
    read = (windows + np.arange(0, channels, 4, dtype=np.int64)).reshape(-1)
    return Overlap(_distance(4 * np.arange(1, read.size + 1), read))


def _mean_by_element(numbers: _Numbers) -> Overlap:
    """The first element of each sum is its lowest."""
    row = numbers["reduced_1"] * numbers["kept_2"]
    outer = np.arange(numbers["kept_0"], dtype=np.int64)[:, None]
    inner = np.arange(numbers["kept_1"], dtype=np.int64)
    first = (outer * numbers["reduced_0"] * numbers["kept_1"] + inner) * row
    return _channels_of(first, numbers["kept_2"], 1)


def _mean_in_fours(numbers: _Numbers) -> Overlap:
    return _planes_of_means(numbers, 4)


def _mean_in_eights(numbers: _Numbers) -> Overlap:
    return _planes_of_means(numbers, 8)


def _planes_of_means(numbers: _Numbers, at_once: int) -> Overlap:
    channels = numbers["kept_1"]
    planes = np.arange(numbers["kept_0"], dtype=np.int64) * (numbers["reduced_0"] * channels)
    return _channels_of(planes, channels, at_once)


def _planes(numbers: _Numbers) -> Overlap | None:
    """One channel at a time, of which a band of rows is read before its outputs are written.

    Channels keep out of each other's way if the output is whole pixels away from the input. A step
    reads the rows that are not yet in the plane, and writes one byte of each of its pixels.
    """
    return _bands(numbers, numbers["depth_multiplier"])


def _blocks(numbers: _Numbers) -> Overlap | None:
    """As `_planes`, a block of channels at a time; a last one must not repeat some of others."""
    channels = numbers["input_channels"]
    return None if channels % numbers["pixel_bytes"] else _bands(numbers, 1)


def _bands(numbers: _Numbers, multiplier: int) -> Overlap | None:
    channels = numbers["input_channels"]
    if multiplier > 1 and channels > 1:
        return None
    band, stride = numbers["band_height"], numbers["stride_height"]
    kept = max(numbers["filter_height"] - stride, 0)
    begins = np.arange(0, numbers["output_height"], band, dtype=np.int64)
    rows = np.minimum(begins + band, numbers["output_height"])
    read_rows = begins * stride - numbers["pad_top"] + np.where(begins > 0, kept, 0)
    read = np.maximum(read_rows, 0) * numbers["input_width"]
    # Bands may lie below the input, or need no row that is not there yet.
    read[read_rows >= numbers["input_height"]] = _ANYWHERE
    images = np.arange(numbers["batches"], dtype=np.int64)[:, None]
    read = read + images * (numbers["input_height"] * numbers["input_width"])
    written = (rows + images * numbers["output_height"]) * numbers["output_width"]
    # Of the pixels only one channel's byte counts, so that whole pixels are the unit.
    distance = _distance(written.reshape(-1) * multiplier, read.reshape(-1))
    return Overlap(distance * channels, channels)


_Order = Callable[[_Numbers], Overlap | None]

_ELEMENTWISE = (
    "add_s8_two_roundings_dsp", "add_s8_two_roundings_mve", "add_equal_s8_two_roundings_dsp", "add_equal_s8_two_roundings_mve",
    "add_plane_s8_dsp", "add_plane_s8_mve", "add_plane_s8_plain", "add_s8_ref", "map_clamp_s8_ref",
    "map_table_s8_ref", "softmax_s8_ref", "softmax_series_s8_ref",
)  # fmt: skip
"""Kernels that read each element, or some, before they write it, or them."""

_ORDERS: Mapping[str, _Order] = MappingProxyType(
    {
        **dict.fromkeys(_ELEMENTWISE, _every_element),
        "average_pool_2d_s8_dsp": _pool_in_fours,
        "average_pool_2d_s8_mve": _pool_in_eights,
        "average_pool_2d_s8_ref": _pool_by_element,
        "conv_1x1_s8_two_roundings_dsp": _pixels_in_threes,
        "conv_1x1_s8_two_roundings_mla": _pixels_in_twos,
        "conv_1x1_s8_two_roundings_mve": _pixels_in_twos_mve,
        "conv_1x1_s8_fitted_dsp": _pixels_in_threes,
        "conv_1x1_s8_fitted_mla": _pixels_in_twos,
        "conv_1x1_s8_fitted_mve": _pixels_in_twos_mve,
        "conv_2d_rows_s8_two_roundings_dsp": _windows_in_threes,
        "conv_2d_rows_s8_fitted_dsp": _windows_in_threes,
        "conv_2d_s8_two_roundings_dsp": _windows_in_threes,
        "conv_2d_s8_two_roundings_mla": _windows_in_twos,
        "conv_2d_s8_two_roundings_mve": _windows_in_twos,
        "conv_2d_s8_two_roundings_thumb1": _windows_alone,
        "conv_2d_s8_fitted_dsp": _windows_in_threes,
        "conv_2d_s8_fitted_mla": _windows_in_twos,
        "conv_2d_s8_fitted_mve": _windows_in_twos,
        "conv_2d_s8_fitted_thumb1": _windows_alone,
        "conv_2d_s8_ref": _conv_by_element,
        "conv_2d_words_s8_two_roundings_thumb1": _windows_alone,
        "conv_2d_words_s8_fitted_thumb1": _windows_alone,
        "depthwise_3x3_fours_stride_1_s8_dsp": _planes,
        "depthwise_3x3_fours_stride_2_s8_dsp": _planes,
        "depthwise_3x3_stride_1_s8_dsp": _planes,
        "depthwise_3x3_stride_2_s8_dsp": _planes,
        "depthwise_3x3_s8_two_roundings_mve": _blocks,
        "depthwise_3x3_s8_fitted_mve": _blocks,
        "depthwise_3x3_s8_thumb1": _planes,
        "depthwise_conv_2d_s8_ref": _depthwise_by_element,
        "depthwise_planes_s8_two_roundings_plain": _planes,
        "depthwise_planes_s8_two_roundings_thumb1": _planes,
        "depthwise_planes_s8_dsp": _planes,
        "depthwise_planes_s8_fitted_plain": _planes,
        "depthwise_quads_s8_two_roundings_dsp": _quads,
        "depthwise_quads_s8_fitted_dsp": _quads,
        "depthwise_s8_two_roundings_mve": _blocks,
        "depthwise_s8_fitted_mve": _blocks,
        "fully_connected_direct_s8_two_roundings_dsp": _fours_of_rows,
        "fully_connected_direct_s8_fitted_dsp": _fours_of_rows,
        "fully_connected_s8_two_roundings_dsp": _rows,
        "fully_connected_s8_two_roundings_mla": _eights_of_rows,
        "fully_connected_s8_fitted_dsp": _rows,
        "fully_connected_s8_fitted_mla": _eights_of_rows,
        "fully_connected_s8_half_away_ref": _outputs_of_rows,
        "fully_connected_per_channel_s8_half_away_ref": _outputs_of_rows,
        "fully_connected_per_channel_s8_ref": _outputs_of_rows,
        "fully_connected_s8_ref": _outputs_of_rows,
        "max_pool_2d_s8_dsp": _pool_in_fours,
        "max_pool_2d_s8_mve": _pool_in_blocks,
        "max_pool_2d_s8_ref": _pool_by_element,
        "mean_s8_dsp": _mean_in_fours,
        "mean_s8_mve": _mean_in_eights,
        "mean_s8_ref": _mean_by_element,
    }
)
