"""Real values to and from the integers that a model's inputs and outputs hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec


def quantize(values: npt.NDArray[np.float32], spec: TensorSpec) -> npt.NDArray[Any]:
    """Real values as a tensor stores them, rounded as TFLite's QUANTIZE does.

    Args:
        values: float32 array of any shape, finite.
        spec: The tensor, of an integer type or float32.

    Returns:
        Array of the same shape and the spec's dtype: float32 as it is; for integers the quotient
        by the scale in float32, rounded half away from zero, shifted by the zero point and
        saturated.
    """
    if np.dtype(spec.dtype) == np.float32:
        return values.astype(np.float32)
    limits = np.iinfo(spec.dtype)
    quotient = values.astype(np.float32) / np.float32(spec.scale)
    rounded = np.trunc(quotient.astype(np.float64) + np.copysign(0.5, quotient))
    stored: npt.NDArray[Any] = np.clip(rounded + spec.zero_point, limits.min, limits.max)
    return stored.astype(spec.dtype)


def dequantize(stored: npt.NDArray[Any], spec: TensorSpec) -> npt.NDArray[np.float32]:
    """The real values that stored ones mean: ``scale * (stored - zero_point)`` in float32.

    float32 stands for itself.
    """
    if stored.dtype == np.float32:
        return stored
    difference = (stored.astype(np.int64) - spec.zero_point).astype(np.float32)
    real: npt.NDArray[np.float32] = np.float32(spec.scale) * difference
    return real
