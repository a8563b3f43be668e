"""What a factorisation is: adding one is a file with such functions, and its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.network.network import Array, Call, Layer, Network

Chain = tuple[tuple[Layer, tuple[int | None, ...]], ...]
"""Layers in the place of one, each with the shape of its output; the last keeps its name."""


@dataclass(frozen=True, eq=False)
class Factored:
    """A layer in factors: the chain, and its ranks in words."""

    chain: Chain
    ranks: str


@dataclass(frozen=True, eq=False)
class Factorisation:
    """A way to take a kernel apart.

    Attributes:
        takes: Whether it is for a layer.
        run: ``run(network, call, wish)``: the layer of a call in factors of the ranks that are
            wished for.
    """

    takes: Callable[[Layer], bool]
    run: Callable[[Network, Call, Wish], Factored]


def is_spatial(layer: Layer) -> bool:
    """Whether a layer is a convolution in two dimensions, of more than one position, ungrouped."""
    if layer.kind != "Conv2D" or layer.config.get("groups", 1) != 1:
        return False
    height, width = layer.weights[0].shape[:2]
    return bool(height * width > 1)


def plain(
    network: Network, layer: Layer, part: str, kind: str, kernel: Array, **config: Any
) -> Layer:
    """A layer in front of the last one of a chain: linear, without a bias, of a name of its own."""
    regularizer = "depthwise_regularizer" if kind.startswith("Depthwise") else "kernel_regularizer"
    common = {
        "use_bias": False, "activation": "linear",
        regularizer: layer.config.get("kernel_regularizer"),
    }  # fmt: skip
    name = network.new_name(f"{layer.name}_{part}")
    return Layer(name, kind, {**common, **config}, (kernel,), layer.trainable)


def pointwise_end(layer: Layer, kernel: Array) -> Layer:
    """The layer itself as the 1x1 convolution at the end of its chain: name, bias, activation."""
    end = layer.with_config(kernel_size=1, strides=1, padding="valid", dilation_rate=1)
    return replace(end, weights=(kernel[None, None], *layer.weights[1:]))


def window(layer: Layer) -> dict[str, Any]:
    """How a convolution moves: strides, padding and dilation, as its configuration has them."""
    keys = ("strides", "padding", "dilation_rate")
    return {key: layer.config[key] for key in keys if key in layer.config}


def pair(value: Any) -> tuple[int, int]:
    """One number or two, as two."""
    first, second = (value, value) if isinstance(value, int) else value
    return int(first), int(second)
