"""In which order the kernels of CONV_2D read and write: see ``codegen.overlap``."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.overlap import (
    AccessOrder,
    Numbers,
    Overlap,
    distance,
    distance_of_elements,
    windows,
)

_DSP_PIXELS = 3
"""Pixels that the convolutions for the DSP extension read before they write them."""
_MLA_PIXELS = 2
"""Pixels that the convolutions for other Thumb-2 cores, and for MVE, compute together."""
_MLA_CHANNELS = 4
"""Output channels for which these read the pixels once."""


_TILE_ROWS, _TILE_COLUMNS = 2, 8
"""Outputs of the tiles that Winograd's convolution computes together."""


def _gathered_windows(numbers: Numbers, at_once: int) -> Overlap:
    """Some windows are copied, then their pixels written."""
    area, outputs = numbers["output_area"], numbers["output_channels"]
    height = area // numbers["window.output_width"]
    begins = windows(numbers, numbers["window.input_channels"], height, "window.")
    groups = np.arange(0, area, at_once)
    read = np.minimum.reduceat(begins, groups, axis=1)
    ends = np.minimum(groups + at_once, area)
    written = (np.arange(len(begins))[:, None] * area + ends) * outputs
    return Overlap(distance(written.reshape(-1), read.reshape(-1)))


def windows_in_threes(numbers: Numbers) -> Overlap:
    """The windows of three pixels are copied, then the pixels written."""
    return _gathered_windows(numbers, _DSP_PIXELS)


def windows_in_twos(numbers: Numbers) -> Overlap:
    """The windows of two pixels are copied, then the pixels written."""
    return _gathered_windows(numbers, _MLA_PIXELS)


def windows_alone(numbers: Numbers) -> Overlap:
    """The window of a pixel is copied, then the pixel written."""
    return _gathered_windows(numbers, 1)


def tiles_in_fours(numbers: Numbers) -> Overlap:
    """The input of four tiles of two by two outputs, side by side, is copied, then all their
    outputs are written."""
    height, outputs = numbers["output_height"], numbers["output_channels"]
    width = numbers["window.output_width"]
    begins = windows(numbers, numbers["window.input_channels"], height, "window.")
    images = begins.reshape(-1, height, width)
    ends = np.minimum(np.arange(0, width, _TILE_COLUMNS) + _TILE_COLUMNS, width)
    rows = np.minimum(np.arange(0, height, _TILE_ROWS) + _TILE_ROWS - 1, height - 1)
    written = rows[:, None] * width + ends
    of_image = np.arange(len(images), dtype=np.int64)[:, None, None] * (height * width)
    read = images[:, ::_TILE_ROWS, ::_TILE_COLUMNS]
    return Overlap(distance(((of_image + written) * outputs).reshape(-1), read.reshape(-1)))


def pixels_in_threes(numbers: Numbers) -> Overlap:
    """Three pixels are widened, then written."""
    first = np.arange(0, numbers["pixels"], _DSP_PIXELS, dtype=np.int64)
    end = np.minimum(first + _DSP_PIXELS, numbers["pixels"])
    return Overlap(distance(end * numbers["outputs"], first * numbers["inputs"]))


def pixels_in_twos(numbers: Numbers) -> Overlap:
    """Two pixels are read again for every four of their outputs, a last four included."""
    first = np.arange(0, numbers["pixels"], _MLA_PIXELS, dtype=np.int64)
    end = np.minimum(first + _MLA_PIXELS, numbers["pixels"]) * numbers["outputs"]
    if numbers["outputs"] <= _MLA_CHANNELS:
        return Overlap(distance(end, first * numbers["inputs"]))
    before_last = end - (numbers["outputs"] % _MLA_CHANNELS or _MLA_CHANNELS)
    written = np.stack([before_last, end], axis=1).reshape(-1)
    return Overlap(distance(written, np.repeat(first * numbers["inputs"], 2)))


def pixels_in_twos_mve(numbers: Numbers) -> Overlap | None:
    """Two pixels are read again for every four of their outputs, all of them for a last few."""
    return None if numbers["outputs"] % _MLA_CHANNELS else pixels_in_twos(numbers)


def by_element(numbers: Numbers) -> Overlap:
    """A window is read for each of its output channels."""
    begins = windows(numbers, numbers["input_channels"], numbers["output_height"])
    return Overlap(distance_of_elements(begins.reshape(-1), numbers["output_channels"]))


def on_one_tile(order: AccessOrder) -> AccessOrder:
    """That of the kernel that runs on all channels, once their weights are decoded."""
    return lambda numbers: order(numbers.of("conv."))
