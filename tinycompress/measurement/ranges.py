"""Whether the values of samples look like those that a model's input was made for."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec

_CLAMPED_SHARE = 0.01
_SPAN_SHARE = 0.02
"""Samples that stay within so small a part of the input's range are hardly scaled as in training:
pixels from 0 to 1 fill 1/255 of a range from 0 to 255."""


def range_note(real: npt.NDArray[np.float32], spec: TensorSpec) -> str | None:
    """What looks wrong with samples in real units for a quantised input, or None.

    Args:
        real: All values, any shape, at least one.
        spec: The input; its dtype is an integer.
    """
    limits = np.iinfo(np.dtype(spec.dtype))
    least, most = (_real(limit, spec) for limit in (limits.min, limits.max))
    ranges = (
        f"the samples for input '{spec.name}' lie between {real.min():g} and {real.max():g}, the "
        f"model's input between {least:g} and {most:g}"
    )
    beyond = (real < least - spec.scale) | (real > most + spec.scale)
    clamped = float(beyond.mean())
    if clamped > _CLAMPED_SHARE:
        return f"{ranges}: {clamped:.0%} of them were clamped; were they scaled as for training?"
    span, whole = float(real.max()) - float(real.min()), most - least
    if span < _SPAN_SHARE * whole:
        return f"{ranges}: they use {span / whole:.1%} of it; were they scaled as for training?"
    return None


def _real(stored: Any, spec: TensorSpec) -> float:
    return (int(stored) - spec.zero_point) * spec.scale
