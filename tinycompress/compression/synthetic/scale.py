"""How large the values of inputs are: what a model that keeps statistics says of it.

A network that was trained on pixels up to 255 gets nothing done in some hundred steps that begin
between -1 and 1. So powers of two are tried on noise first, and the least strange is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.network.network import Array
from tinycompress.compression.synthetic.norms import Probe

_EXPONENTS = range(-8, 13)
_OFFSETS = (0.0, -2.0, -1.0, 1.0, 2.0)
"""In units of the scale: about zero, or on one side of it, as pixels are."""
_TRIED = 64
"""Samples of a trial."""
_COARSE, _FINE = 0.9, 0.4
"""Shares of noise that varies slowly and fast: signals are smoother than white noise."""
_STRIDE = 4


@dataclass(frozen=True)
class Scale:
    """A sample is ``offset + scale * noise``, with noise of a deviation of about 1."""

    scale: float = 1.0
    offset: float = 0.0


def smooth_noise(shape: Sequence[int], samples: int, seed: int) -> Array:
    """float32 ``[samples, *shape]``: noise of which most varies slowly over positions."""
    generator = np.random.default_rng(seed)
    fine = generator.standard_normal((samples, *shape)).astype(np.float32)
    positions = shape[:-1]
    small = [-(-size // _STRIDE) for size in positions]
    coarse = generator.standard_normal((samples, *small, *shape[-1:])).astype(np.float32)
    for axis, size in enumerate(positions, start=1):
        coarse = np.take(np.repeat(coarse, _STRIDE, axis=axis), np.arange(size), axis=axis)
    noise: Array = _COARSE * coarse + _FINE * fine
    return noise


def fitted_scales(
    probes: Sequence[Probe], shapes: Sequence[Sequence[int]], seed: int
) -> tuple[Scale, ...]:
    """The scale of every input whose noise is the least strange to some models, one by one.

    Args:
        probes: The models; where none has kept statistics, noise stays as it is.
        shapes: Of a sample, by input.
        seed: Of the noise.
    """
    scales = [Scale()] * len(shapes)
    if not any(probe.kept for probe in probes):
        return tuple(scales)
    tf = _tf.tensorflow()
    noise = [
        tf.constant(smooth_noise(shape, _TRIED, seed + number))
        for number, shape in enumerate(shapes)
    ]

    @tf.function  # type: ignore[untyped-decorator]
    def strange(factors: Any, offsets: Any) -> Any:
        samples = [offsets[i] + factors[i] * one for i, one in enumerate(noise)]
        return tf.add_n([probe.run(samples)[1] for probe in probes])

    def score(tried: Sequence[Scale]) -> float:
        factors = tf.constant([one.scale for one in tried], tf.float32)
        return float(strange(factors, tf.constant([one.offset for one in tried], tf.float32)))

    for index in range(len(scales)):
        choices = [
            Scale(2.0**exponent, offset * 2.0**exponent)
            for exponent in _EXPONENTS
            for offset in _OFFSETS
        ]
        scores = [score([*scales[:index], one, *scales[index + 1 :]]) for one in choices]
        scales[index] = choices[int(np.argmin(np.nan_to_num(scores, nan=np.inf)))]
    return tuple(scales)
