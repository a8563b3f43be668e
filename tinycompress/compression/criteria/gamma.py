"""Channels by the scale that BatchNormalization gives them."""

from __future__ import annotations

import numpy as np

from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.trainer import Trainer


def bn_gamma(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """|gamma| of the BatchNormalization right behind; layers without one are left out."""
    gammas = {name: _gamma(network, name) for name in names}
    return {name: gamma for name, gamma in gammas.items() if gamma is not None}


def _gamma(network: Network, name: str) -> Array | None:
    (call,) = network.calls_of(name)[:1]
    user = network.only_consumer(call.output)
    if user is None:
        return None
    layer = network.layers[user.layer]
    if layer.kind != "BatchNormalization" or not layer.config.get("scale", True):
        return None
    return np.abs(layer.weights[0].astype(np.float64))
