"""Channels by their filters alone: norms, and the distance to the other filters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.network.kernels import channel_rows, kernel_of
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.trainer import Trainer


def of_filters(network: Network, names: tuple[str, ...], score: Callable[[Array], Array]) -> Scores:
    """Scores by a function of the filters, float64 ``[channels, weights of one]``."""
    return {
        name: score(
            channel_rows(kernel_of(network.layers[name]), network.layers[name].kind).astype(
                np.float64
            )
        )
        for name in names
    }


def l1(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Sum of magnitudes."""
    return of_filters(network, names, lambda rows: np.abs(rows).sum(axis=1))


def l2(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Root of the sum of squares."""
    return of_filters(network, names, lambda rows: np.sqrt((rows**2).sum(axis=1)))


def fpgm(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Sum of distances to all filters: near the geometric median, others can stand for it."""
    return of_filters(network, names, _distances)


def _distances(rows: Array) -> Array:
    return np.stack([np.sqrt(((rows - row) ** 2).sum(axis=1)).sum() for row in rows])
