"""Real numbers to a model's stored integers, and back, as TensorFlow Lite does it.

Source: ``tensorflow/lite/kernels/internal/reference/quantize.h``, ``AffineQuantize``: the quotient
is taken in float32, rounded half away from zero (``std::round``), the zero point is added, and the
sum is clamped to the type's range. It is what the QUANTIZE operator does on every TensorFlow Lite
runtime.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec


def quantize(real: npt.NDArray[Any], spec: TensorSpec) -> tuple[npt.NDArray[Any], float]:
    """Quantise finite real numbers for an integer input.

    Args:
        real: Any floating dtype, any shape; converted to float32 first.
        spec: The input.

    Returns:
        The stored integers in the same shape, and the share of them (0 to 1) that had to be clamped
        by more than one step: those values are beyond what the input can represent.
    """
    limits = np.iinfo(spec.dtype)
    quotient = (real.astype(np.float32) / np.float32(spec.scale)).astype(np.float64)
    rounded = np.trunc(quotient + np.copysign(0.5, quotient)) + spec.zero_point
    beyond = (rounded < limits.min - 1) | (rounded > limits.max + 1)
    stored = np.clip(rounded, limits.min, limits.max).astype(spec.dtype)
    return stored, float(beyond.mean())


def dequantize(stored: npt.NDArray[Any], spec: TensorSpec) -> npt.NDArray[np.float64]:
    """The real numbers that stored integers stand for; float tensors pass through."""
    if not np.issubdtype(stored.dtype, np.integer):
        return stored.astype(np.float64)
    return (stored.astype(np.float64) - spec.zero_point) * spec.scale
