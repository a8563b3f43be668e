"""An autoencoder of feature vectors, for anomaly detection: labels are the samples themselves.

    tinycompress fit --model-function autoencoder --data vectors.npz --board nano33 --flash 64K

``vectors.npz`` has ``x`` and ``y`` alike, ``[samples, features]``; accuracy is R squared.
"""

from __future__ import annotations

from math import prod
from typing import Any

import keras


def make(space: Any) -> keras.Model:
    """A network that gives its input back through a few values."""
    layers = keras.layers
    features = prod(space.input_shape)
    width = space.int("width", 16, 128, step=16)
    depth = space.int("depth", 1, 3)
    inputs = keras.Input((features,))
    x = inputs
    for units in [width] * depth + [space.int("code", 4, 16, step=4)] + [width] * depth:
        x = layers.Dense(units, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Dense(features)(x))
