"""Functions of `arithmetic` on whole arrays at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]


def multiply_by_quantized_multiplier_double(values: Int64s, multiplier: int, shift: int) -> Int64s:
    """`arithmetic.multiply_by_quantized_multiplier_double` of each of ``values``, all int32."""
    left, right = max(shift, 0), max(-shift, 0)
    shifted = ((values << left) + 2**31) % 2**32 - 2**31
    products = (shifted * multiplier + 2**30) >> 31
    mask = (1 << right) - 1
    thresholds = (mask >> 1) + (products < 0)
    return (products >> right) + ((products & mask) > thresholds)
