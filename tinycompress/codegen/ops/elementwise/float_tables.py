"""Tables of int8 functions that runtimes compute in float32 when they load a model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinycompress.ir.arithmetic import INT8_MAX, INT8_MIN
from tinycompress.ir.graph import Quantization


def float_table(
    x: Quantization, y: Quantization, function: Callable[[float], float]
) -> tuple[int, ...]:
    """The results for -128 .. 127, step by step as the runtimes compute them in float32.

    Args:
        x: The input's quantisation.
        y: The output's.
        function: The real function in double precision. What it gives is rounded to float32, as a
            correctly rounded C library function would.

    Raises:
        ValueError: A result is beyond int32, where the runtimes' conversion is undefined.
    """
    stored = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int32)
    with np.errstate(over="ignore", invalid="ignore"):
        inverse = np.float32(1) / np.float32(y.scale)
        real = np.float32(x.scale) * (stored - x.zero_point).astype(np.float32)
        values = np.array([function(float(value)) for value in real]).astype(np.float32)
        rescaled = values * inverse
    if not (np.abs(rescaled) < 2.0**30).all():
        raise ValueError(f"input scale {x.scale:g} puts a result beyond int32")
    wide = rescaled.astype(np.float64)
    rounded = np.trunc(wide + np.copysign(0.5, wide)).astype(np.float32)
    shifted = np.trunc(rounded + np.float32(y.zero_point))
    return tuple(int(v) for v in np.clip(shifted, INT8_MIN, INT8_MAX))
