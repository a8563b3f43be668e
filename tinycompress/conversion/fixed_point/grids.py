"""Fixed-point numbers as int8: a grid of equal steps becomes a scale and a zero point.

A quantiser of QKeras or HGQ2 maps a tensor to ``step * n`` for integers ``n`` from ``low`` to
``high``. Where ``high - low`` is at most 255, an int8 tensor of scale ``step`` holds every ``n``.
Its zero point is chosen so that ``high`` is 127: what is above saturates, as the quantiser clips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

INT8_LOW, INT8_HIGH = -128, 127
_LEVELS = 256
_RATIONAL_ERROR = 1e-4
"""Of a step: how far weights of a float32 scale may be from multiples of it by rounding."""

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Grid:
    """The values ``step * n`` for the integers ``n`` from ``low`` to ``high``."""

    step: float
    low: int
    high: int

    @property
    def zero_point(self) -> int:
        """Of the int8 tensor whose scale is the step: the integer 127 stands for ``high``."""
        return INT8_HIGH - self.high

    @property
    def int8_range(self) -> tuple[float, float]:
        """The real values of the int8 integers -128 and 127."""
        return self.step * (INT8_LOW - self.zero_point), self.step * self.high

    @property
    def clips_low(self) -> bool:
        """Whether int8 reaches below ``low``, so that an operator must clip there."""
        return self.low > INT8_LOW - self.zero_point


def why_not_int8(grid: Grid) -> str | None:
    """What keeps the values of a grid from being int8 activations; None: nothing does."""
    levels = grid.high - grid.low + 1
    if levels > _LEVELS:
        return f"it has {bits_of(levels)} bits, and int8 holds 8: use bits=8 or fewer"
    if not grid.low <= 0 <= grid.high:
        return "zero is none of its values"
    if not is_power_of_two(grid.step):
        return f"its step {grid.step:g} is no power of two: use alpha=1"
    return None


def bits_of(levels: int) -> int:
    """How many bits tell so many levels apart."""
    return max(1, math.ceil(math.log2(levels)))


def is_power_of_two(value: float) -> bool:
    """Whether a number is 2 to an integer."""
    return value > 0 and math.isfinite(value) and math.frexp(value)[0] == 0.5


@dataclass(frozen=True, eq=False)
class GridWeights:
    """Weights as integers times a step.

    Attributes:
        layer: Name of the layer that they belong to.
        integers: Of shape (channels, weights of one channel), -128 to 127, in the order of a
            ``.tflite`` file.
        steps: One for each channel, float64.
    """

    layer: str
    integers: Array
    steps: Array


def on_grid(layer: str, rows: Array, units: Array | None = None) -> GridWeights | str:
    """Quantised weights as the integers that they are multiples of their steps by.

    Args:
        layer: Name of the layer.
        rows: Weights of shape (channels, weights of one channel).
        units: The step of each channel, as the quantiser has it; None: it is found. First the
            largest power of two for all channels is tried, then one for each, then any step.

    Returns:
        The weights; or a sentence that says why they are no int8 weights.
    """
    rows = rows.astype(np.float64)
    if not np.isfinite(rows).all():
        return "its weights are not finite"
    whole = None if not rows.any() else _power_of_two_step(rows)
    tries = [] if units is None else [units]
    if whole is not None:
        tries.append(np.full(len(rows), whole))
    for steps in (*tries, np.array([_step_of(row) for row in rows])):
        integers = np.rint(rows / steps[:, None])
        error = np.abs(rows / steps[:, None] - integers)
        if error.max(initial=0) <= _RATIONAL_ERROR and _fit(integers):
            return GridWeights(layer, integers.astype(np.int8), steps.astype(np.float64))
    return "its weights need more than 8 bits on one grid of steps: use bits=8 or fewer"


def _fit(integers: Array) -> bool:
    return bool(integers.min(initial=0) >= INT8_LOW and integers.max(initial=0) <= INT8_HIGH)


def _power_of_two_step(values: Array) -> float:
    """The largest power of two that all values are multiples of; float32 values have one."""
    mantissas, exponents = np.frexp(values[values != 0])
    odd = np.abs(np.ldexp(mantissas, 53)).astype(np.int64)
    trailing = np.array([(int(one) & -int(one)).bit_length() - 1 for one in odd])
    return float(np.ldexp(1.0, int(np.min(exponents - 53 + trailing))))


def _step_of(row: Array) -> float:
    """A step for one channel: a power of two where that fits, else a part of its largest weight."""
    largest = float(np.abs(row).max(initial=0))
    if largest == 0:
        return 1.0
    step = _power_of_two_step(row)
    if largest / step <= -INT8_LOW:
        return step
    for parts in range(1, INT8_HIGH + 1):
        step = largest / parts
        if np.abs(row / step - np.rint(row / step)).max() <= _RATIONAL_ERROR:
            return step
    return largest / INT8_HIGH
