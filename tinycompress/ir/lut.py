"""Tables of int16 functions, which both runtimes interpolate linearly."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

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
_MIN, _MAX = -(2**15), 2**15 - 1


@functools.lru_cache(maxsize=1)
def exp_table() -> tuple[int, ...]:
    """exp of -10 .. 0 at 513 places, as Q0.15: for the int16 SOFTMAX."""
    return _populated(10.0 / 65535, _MAX, math.exp)


@functools.lru_cache(maxsize=1)
def reciprocal_table() -> tuple[int, ...]:
    """1 / (1 + x) of 0 .. 1 at 513 places, as Q0.15: for the int16 SOFTMAX."""
    return _populated(1.0 / 65535, _MIN, lambda x: 1.0 / float(np.float32(1) + np.float32(x)))


def _populated(
    scale: float, zero_point: int, function: Callable[[float], float]
) -> tuple[int, ...]:
    """A table of int16 at output scale 2/65535, step by step as the runtimes fill it in float32.

    Each entry is lowered by half of what interpolation errs by in the middle of its step.

    Args:
        scale: Of the input.
        zero_point: Of the input.
        function: In double precision; its results are rounded to float32.
    """
    f32 = np.float32
    step_scale = f32(scale)
    input_min, input_max = step_scale * f32(_MIN - zero_point), step_scale * f32(_MAX - zero_point)
    output_scale = f32(2.0) / f32(65535)
    output_min, output_max = output_scale * f32(_MIN), output_scale * f32(_MAX)
    step = (input_max - input_min) / f32(_STEPS)
    inverse = f32(65536) / (output_max - output_min)

    def at(position: np.float32) -> np.float32:
        found: np.float32 = f32(function(float(position)))
        return found

    entries = []
    for i in range(_STEPS):
        begin = input_min + f32(i) * step
        value, middle = at(begin), at(begin + step / f32(2))
        following = at(input_min + f32(i + 1) * step)
        sample = _round(value * inverse)
        between = _round((following * inverse + _round(value * inverse)) / f32(2))
        bias = _round((between - _round(middle * inverse)) / f32(2))
        entries.append(int(min(max(sample - bias, f32(_MIN)), f32(_MAX))))
    entries.append(int(min(max(_round(at(input_max) * inverse), f32(_MIN)), f32(_MAX))))
    return tuple(entries)


def _round(value: np.float32) -> np.float32:
    """To the nearest integer, halves away from zero."""
    wide = float(value)
    rounded: np.float32 = np.float32(math.trunc(wide + math.copysign(0.5, wide)))
    return rounded
