"""Dense layers and 1x1 convolutions as two thinner ones: the singular value decomposition."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from tinycompress.compression.factors.base import Factored, plain
from tinycompress.compression.factors.ranks import Wish
from tinycompress.compression.network.network import Array, Call, Layer, Network


def takes(layer: Layer) -> bool:
    """Whether a layer multiplies every position by one matrix."""
    if layer.kind == "Dense":
        return True
    return (
        layer.kind == "Conv2D"
        and prod(layer.weights[0].shape[:2]) == 1
        and layer.config.get("groups", 1) == 1
    )


def svd(network: Network, call: Call, wish: Wish) -> Factored:
    """``name_low_rank`` comes before the layer, which keeps its outputs."""
    layer = network.layers[call.layer]
    matrix = layer.weights[0].reshape(layer.weights[0].shape[-2:])
    left, right = halves(matrix, wish.rank(matrix))
    rank = left.shape[1]
    if layer.kind == "Dense":
        first = plain(network, layer, "low_rank", "Dense", left, units=rank)
        second = layer
        between = (*call.shape[:-1], rank)
    else:
        strided = {key: layer.config[key] for key in ("strides",) if key in layer.config}
        first = plain(
            network, layer, "low_rank", "Conv2D", left[None, None],
            filters=rank, kernel_size=1, **strided,
        )  # fmt: skip
        second = layer.with_config(strides=1)
        right = right[None, None]
        between = (*call.shape[:-1], rank)
    second = replace(second, weights=(right, *layer.weights[1:]))
    chain = ((first, between), (second, call.shape))
    return Factored(chain, f"rank {rank} of {min(matrix.shape)}")


def halves(matrix: Array, rank: int) -> tuple[Array, Array]:
    """Two float32 factors of a rank, whose product is nearest to a matrix.

    Returns:
        ``[inputs, rank]`` and ``[rank, outputs]``, of equal norms so that both quantise well.
    """
    left, values, right = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    root = np.sqrt(values[:rank])
    return (
        (left[:, :rank] * root).astype(np.float32),
        (root[:, None] * right[:rank]).astype(np.float32),
    )
