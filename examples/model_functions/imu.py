"""Windows of an inertial sensor ``[samples, axes]``: one-dimensional convolutions.

tinycompress fit --model-function imu --data windows.npz --board nano33 --latency 1ms -o out
"""

from __future__ import annotations

from typing import Any

import keras


def make(space: Any) -> keras.Model:
    """A network for windows ``[samples, axes]`` with class labels."""
    layers = keras.layers
    filters = space.int("filters", 4, 24, step=4)
    growth = space.choice("growth", [1.0, 1.5, 2.0])
    kernel = space.choice("kernel", [3, 5, 7])
    inputs = keras.Input(space.input_shape)
    x = inputs
    for block in range(space.int("blocks", 1, 3)):
        # A stride before the first pooling is what makes long windows cheap.
        stride = space.choice("stride", [1, 2, 4]) if block == 0 else 1
        x = layers.Conv1D(
            round(filters * growth**block), kernel, strides=stride, padding="same", use_bias=False
        )(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        if x.shape[1] >= 4:
            x = layers.MaxPooling1D(2)(x)
    if space.choice("head", ["average", "flatten"]) == "average":
        x = layers.GlobalAveragePooling1D()(x)
    else:
        x = layers.Flatten()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(space.classes, activation="softmax")(x))
