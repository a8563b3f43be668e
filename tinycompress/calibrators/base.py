"""What a calibrator is: adding one is a file with a function of this type, and its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

BINS = 8192
"""Of a histogram; 32 in each of the 255 steps of an unclipped range."""
_STEPS = 255
_LOWEST, _HIGHEST = -128, 127


@dataclass(frozen=True)
class Range:
    """The ends of what a tensor covers: finite, ``low <= 0 <= high``, not both zero."""

    low: float
    high: float

    @property
    def scale(self) -> float:
        """What a step of the int8 file stands for: a float32, got as the converter gets it."""
        width = np.float32(self.high) - np.float32(self.low)
        return float(width / np.float32(_STEPS))

    @property
    def zero_point(self) -> int:
        """Which int8 value stands for zero: the converter's choice, which counts from one end.

        Source: getNudgedScaleAndZeroPoint of MLIR's quantisation dialect.
        """
        low, high = float(np.float32(self.low)), float(np.float32(self.high))
        step = (high - low) / _STEPS
        from_low, from_high = _LOWEST - low / step, _HIGHEST - high / step
        nearer_low = -_LOWEST - low / step < _HIGHEST + high / step
        exact = from_low if nearer_low else from_high
        half_away = int(exact + 0.5) if exact >= 0 else -int(-exact + 0.5)
        return min(max(half_away, _LOWEST), _HIGHEST)


@dataclass(frozen=True, eq=False)
class Observed:
    """What was seen of a tensor: a histogram.

    Attributes:
        low: The smallest value.
        high: The largest; greater than ``low``.
        counts: int64, how many values fell into each of as many bins of equal width from ``low`` to
            ``high``; values that are exactly zero do not count here.
        zeros: How many were exactly zero. Every range has a step for them.
    """

    low: float
    high: float
    counts: Array
    zeros: int = 0

    @property
    def edges(self) -> Array:
        """Where bins begin and end; float64, one more than there are bins, ascending."""
        return np.linspace(self.low, self.high, len(self.counts) + 1)

    @property
    def centers(self) -> Array:
        """float64, the middle of every bin."""
        edges = self.edges
        middle: Array = (edges[:-1] + edges[1:]) / 2.0
        return middle


@dataclass(frozen=True)
class Grid:
    """The integers that a range is cut into: -128 to 127, where zero is one of them.

    Attributes:
        symmetric: Whether zero is the integer 0, so that both ends are as far from it.
    """

    symmetric: bool = False

    def over(self, low: float, high: float) -> Range:
        """The least range of this grid that covers some values, and zero."""
        low, high = min(low, 0.0), max(high, 0.0)
        if not self.symmetric:
            return Range(low, high)
        # 127 steps above zero, 128 below.
        farthest = max(-low, high)
        return Range(farthest * _LOWEST / _HIGHEST, farthest)

    def rounded(self, values: Array, within: Range) -> Array:
        """What the integers of a range stand for, of real values; float64."""
        step, zero = within.scale, within.zero_point
        integers = np.clip(np.rint(values / step) + zero, _LOWEST, _HIGHEST)
        real: Array = (integers - zero) * step
        return real


Calibrator = Callable[[Observed, Grid], Range]
"""``calibrator(observed, grid)``: the range, made by ``grid.over``, that a tensor is to cover."""
