"""A convolution as a column of its rows: k x 1, then 1 x k.

Source: Jaderberg, Vedaldi and Zisserman, Speeding up Convolutional Neural Networks with Low Rank
Expansions, 2014 (their second scheme), here as the best approximation by SVD.
"""

from __future__ import annotations

from dataclasses import replace

from tinycompress.compression.factors.base import Factored, pair, plain
from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.factors.svd import halves
from tinycompress.compression.network.network import Call, Layer, Network


def takes(layer: Layer) -> bool:
    """Whether a layer is a convolution of more than one row and column, ungrouped."""
    if layer.kind != "Conv2D" or layer.config.get("groups", 1) != 1:
        return False
    return bool(min(layer.weights[0].shape[:2]) > 1)


def spatial(network: Network, call: Call, wish: Wish) -> Factored:
    """``name_column`` comes before the layer, which is one of a single row then."""
    layer = network.layers[call.layer]
    rows, columns, inputs, outputs = layer.weights[0].shape
    matrix = layer.weights[0].transpose(0, 2, 1, 3).reshape(rows * inputs, columns * outputs)
    left, right = halves(matrix, wish.rank(matrix))
    rank = left.shape[1]
    strides, dilation = (pair(layer.config.get(key, 1)) for key in ("strides", "dilation_rate"))
    column = plain(
        network, layer, "column", "Conv2D", left.reshape(rows, 1, inputs, rank),
        filters=rank, kernel_size=(rows, 1), strides=(strides[0], 1),
        dilation_rate=(dilation[0], 1), padding=layer.config.get("padding", "valid"),
    )  # fmt: skip
    row = layer.with_config(
        kernel_size=(1, columns), strides=(1, strides[1]), dilation_rate=(1, dilation[1])
    )
    kernel = right.reshape(rank, columns, outputs).transpose(1, 0, 2)[None]
    row = replace(row, weights=(kernel, *layer.weights[1:]))
    before = network.shape(call.inputs[0])
    chain = ((column, (call.shape[0], before[1], rank)), (row, call.shape))
    return Factored(chain, f"rank {rank} of {min(matrix.shape)}")
