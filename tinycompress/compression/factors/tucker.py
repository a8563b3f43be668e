"""A convolution in the middle of two 1x1 ones, all thinner: Tucker-2.

Source: Kim et al., Compression of Deep Convolutional Neural Networks for Fast and Low Power Mobile
Applications, 2016. The window stays whole; inputs and outputs have a basis of their own. TensorLy
fits it by orthogonal iteration.
"""

from __future__ import annotations

import numpy as np

from tinycompress.compression.factors.base import Factored, plain, pointwise_end, window
from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.factors.tensors import tucker_of
from tinycompress.compression.network.network import Call, Network

_INPUTS, _OUTPUTS = 2, 3
"""Axes of a kernel ``[rows, columns, inputs, outputs]``."""


def tucker(network: Network, call: Call, wish: Wish) -> Factored:
    """``name_in`` and ``name_core`` come before the layer, which is a 1x1 convolution then."""
    layer = network.layers[call.layer]
    kernel = layer.weights[0]
    inputs, outputs = kernel.shape[_INPUTS:]
    ranks = tuple(
        wish.rank(np.moveaxis(kernel, axis, 0).reshape(kernel.shape[axis], -1))
        for axis in (_INPUTS, _OUTPUTS)
    )
    core, (into, out) = tucker_of(kernel, ranks, (_INPUTS, _OUTPUTS))
    first = plain(network, layer, "in", "Conv2D", into[None, None], filters=ranks[0], kernel_size=1)
    middle = plain(
        network, layer, "core", "Conv2D", core,
        filters=ranks[1], kernel_size=kernel.shape[:2], **window(layer),
    )  # fmt: skip
    before = network.shape(call.inputs[0])
    chain = (
        (first, (*before[:-1], ranks[0])),
        (middle, (*call.shape[:-1], ranks[1])),
        (pointwise_end(layer, out.T), call.shape),
    )
    return Factored(chain, f"ranks {ranks[0]} of {inputs} inputs, {ranks[1]} of {outputs} outputs")
