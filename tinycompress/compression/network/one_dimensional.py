"""One-dimensional convolutions as two-dimensional ones of height 1, as the converter makes them.

TF-MOT's quantisation-aware training knows the two-dimensional ones only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tinycompress.compression.network.lower import is_relu
from tinycompress.compression.network.network import Call, Layer, Network

TWO_DIMENSIONAL = {
    "Conv1D": "Conv2D", "Conv1DTranspose": "Conv2DTranspose",
    "DepthwiseConv1D": "DepthwiseConv2D",
}  # fmt: skip
"""Layers of one dimension, and what they are with a height of 1."""


def as_two_dimensional(network: Network) -> Network:
    """Replace Conv1D, Conv1DTranspose and DepthwiseConv1D; layers keep their names.

    A ReLU that follows one alone is called before the series is made again: next to the convolution
    it is trained and converted as a part of it.

    Returns:
        A network that infers the same. A shared layer stays as it is.
    """
    for layer in tuple(network.layers.values()):
        calls = network.calls_of(layer.name)
        if layer.kind in TWO_DIMENSIONAL and len(calls) == 1:
            network = _replaced(network, layer, calls[0])
    return network


def _replaced(network: Network, layer: Layer, call: Call) -> Network:
    before = network.shape(call.inputs[0])
    chain: list[tuple[Layer, tuple[int | None, ...]]] = []
    length, channels = before
    config = dict(layer.config)
    if config.get("padding") == "causal":
        missing = (_one(config["kernel_size"]) - 1) * _one(config.get("dilation_rate", 1))
        length = None if length is None else length + missing
        name = network.new_name(f"{layer.name}_pad")
        chain.append((Layer(name, "ZeroPadding1D", {"padding": (missing, 0)}), (length, channels)))
        config["padding"] = "valid"
    for key in ("kernel_size", "strides", "dilation_rate"):
        if key in config:
            config[key] = (1, _one(config[key]))
    if config.get("output_padding") is not None:
        config["output_padding"] = (0, _one(config["output_padding"]))
    if layer.kind == "DepthwiseConv1D" and "strides" in config:
        # TensorFlow's depthwise kernel takes equal strides only; a height of 1 does not mind.
        config["strides"] = (config["strides"][1], config["strides"][1])
    kernel, *rest = layer.weights
    kind = TWO_DIMENSIONAL[layer.kind]
    flat = replace(layer, kind=kind, config=config, weights=(kernel[None], *rest))
    wide = (1, *call.shape)
    rows = _reshape(network, f"{layer.name}_rows", (1, length, channels))
    series = _reshape(network, f"{layer.name}_series", call.shape)
    chain += [(rows, (1, length, channels)), (flat, wide)]
    relu = _relu_of(network, layer, call)
    if relu is not None:
        chain.append((network.layers[relu.layer], wide))
        network = network.without_call(relu)
    return network.replace_call(call, [*chain, (series, call.shape)])


def _relu_of(network: Network, layer: Layer, call: Call) -> Call | None:
    """The call of a ReLU that reads a linear convolution, if nothing else does."""
    if layer.config.get("activation", "linear") != "linear":
        return None
    user = network.only_consumer(call.output)
    return user if user is not None and is_relu(network.layers[user.layer]) else None


def _reshape(network: Network, name: str, shape: tuple[int | None, ...]) -> Layer:
    target = tuple(-1 if size is None else size for size in shape)
    return Layer(network.new_name(name), "Reshape", {"target_shape": target})


def _one(value: Any) -> int:
    return int(value[0]) if isinstance(value, (tuple, list)) else int(value)
