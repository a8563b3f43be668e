"""Tables of int16 functions, which both runtimes interpolate linearly."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

_STEPS_PER_UNIT = 24
_ENTRIES = 256


def _sigmoid(position: float) -> float:
    return 65536.0 / (1.0 + math.exp(-position / _STEPS_PER_UNIT))


@functools.lru_cache(maxsize=1)
def sigmoid_table() -> tuple[int, ...]:
    """Sigmoid of 0, 1/24, .. 255/24 in 16 bits after the point.

    Every entry lies above the curve by half of what a chord to the next entry would be below it in
    its middle, so that interpolation errs to both sides alike; the last entry is the largest number
    of 16 bits.
    """
    entries = []
    for i in range(_ENTRIES):
        middle = _sigmoid(i + 0.5) - (_sigmoid(i) + _sigmoid(i + 1)) / 2
        entries.append(round(_sigmoid(i) + middle / 2))
    entries[-1] = 65535
    return tuple(entries)


_STEPS = 512
_SOFTMAX_SCALE = 2.0 / 65535
_MIN, _MAX = -(2**15), 2**15 - 1


@functools.lru_cache(maxsize=2)
def exp_table(*, double: bool) -> tuple[int, ...]:
    """exp of -10 .. 0 at 513 places, as Q0.15: for the int16 SOFTMAX.

    Args:
        double: Computed in double precision, as LiteRT does; TFLM does in single precision.
    """
    return _populated(10.0 / 65535, _MAX, _SOFTMAX_SCALE, math.exp, double=double)


@functools.lru_cache(maxsize=2)
def reciprocal_table(*, double: bool) -> tuple[int, ...]:
    """1 / (1 + x) of 0 .. 1 at 513 places, as Q0.15: for the int16 SOFTMAX; as `exp_table`."""
    return _populated(1.0 / 65535, _MIN, _SOFTMAX_SCALE, lambda x: 1.0 / (1.0 + x), double=double)


def function_table(
    scale: float, output_scale: float, function: Callable[[float], float]
) -> tuple[int, ...]:
    """A function of an int16 at 513 places, in single precision; zero points are 0.

    Raises:
        ValueError: The function leaves what float32 can hold.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            return _populated(scale, 0, output_scale, function, double=False)
        except (OverflowError, ValueError) as error:
            raise ValueError(f"input scale {scale:g} leaves float32") from error


_Float = type[np.float32] | type[np.float64]


def _populated(
    scale: float,
    zero_point: int,
    output_scale: float,
    function: Callable[[float], float],
    *,
    double: bool,
) -> tuple[int, ...]:
    """A table of int16, step by step as the runtimes fill it.

    Each entry is lowered by half of what interpolation errs by in the middle of its step.

    Args:
        scale: Of the input.
        zero_point: Of the input.
        output_scale: Of the output, whose zero point is 0.
        function: In double precision; its results are rounded to the precision of the rest.
        double: Whether that is double precision.
    """
    real: _Float = np.float64 if double else np.float32
    step_scale = real(scale)
    input_min = step_scale * real(_MIN - zero_point)
    input_max = step_scale * real(_MAX - zero_point)
    output_min, output_max = real(output_scale) * real(_MIN), real(output_scale) * real(_MAX)
    step = (input_max - input_min) / real(_STEPS)
    inverse = real(65536) / (output_max - output_min)

    def scaled(position: np.floating[Any]) -> np.floating[Any]:
        found: np.floating[Any] = real(function(float(position))) * inverse
        return found

    entries = []
    for i in range(_STEPS):
        begin = input_min + real(i) * step
        sample, middle = _round(scaled(begin)), _round(scaled(begin + step / real(2)))
        following = scaled(input_min + real(i + 1) * step)
        between = _round((following + sample) / real(2))
        entries.append(_limited(sample - _round((between - middle) / real(2))))
    entries.append(_limited(_round(scaled(input_max))))
    return tuple(entries)


def _limited(value: np.floating[Any]) -> int:
    return min(max(int(value), _MIN), _MAX)


def _round(value: np.floating[Any]) -> np.floating[Any]:
    """To the nearest integer, halves away from zero."""
    wide = float(value)
    rounded: np.floating[Any] = type(value)(math.trunc(wide + math.copysign(0.5, wide)))
    return rounded
