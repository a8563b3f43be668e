"""Channels by the rank of their feature maps: HRank (Lin et al. 2020).

A map of low rank holds little information, and the mean rank of a channel's maps hardly depends on
the samples: few will do. Only maps with two axes have a rank; other layers are left out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.criteria.feature_maps import (
    after_activation,
    drawn,
    mean_scores,
    results_of,
)
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.trainer import Trainer

_IMAGE = 3
"""Axes of an image without its batch: height, width, channels."""


def hrank(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Mean rank of each channel's map."""
    images = tuple(
        name for name in names if len(network.shape(after_activation(network, name))) == _IMAGE
    )
    if not images:
        return {}

    def of_batch(model: Any, batch: Data) -> list[Array]:
        values = results_of(model, batch)[len(network.outputs) :]
        return [ranks(value.numpy()).sum(axis=0) for value in values]

    return mean_scores(network, images, drawn(trainer, samples), of_batch)


def ranks(maps: Array) -> Array:
    """Rank of every map of ``[samples, height, width, channels]``: ``[samples, channels]``."""
    found: Array = np.linalg.matrix_rank(np.moveaxis(maps, -1, 1).astype(np.float64))
    return found.astype(np.float64)
