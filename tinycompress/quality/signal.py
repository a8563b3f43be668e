"""How near numbers are to what they stand for: signal-to-noise ratios, of whole outputs and parts.

An integer output is held against the float model's on the same samples. A part of an output is a
channel: a place on its last axis.
"""

from __future__ import annotations

from math import inf, log10
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ChannelAgreement, OutputAgreement, TensorSpec
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.quality.scores import MOST_CHANNELS

Array = npt.NDArray[Any]

LEAST_AGREEMENT_DB = 10.0
"""Below this values diverge: the difference has a tenth of the power of the values."""


def decibels(signal: float, noise: float) -> float:
    """A ratio of powers; infinite without any noise."""
    return inf if noise == 0 else 10.0 * log10(max(signal, 1e-300) / noise)


def signal_to_noise_db(expected: Array, actual: Array) -> float:
    """Power of the expected values over that of the difference, in dB; infinite if equal."""
    wanted = expected.astype(np.float64)
    return decibels(float(np.sum(wanted**2)), float(np.sum((wanted - actual) ** 2)))


def agreement_of(index: int, spec: TensorSpec, wanted: Array, stored: Array) -> OutputAgreement:
    """How one output agrees with the float model's.

    Args:
        index: Of the output.
        spec: The output of the file.
        wanted: What the float model answers, of the shape (n, ...).
        stored: What the file answers, of the shape (n, ...) and the spec's dtype.
    """
    width = spec.shape[-1] if spec.shape else 1
    floats = wanted.reshape(-1, width).astype(np.float32)
    integers = stored.reshape(-1, width)
    real = dequantize(integers, spec)
    channels = range(width) if width <= MOST_CHANNELS else ()
    return OutputAgreement(
        index, spec.name, len(wanted), signal_to_noise_db(floats, real),
        clipped_share(floats, spec),
        tuple(_channel(floats[:, one], integers[:, one], real[:, one], spec) for one in channels),
    )  # fmt: skip


def _channel(floats: Array, integers: Array, real: Array, spec: TensorSpec) -> ChannelAgreement:
    return ChannelAgreement(
        signal_to_noise_db(floats, real), float(floats.min()), float(floats.max()),
        len(np.unique(integers)), len(np.unique(quantize(floats, spec))),
    )  # fmt: skip


def reach_of(spec: TensorSpec) -> tuple[float, float] | None:
    """The least and the greatest real value that an integer output has; None of a float one."""
    dtype = np.dtype(spec.dtype)
    if dtype.kind not in "iu":
        return None
    limits = np.iinfo(dtype)
    low, high = dequantize(np.asarray([limits.min, limits.max], dtype), spec)
    return float(low), float(high)


def clipped_share(values: Array, spec: TensorSpec) -> float:
    """Share of real values that are more than a step beyond what an output reaches."""
    reach = reach_of(spec)
    if reach is None:
        return 0.0
    low, high = reach[0] - spec.scale, reach[1] + spec.scale
    return float(np.mean((values < low) | (values > high)))
