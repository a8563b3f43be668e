"""In which order the kernels of DEPTHWISE_CONV_2D read and write: see ``codegen.overlap``."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.overlap import (
    ANYWHERE,
    Numbers,
    Overlap,
    distance,
    windows,
)


def by_element(numbers: Numbers) -> Overlap:
    """A channel of a window is read for each of its outputs."""
    channels, multiplier = numbers["input_channels"], numbers["depth_multiplier"]
    begins = windows(numbers, channels, numbers["output_height"]).reshape(-1, 1)
    # Output channel c of a window reads input channel c / multiplier.
    read = begins + np.arange(channels * multiplier, dtype=np.int64) // multiplier
    return Overlap(distance(np.arange(1, read.size + 1), read.reshape(-1)))


def quads(numbers: Numbers) -> Overlap:
    """Four channels of a window are read, then their outputs written."""
    channels = numbers["channels"]
    begins = windows(numbers, channels, numbers["output_height"]).reshape(-1, 1)
    read = (begins + np.arange(0, channels, 4, dtype=np.int64)).reshape(-1)
    return Overlap(distance(4 * np.arange(1, read.size + 1), read))


def planes(numbers: Numbers) -> Overlap | None:
    """One channel at a time, of which a band of rows is read before its outputs are written.

    Channels keep out of each other's way if the output is whole pixels away from the input. A step
    reads the rows that are not yet in the plane, and writes one byte of each of its pixels.
    """
    return _bands(numbers, numbers["depth_multiplier"])


def blocks(numbers: Numbers) -> Overlap | None:
    """As `planes`, a block of channels at a time; a last one must not repeat some of others."""
    channels = numbers["input_channels"]
    return None if channels % numbers["pixel_bytes"] else _bands(numbers, 1)


def _bands(numbers: Numbers, multiplier: int) -> Overlap | None:
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
    read[read_rows >= numbers["input_height"]] = ANYWHERE
    images = np.arange(numbers["batches"], dtype=np.int64)[:, None]
    read = read + images * (numbers["input_height"] * numbers["input_width"])
    written = (rows + images * numbers["output_height"]) * numbers["output_width"]
    # Of the pixels only one channel's byte counts, so that whole pixels are the unit.
    least = distance(written.reshape(-1) * multiplier, read.reshape(-1))
    return Overlap(least * channels, channels)
