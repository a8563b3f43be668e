"""A network with weights as before any training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress import _tf
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Array, Layer, Network

_KERNEL_AXES = 2


def fresh(network: Network, seed: int) -> Network:
    """Draw the weights of every layer anew, as Keras's defaults do.

    A kernel gets the standard deviation that it has: what scales the input may have been taken into
    the first one. Layers that are not trained stay.

    Args:
        network: The network.
        seed: Of the weights.
    """
    _tf.make_deterministic(seed)
    empty = replace(
        network,
        layers={
            name: replace(layer, weights=()) if layer.trainable else layer
            for name, layer in network.layers.items()
        },
    )
    model = build_model(empty, "tf_keras")
    return network.with_layers(
        _drawn(layer, model.get_layer(layer.name).get_weights())
        for layer in network.layers.values()
        if layer.weights and layer.trainable
    )


def _drawn(layer: Layer, weights: list[Array]) -> Layer:
    pairs = zip(layer.weights, weights, strict=True)
    return replace(layer, weights=tuple(_as_wide(old, new) for old, new in pairs))


def _as_wide(old: Array, new: Array) -> Array:
    width, drawn = float(np.std(old)), float(np.std(new))
    if new.ndim >= _KERNEL_AXES and width > 0 and drawn > 0:
        new = new * (width / drawn)
    return np.asarray(new, np.float32)
