"""Kernels: which layers have one, its output channels, how sparse and how clustered it is.

A recurrent layer's kernel is the one of its input with that of its state below, ``[inputs + units,
gates * units]``: a unit is an output channel, and what makes it are its columns of all gates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from types import MappingProxyType

import numpy as np

from tinycompress.compression.network.layer_types import RECURRENT
from tinycompress.compression.network.network import Array, Call, Layer, Network, elements

OUTPUT_AXES: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "Dense": (1,),
        "Conv1D": (2,),
        "Conv2D": (3,),
        "Conv1DTranspose": (1,),
        "Conv2DTranspose": (2,),
        "DepthwiseConv1D": (1, 2),
        "DepthwiseConv2D": (2, 3),
    }
)
"""Axes of a kernel that, flattened, number the output channels, of layers with one kernel."""

GATES: Mapping[str, int] = MappingProxyType({"SimpleRNN": 1, "GRU": 3, "LSTM": 4})
"""Recurrent layers, and how many columns of their kernels make one unit."""

MIXING = ("Dense", "Conv1D", "Conv2D", "Conv1DTranspose", "Conv2DTranspose")
"""Kinds with one kernel, in which every output channel reads all inputs of its group."""
PRUNABLE = (*MIXING, *GATES)
"""Kinds whose single weights can be zero: TF-MOT's pruning knows them."""

_RECURRENT_KERNELS = 2

ENDS_A_FEATURE = frozenset(
    {"BatchNormalization", "ReLU", "Activation", "LeakyReLU", "PReLU", "ELU"}
)
"""Layers that belong to the kernel before them: its feature is what comes out behind them."""


def has_kernel(layer: Layer) -> bool:
    """Whether a layer multiplies by a kernel; 1x1 depthwise ones only scale and do not count."""
    if layer.kind not in OUTPUT_AXES:
        return layer.kind in GATES
    return not (layer.kind.startswith("Depthwise") and prod(layer.weights[0].shape[:-2]) == 1)


def kernel_layers(network: Network) -> tuple[Layer, ...]:
    """The layers with a kernel, in order of first use."""
    names = dict.fromkeys(call.layer for call in network.calls)
    return tuple(network.layers[name] for name in names if has_kernel(network.layers[name]))


def kernel_of(layer: Layer) -> Array:
    """The kernel of a layer that has one; both of a recurrent layer, one below the other."""
    return np.concatenate(layer.weights[:2]) if layer.kind in GATES else layer.weights[0]


def with_kernel(layer: Layer, kernel: Array) -> Layer:
    """The layer with another kernel of the same shape, as `kernel_of` has it."""
    kernel = kernel.astype(np.float32)
    if layer.kind in GATES:
        inputs = len(layer.weights[0])
        return replace(layer, weights=(kernel[:inputs], kernel[inputs:], *layer.weights[2:]))
    return replace(layer, weights=(kernel, *layer.weights[1:]))


def channel_rows(kernel: Array, kind: str) -> Array:
    """The kernel as a matrix ``[output channels, weights of one channel]``."""
    if kind in GATES:
        by_gate = kernel.reshape(len(kernel), GATES[kind], -1)
        return np.moveaxis(by_gate, -1, 0).reshape(by_gate.shape[-1], -1)
    axes = OUTPUT_AXES[kind]
    moved = np.moveaxis(kernel, axes, range(len(axes)))
    return moved.reshape(prod(moved.shape[: len(axes)]), -1)


def from_channel_rows(rows: Array, shape: tuple[int, ...], kind: str) -> Array:
    """The inverse of :func:`channel_rows`, for a kernel of the given shape."""
    if kind in GATES:
        by_gate = rows.reshape(len(rows), shape[0], GATES[kind])
        return np.moveaxis(by_gate, 0, -1).reshape(shape)
    axes = OUTPUT_AXES[kind]
    first = tuple(shape[axis] for axis in axes)
    rest = tuple(size for axis, size in enumerate(shape) if axis not in axes)
    return np.moveaxis(rows.reshape(first + rest), range(len(axes)), axes)


def sparsity(kernel: Array) -> float:
    """Share of exact zeros."""
    return float(1.0 - np.count_nonzero(kernel) / kernel.size)


def distinct_values(kernel: Array) -> int:
    """Number of different values in the whole kernel."""
    return int(np.unique(kernel).size)


def distinct_per_channel(kernel: Array, kind: str) -> int:
    """Largest number of different values in one output channel."""
    return max(int(np.unique(row).size) for row in channel_rows(kernel, kind))


def macs_of_layer(network: Network, layer: Layer) -> int:
    """Multiply-accumulates of all calls of a layer, per sample."""
    if layer.kind in RECURRENT:
        # Bias aside, each step multiplies by both kernels.
        half = len(layer.weights) // (2 if layer.kind == "Bidirectional" else 1)
        sizes = sum(w.size for i, w in enumerate(layer.weights) if i % half < _RECURRENT_KERNELS)
        calls = network.calls_of(layer.name)
        return sum(int(network.shape(call.inputs[0])[0] or 1) * sizes for call in calls)
    if layer.kind in ("Attention", "AdditiveAttention"):
        return sum(_macs_of_attention(network, call) for call in network.calls_of(layer.name))
    if layer.kind not in OUTPUT_AXES:
        return 0
    total = 0
    for call in network.calls_of(layer.name):
        kernel = layer.weights[0]
        if layer.kind.endswith("Transpose"):
            spatial = elements(network.shape(call.inputs[0])[:-1])
            total += spatial * kernel.size
        elif layer.kind.startswith("Depthwise"):
            total += elements(call.shape) * prod(kernel.shape[:-2])
        else:
            total += elements(call.shape) * (kernel.size // kernel.shape[-1])
    return total


def _macs_of_attention(network: Network, call: Call) -> int:
    """Of every query with every key, and of what that weighs with the values."""
    query, value = (network.shape(source) for source in call.inputs[:2])
    return (query[0] or 1) * (value[0] or 1) * ((query[-1] or 1) + (value[-1] or 1))


def macs(network: Network) -> int:
    """Multiply-accumulates of one inference; shapes of the calls must be known."""
    return sum(macs_of_layer(network, layer) for layer in network.layers.values())
