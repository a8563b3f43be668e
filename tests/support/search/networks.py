"""A small network as plain layers and arrays, without TensorFlow."""

from __future__ import annotations

import numpy as np

from tinycompress.compression.network.network import Call, Input, Layer, Network


def small_network(channels: tuple[int, int] = (16, 32)) -> Network:
    """Convolution, normalisation, 1x1 convolution, average, Dense, for images of 8x8."""
    first, second = channels
    draw = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return draw.normal(0, 0.1, shape).astype(np.float32)

    conv = {"strides": (1, 1), "padding": "same", "use_bias": False, "activation": "linear"}
    layers = (
        Layer("stem", "Conv2D", {"filters": first, "kernel_size": (3, 3), **conv},
              (weights(3, 3, 1, first),)),
        Layer("norm", "BatchNormalization", {"axis": -1, "epsilon": 1e-3},
              (np.ones(first, np.float32), *(np.zeros(first, np.float32) for _ in range(2)),
               np.ones(first, np.float32))),
        Layer("relu", "ReLU", {}),
        Layer("point", "Conv2D", {"filters": second, "kernel_size": (1, 1), **conv},
              (weights(1, 1, first, second),)),
        Layer("average", "GlobalAveragePooling2D", {"keepdims": False}),
        Layer("out", "Dense", {"units": 10, "use_bias": True, "activation": "softmax"},
              (weights(second, 10), np.zeros(10, np.float32))),
    )  # fmt: skip
    shapes = [(8, 8, first)] * 3 + [(8, 8, second), (second,), (10,)]
    calls = tuple(
        Call(layer.name, (number,), number + 1, shape)
        for number, (layer, shape) in enumerate(zip(layers, shapes, strict=True))
    )
    return Network(
        "small", (Input("image", (8, 8, 1), 0),), {one.name: one for one in layers}, calls, (6,)
    )
