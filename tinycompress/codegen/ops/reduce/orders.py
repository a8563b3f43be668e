"""In which order the kernels of MEAN read and write: see ``codegen.overlap``."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.overlap import (
    Numbers,
    Overlap,
    channels_of,
)


def by_element(numbers: Numbers) -> Overlap:
    """The first element of each sum is its lowest."""
    row = numbers["reduced_1"] * numbers["kept_2"]
    outer = np.arange(numbers["kept_0"], dtype=np.int64)[:, None]
    inner = np.arange(numbers["kept_1"], dtype=np.int64)
    first = (outer * numbers["reduced_0"] * numbers["kept_1"] + inner) * row
    return channels_of(first, numbers["kept_2"], 1)


def in_fours(numbers: Numbers) -> Overlap:
    """Four channels at a time, where what is reduced comes before them."""
    return _planes_of_means(numbers, 4)


def in_eights(numbers: Numbers) -> Overlap:
    """Eight channels at a time, where what is reduced comes before them."""
    return _planes_of_means(numbers, 8)


def _planes_of_means(numbers: Numbers, at_once: int) -> Overlap:
    channels = numbers["kept_1"]
    planes = np.arange(numbers["kept_0"], dtype=np.int64) * (numbers["reduced_0"] * channels)
    return channels_of(planes, channels, at_once)
