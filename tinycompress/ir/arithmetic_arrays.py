"""Functions of `arithmetic` on whole arrays at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tinycompress.ir.arithmetic import ADD_LEFT_SHIFT, AddScaling

Int64s = npt.NDArray[np.int64]


def multiply_by_quantized_multiplier_double(values: Int64s, multiplier: int, shift: int) -> Int64s:
    """`arithmetic.multiply_by_quantized_multiplier_double` of each of ``values``, all int32."""
    left, right = max(shift, 0), max(-shift, 0)
    shifted = ((values << left) + 2**31) % 2**32 - 2**31
    products = (shifted * multiplier + 2**30) >> 31
    mask = (1 << right) - 1
    thresholds = (mask >> 1) + (products < 0)
    return (products >> right) + ((products & mask) > thresholds)


def add_int8(first: Int64s, second: Int64s, scaling: AddScaling) -> Int64s:
    """ADD of int8 without the output's zero point and clamp; broadcasts.

    Args:
        first: Stored values of the first input less its zero point.
        second: Those of the second.
        scaling: Of `arithmetic.add_scaling` with ``ADD_LEFT_SHIFT``.
    """
    rescaled = (
        multiply_by_quantized_multiplier_double(values << ADD_LEFT_SHIFT, *pair)
        for values, pair in ((first, scaling.input1), (second, scaling.input2))
    )
    return multiply_by_quantized_multiplier_double(sum(rescaled, np.int64(0)), *scaling.output)
