"""Per-channel requantisation and folded biases, as the convolutions and FULLY_CONNECTED need it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray
from tinycompress.codegen.ops.operands import quantization
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import Tensor

MAX_LEFT_SHIFT = 30
"""Reference kernels shift an int32 left by at most this much."""


def effective_scales(x: Tensor, weights: Tensor, y: Tensor, channels: int) -> tuple[float, ...]:
    """``input scale * weight scale / output scale`` in double precision, one per channel."""
    input_scale, output_scale = quantization(x).scale, quantization(y).scale
    scales = quantization(weights).scales
    if len(scales) == 1:
        scales *= channels
    return tuple(input_scale * scale / output_scale for scale in scales)


def is_within(real: float, limit: int = MAX_LEFT_SHIFT) -> bool:
    """Whether a factor is finite, as single precision may leave it, and below ``2**limit``."""
    return math.isfinite(real) and quantize_multiplier(real)[1] <= limit


def too_large(scales: Sequence[float]) -> str | None:
    """Constraint detail if a scale is beyond what reference kernels shift by."""
    largest = max(scales)
    if is_within(largest):
        return None
    return f"input scale x weight scale / output scale is {largest:g}"


def multiplier_arrays(origin: str, scales: Sequence[float]) -> tuple[ConstArray, ConstArray]:
    """Multipliers (int32) and shifts (int8), one of each per channel."""
    pairs = [quantize_multiplier(scale) for scale in scales]
    return (
        ConstArray(origin, "multipliers", np.array([m for m, _ in pairs], np.int32)),
        ConstArray(origin, "shifts", np.array([s for _, s in pairs], np.int8)),
    )


def bias_values(bias: Tensor | None, channels: int) -> npt.NDArray[np.int64]:
    """The bias as int64, zeros if there is none."""
    if bias is None or bias.data is None:
        return np.zeros(channels, np.int64)
    return bias.data.reshape(-1).astype(np.int64)


def wrapped_bias(origin: str, values: npt.NDArray[np.int64]) -> ConstArray:
    """A bias modulo 2^32: the accumulators wrap in the same way, so that the sums agree."""
    return ConstArray(origin, "bias", (values & 0xFFFFFFFF).astype(np.uint32).view(np.int32))
