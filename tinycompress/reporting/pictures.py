"""Pictures of samples: inputs that are images, or features over time, as small PNGs."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

_MOST_SIDE = 128
"""Pixels of a picture's side; larger ones are thinned."""
_LEAST_SIDE = 4
_LONG = 2
"""How many times as long one side is of what is likely features over time."""

Array = npt.NDArray[Any]
Levels = npt.NDArray[np.uint8]


def pictures(arrays: Mapping[str, Array]) -> dict[int, bytes]:
    """PNGs by sample, of the first input that can be looked at.

    Args:
        arrays: ``kept`` and ``kept_x_j`` of `measurement.enclosed.kept_samples`.
    """
    for number in range(sum(name.startswith("kept_x_") for name in arrays)):
        shaped = _as_images(arrays[f"kept_x_{number}"])
        if shaped is not None and len(shaped):
            levels = _spectra(shaped) if _is_spectrum(shaped) else _levels(shaped)
            return {sample: _png(levels[row]) for row, sample in enumerate(arrays["kept"].tolist())}
    return {}


def _as_images(array: Array) -> Array | None:
    """Shape ``(m, height, width, 1 or 3)`` of inputs that can be looked at; None of others."""
    sides = array.shape[2:]
    if len(sides) == 2:
        sides = (*sides, 1)
    if len(sides) != 3 or sides[2] not in (1, 3) or min(sides[:2]) < _LEAST_SIDE:
        return None
    shaped = array.reshape(len(array), *sides)
    step = -(-max(sides[:2]) // _MOST_SIDE)
    return shaped[:, ::step, ::step]


def _is_spectrum(images: Array) -> bool:
    high, wide, channels = images.shape[1:]
    return bool(channels == 1 and max(high, wide) >= _LONG * min(high, wide))


def _spectra(images: Array) -> Levels:
    """Time to the right, each feature on its own scale: the first would outshine the others."""
    over_time = images if images.shape[2] > images.shape[1] else images.transpose(0, 2, 1, 3)
    rows = [_levels(over_time[:, [row]]) for row in range(over_time.shape[1])]
    # As wide as high, to be seen: there are few features and many steps.
    stretch = max(1, over_time.shape[2] // over_time.shape[1])
    return np.repeat(np.concatenate(rows, axis=1), stretch, axis=1)


def _levels(images: Array) -> Levels:
    """All images on one scale, the smallest value black, the largest white."""
    real = images.astype(np.float64)
    low, high = real.min(), real.max()
    levels: Levels = np.round((real - low) * (255 / max(high - low, 1e-9))).astype(np.uint8)
    return levels


def _png(levels: Levels) -> bytes:
    from matplotlib.image import imsave

    out = io.BytesIO()
    colours = np.repeat(levels, 3, axis=2) if levels.shape[2] == 1 else levels
    imsave(out, colours, format="png")
    return out.getvalue()
