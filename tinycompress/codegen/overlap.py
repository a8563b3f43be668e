"""How far a kernel's output may overlap its input, from the order in which it reads and writes.

A kernel works in steps. Each step reads part of the input, then writes part of the output. It may
overwrite input that no later step reads. Let the output begin ``distance`` bytes before the input.
Nothing is lost if, after every step, the end of all bytes written so far, less ``distance``, is at
most the begin of all bytes still to be read, both counted from the begin of their tensor. So the
least safe distance is the largest ``end of what is written - begin of what is still read`` over all
steps. It is often negative for layers that shrink their input.

The operators state the orders beside themselves, in ``ops/*/orders.py``. The output of a layer
without an order never overlaps its input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Overlap:
    """The output may begin at the input's offset less ``distance_bytes`` or more.

    Modulo ``multiple_bytes``, the difference must be ``remainder_bytes``; 1 allows any difference.
    """

    distance_bytes: int
    multiple_bytes: int = 1
    remainder_bytes: int = 0

    def moved(self, more_bytes: int) -> Overlap:
        """The same between points that are so many bytes further apart."""
        remainder = (self.remainder_bytes + more_bytes) % self.multiple_bytes
        return Overlap(self.distance_bytes + more_bytes, self.multiple_bytes, remainder)

    def both(self, other: Overlap) -> Overlap:
        """The overlap that both allow; none at any distance if their multiples disagree."""
        distance = max(self.distance_bytes, other.distance_bytes)
        one, two = sorted((self, other), key=lambda overlap: -overlap.multiple_bytes)
        agreed = two.multiple_bytes == 1 or (one.multiple_bytes, one.remainder_bytes) == (
            two.multiple_bytes,
            two.remainder_bytes,
        )
        return Overlap(distance if agreed else ANYWHERE, one.multiple_bytes, one.remainder_bytes)


class Numbers:
    """The integer parameters of a layer, by name."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        self._params = params

    def __getitem__(self, name: str) -> int:
        value = self._params[name]
        if not isinstance(value, int):
            raise TypeError(f"parameter {name} is no integer: {value!r}")
        return value

    def of(self, prefix: str) -> Numbers:
        """Those of a nested struct, by their names in it."""
        inner = {k.removeprefix(prefix): v for k, v in self._params.items() if k.startswith(prefix)}
        return Numbers(inner)


AccessOrder = Callable[[Numbers], Overlap | None]
"""What an order allows for a layer's numbers; None if output and inputs must not overlap."""


ANYWHERE = 2**40
"""Further than any arena reaches."""


def distance(written: Int64s, read: Int64s) -> int:
    """The least safe distance.

    Args:
        written: For each step, the end of what it writes, from the output's begin.
        read: For each step, the begin of what it reads, from the input's begin.

    Returns:
        The distance. After a single step nothing is read, so the output may be anywhere:
        ``-ANYWHERE``.
    """
    if written.size == 1:
        return -ANYWHERE
    so_far = np.maximum.accumulate(written)[:-1]
    still = np.minimum.accumulate(read[::-1])[::-1][1:]
    return int((so_far - still).max())


def every_element(numbers: Numbers) -> Overlap:
    """Each step reads its elements before it writes the output elements at the same places."""
    return Overlap(0)


def distance_of_elements(read: Int64s, outputs: int) -> int:
    """As `distance`, for steps that write ``outputs`` bytes and read again before each byte."""
    first = np.repeat(read, min(outputs, 2))
    steps = np.arange(len(read), dtype=np.int64)[:, None]
    # Of the elements of a step the last two decide: the others are written lower.
    last = np.array([outputs - 1, outputs] if outputs > 1 else [1], np.int64)
    return distance((steps * outputs + last).reshape(-1), first)


def windows(numbers: Numbers, channels: int, output_height: int, prefix: str = "") -> Int64s:
    """A bound on the lowest byte in each output pixel's window: ``[batches, pixels]``."""
    height, width = numbers[f"{prefix}input_height"], numbers[f"{prefix}input_width"]
    rows = np.arange(output_height, dtype=np.int64) * numbers[f"{prefix}stride_height"]
    columns = np.arange(numbers[f"{prefix}output_width"], dtype=np.int64)
    columns *= numbers[f"{prefix}stride_width"]
    rows = np.clip(rows - numbers[f"{prefix}pad_top"], 0, height)
    columns = np.clip(columns - numbers[f"{prefix}pad_left"], 0, width)
    image = (rows[:, None] * width + columns).reshape(-1)
    starts = np.arange(numbers["batches"], dtype=np.int64)[:, None] * (height * width)
    return (starts + image) * channels


def channels_of_windows(numbers: Numbers, at_once: int, *, repeats: bool = True) -> Overlap:
    """Some channels of a window are read, then written; as `channels_of`."""
    begins = windows(numbers, numbers["channels"], numbers["output_height"])
    return channels_of(begins, numbers["channels"], at_once, repeats=repeats)


def channels_of(pixels: Int64s, channels: int, at_once: int, *, repeats: bool = True) -> Overlap:
    """Some channels of a pixel are read, then written.

    Args:
        pixels: The lowest byte that each output pixel reads of channel 0.
        channels: Of input and output.
        at_once: How many are read together.
        repeats: Whether the last step reads ``at_once`` channels, some of them again, or fewer.
    """
    first = np.arange(0, channels, at_once, dtype=np.int64)
    begin = np.minimum(first, channels - at_once) if repeats else first
    read = pixels.reshape(-1, 1) + begin
    pixel_ends = np.arange(pixels.size, dtype=np.int64).reshape(-1, 1) * channels
    written = pixel_ends + np.minimum(first + at_once, channels)
    return Overlap(distance(written.reshape(-1), read.reshape(-1)))
