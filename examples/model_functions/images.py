"""Networks for small images: convolutions whose depth, width and kind the search chooses.

    tinycompress fit --model-function images --data train.npz --board nano33 --flash 64K -o out

Copy it, change it, and name your copy instead: --model-function mine.py:make
"""

from __future__ import annotations

from typing import Any

import keras


def make(space: Any) -> keras.Model:
    """A network for images ``[height, width, channels]`` with class labels."""
    width = space.int("width", 4, 32, step=4)
    blocks = space.int("blocks", 1, 4)
    kind = space.choice("convolution", ["plain", "separable"])
    inputs = keras.Input(space.input_shape)
    x = _convolution(inputs, width, space.choice("first_kernel", [3, 5]), "plain")
    for number in range(blocks):
        x = _convolution(x, width * 2 ** min(number, 2), 3, kind)
        if min(x.shape[1:3]) >= 4:
            x = keras.layers.MaxPooling2D(2)(x)
    if space.choice("head", ["average", "flatten"]) == "average":
        x = keras.layers.GlobalAveragePooling2D()(x)
    else:
        x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.2)(x)
    return keras.Model(inputs, keras.layers.Dense(space.classes, activation="softmax")(x))


def _convolution(x: Any, filters: int, kernel: int, kind: str) -> Any:
    layers = keras.layers
    if kind == "separable":
        x = layers.DepthwiseConv2D(kernel, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(x)
        kernel = 1
    x = layers.Conv2D(filters, kernel, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x)
