"""Keyword spotting from log-mel or MFCC features ``[frames, coefficients, 1]``: a DS-CNN.

After Zhang et al., Hello Edge: Keyword Spotting on Microcontrollers, 2017, whose depth, width and
first convolution are what is searched here.

    tinycompress fit --model-function keywords --data mfcc.npz --board nano33 --latency 25ms -o out
"""

from __future__ import annotations

from typing import Any

import keras


def make(space: Any) -> keras.Model:
    """A depthwise-separable network for features ``[frames, coefficients(, 1)]``."""
    layers = keras.layers
    filters = space.int("filters", 8, 64, step=8)
    frames, coefficients = space.input_shape[:2]
    inputs = keras.Input((frames, coefficients, 1))
    first = (space.choice("first_frames", [4, 10]), min(4, coefficients))
    strides = (space.choice("first_stride", [1, 2]), min(2, coefficients))
    x = layers.Conv2D(filters, first, strides=strides, padding="same", use_bias=False)(inputs)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for _ in range(space.int("blocks", 1, 5)):
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Conv2D(filters, 1, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(0.2)(x)
    return keras.Model(inputs, layers.Dense(space.classes, activation="softmax")(x))
