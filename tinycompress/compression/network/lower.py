"""Bring a network into the few forms that every stage knows, without changing what it infers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tinycompress.compression.network.affine import absorb_input_scaling, absorb_layer_norms
from tinycompress.compression.network.attention import split_attention
from tinycompress.compression.network.einsum import split_einsum
from tinycompress.compression.network.network import Layer, Network

_KERNEL_KEYS = ("regularizer", "constraint")


def lower(network: Network) -> Network:
    """Take in scaling, and split separable convolutions and the heads of attention.

    Returns:
        A network that infers the same, in which every layer but recurrent ones has at most one
        kernel.
    """
    split = split_einsum(split_separable(network))
    split = split_attention(absorb_input_scaling(split))
    return absorb_layer_norms(split)


def split_separable(network: Network) -> Network:
    """Split SeparableConv into a depthwise and a 1x1 convolution, as the converter does."""
    for layer in tuple(network.layers.values()):
        if not layer.kind.startswith("SeparableConv"):
            continue
        # A shared one is called several times: its halves are then shared too.
        name = network.new_name(f"{layer.name}_depthwise")
        for call in network.calls_of(layer.name):
            first, second = _halves(layer, name)
            between = (*call.shape[:-1], second.weights[0].shape[-2])
            network = network.replace_call(call, [(first, between), (second, call.shape)])
    return network


def _halves(layer: Layer, depthwise_name: str) -> tuple[Layer, Layer]:
    config, dimensions = layer.config, layer.kind[-2:]
    spatial = ("kernel_size", "strides", "padding", "dilation_rate", "depth_multiplier")
    first: dict[str, Any] = {key: config[key] for key in spatial if key in config}
    second: dict[str, Any] = {
        key: config[key]
        for key in ("filters", "activation", "use_bias", "activity_regularizer",
                    "bias_regularizer", "bias_constraint")
        if key in config
    }  # fmt: skip
    for key in _KERNEL_KEYS:
        first[f"depthwise_{key}"] = config.get(f"depthwise_{key}")
        second[f"kernel_{key}"] = config.get(f"pointwise_{key}")
    depthwise, pointwise, *bias = layer.weights
    return (
        Layer(
            depthwise_name, f"DepthwiseConv{dimensions}", {**first, "use_bias": False},
            (depthwise,), layer.trainable,
        ),
        replace(
            layer,
            kind=f"Conv{dimensions}",
            config={**second, "kernel_size": 1},
            weights=(pointwise, *bias),
        ),
    )  # fmt: skip


_RELU_CONFIGS: dict[str, dict[str, Any]] = {"relu": {}, "relu6": {"max_value": 6.0}}


def is_relu(layer: Layer) -> bool:
    """Whether a layer is a ReLU alone, with or without an upper limit."""
    if layer.kind == "Activation":
        return layer.config.get("activation") in _RELU_CONFIGS
    plain = (layer.config.get(key) or 0.0 for key in ("negative_slope", "threshold"))
    return layer.kind == "ReLU" and not any(plain)


def relus_apart(network: Network) -> Network:
    """Give every ReLU a layer of its own, whichever of Keras's three ways it is written in.

    Returns:
        A network that infers the same, without ``relu`` and ``relu6`` as activation functions.
    """
    for layer in tuple(network.layers.values()):
        activation = layer.config.get("activation", "linear")
        if activation not in _RELU_CONFIGS:
            continue
        config = _RELU_CONFIGS[activation]
        if layer.kind == "Activation":
            network = network.with_layers([Layer(layer.name, "ReLU", config)])
            continue
        relu = Layer(network.new_name(f"{layer.name}_{activation}"), "ReLU", config)
        linear = layer.with_config(activation="linear")
        for call in network.calls_of(layer.name):
            network = network.replace_call(call, [(linear, call.shape), (relu, call.shape)])
    return network
