"""A convolution as a sum of windows, each of one input basis and one output basis: CP.

Source: Lebedev et al., Speeding-up Convolutional Neural Networks Using Fine-tuned CP-Decomposition,
2015. Rows and columns of the window stay together, as one depthwise convolution instead of two:
TensorFlow wants equal strides in it, and on a microcontroller each layer costs. TensorLy fits it by
alternating least squares.
"""

from __future__ import annotations

from math import prod

import numpy as np

from tinycompress.compression.factors.base import Factored, plain, pointwise_end, window
from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.factors.tensors import cp_of
from tinycompress.compression.network.network import Array, Call, Network


def cp(network: Network, call: Call, wish: Wish) -> Factored:
    """``name_in`` and ``name_depthwise`` come before the layer, a 1x1 convolution then."""
    layer = network.layers[call.layer]
    kernel = layer.weights[0]
    size, (inputs, outputs) = kernel.shape[:2], kernel.shape[2:]
    tensor = kernel.reshape(prod(size), inputs, outputs)
    most = largest_rank(tensor)
    rank = min(_rank(tensor, wish, most), most)
    windows, into, out = cp_of(tensor, rank)
    first = plain(network, layer, "in", "Conv2D", into[None, None], filters=rank, kernel_size=1)
    middle = plain(
        network, layer, "depthwise", "DepthwiseConv2D", windows.reshape(*size, rank, 1),
        kernel_size=size, depth_multiplier=1, **window(layer),
    )  # fmt: skip
    before = network.shape(call.inputs[0])
    chain = (
        (first, (*before[:-1], rank)),
        (middle, (*call.shape[:-1], rank)),
        (pointwise_end(layer, out.T), call.shape),
    )
    return Factored(chain, f"rank {rank}")


def largest_rank(tensor: Array) -> int:
    """Of factors that are no larger than the tensor; at least 1."""
    return max(1, tensor.size // sum(tensor.shape))


def _rank(tensor: Array, wish: Wish, most: int) -> int:
    """By energy the least that keeps it, found by halving; else of inputs and outputs the larger.

    A tensor has no singular values that a rank could be read from.
    """
    if wish.energy is None:
        return max(
            wish.rank(np.moveaxis(tensor, axis, 0).reshape(tensor.shape[axis], -1))
            for axis in (1, 2)
        )
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _energy(tensor, middle) >= wish.energy else (middle + 1, high)
    return high


def _energy(tensor: Array, rank: int) -> float:
    """The share of the squares that factors of a rank keep."""
    fitted = np.einsum("wr,ir,or->wio", *cp_of(tensor, rank))
    return 1.0 - float(np.sum((tensor - fitted) ** 2) / max(float(np.sum(tensor**2)), 1e-30))
