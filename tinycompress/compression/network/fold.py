"""Fold layers that scale channels into the layer before, exactly up to float32 rounding.

They are BatchNormalization, Rescaling and Normalization: the converter folds each of them into the
kernel before it, and would then find another kernel in the file than the one that was trained.

Folding multiplies every output channel of a kernel by its own factor. After clustering that would
turn k distinct values into k per channel, and in quantisation-aware training the folded weights,
not the trained ones, would meet the int8 grid. So it comes before both.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress.compression.network.affine import Affine, absorb, affine_of
from tinycompress.compression.network.kernels import OUTPUT_AXES
from tinycompress.compression.network.network import Array, Call, Layer, Network

_AFFINE = frozenset({"BatchNormalization", "Rescaling", "Normalization"})


def fold_batch_norms(network: Network) -> Network:
    """Fold every BatchNormalization, Rescaling and Normalization that a neighbour can take in.

    The layer before takes it if it is linear and feeds nothing else; otherwise the layer after;
    otherwise one on an image becomes a 1x1 depthwise convolution, which it is at inference. One
    that none of these fits, such as between two activations on a vector, stays.

    Args:
        network: Any network.

    Returns:
        A network that infers the same.
    """
    for layer in tuple(network.layers.values()):
        if layer.kind not in _AFFINE or len(network.calls_of(layer.name)) != 1:
            continue
        (call,) = network.calls_of(layer.name)
        affine = affine_of(layer, network.shape(call.inputs[0]))
        if affine is None:
            continue
        before = _foldable_producer(network, call, affine)
        if before is None:
            network = absorb(network, call, affine)
        else:
            network = network.with_layers([_folded(before, affine)]).without_call(call)
    return network


def bias_of(layer: Layer, channels: int) -> Array:
    """The bias of a layer with a kernel, zeros if it has none."""
    if layer.config.get("use_bias", True):
        return layer.weights[1]
    return np.zeros(channels, np.float32)


def _foldable_producer(network: Network, call: Call, affine: Affine) -> Layer | None:
    value = call.inputs[0]
    producer = network.producer_or_none(value)
    if producer is None or network.only_consumer(value) is None:
        return None
    layer = network.layers[producer.layer]
    axes = OUTPUT_AXES.get(layer.kind)
    if axes is None or layer.config.get("activation", "linear") != "linear":
        return None
    if len(network.calls_of(layer.name)) != 1:
        return None
    channels = int(np.prod([layer.weights[0].shape[axis] for axis in axes]))
    return layer if affine.scale.size == channels else None


def _folded(layer: Layer, affine: Affine) -> Layer:
    kernel = layer.weights[0]
    axes = OUTPUT_AXES[layer.kind]
    shape = [size if axis in axes else 1 for axis, size in enumerate(kernel.shape)]
    bias = bias_of(layer, affine.scale.size)
    return replace(
        layer.with_config(use_bias=True),
        weights=(
            (kernel * affine.scale.reshape(shape)).astype(np.float32),
            (bias * affine.scale + affine.offset).astype(np.float32),
        ),
    )
