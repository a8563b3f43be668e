"""In which order the kernels of pools read and write: see ``codegen.overlap``."""

from __future__ import annotations

from tinycompress.codegen.overlap import (
    Numbers,
    Overlap,
    channels_of_windows,
)


def by_element(numbers: Numbers) -> Overlap:
    """A channel of a window is read, then its output written."""
    return channels_of_windows(numbers, 1)


def in_fours(numbers: Numbers) -> Overlap:
    """Four channels of a window at a time; the last are some of those before."""
    return channels_of_windows(numbers, 4)


def in_eights(numbers: Numbers) -> Overlap:
    """Eight channels of a window at a time; the last are some of those before."""
    return channels_of_windows(numbers, 8)


def in_blocks(numbers: Numbers) -> Overlap:
    """Sixteen channels, fewer in a last block."""
    return channels_of_windows(numbers, 16, repeats=False)
