"""Kernels changed as the stages of a recipe change them, before any training."""

from __future__ import annotations

import numpy as np

from tinycompress.compression.checks.kmeans import LLOYD_ROUNDS
from tinycompress.compression.checks.shared_integers import SharedIntegers, clustered
from tinycompress.compression.network.integers import with_int8
from tinycompress.compression.network.network import Array
from tinycompress.compression.sensitivity.table import Change

INT8_BITS = 8


def changed_kernel(kernel: Array, kind: str, change: Change, *, seed: int = 0) -> Array:
    """The kernel after a change; float32, of the same shape.

    Clusters and bits are those of the int8 file: an output channel, or the kernel of a Dense, is
    its scale times integers. Eight bits are plain int8; of fewer, the scales are those with the
    least squared error that the grid allows.

    Args:
        kernel: float32, finite.
        kind: Class of its layer, one with a kernel.
        change: What to do.
        seed: Of the first centroids.
    """
    if change.kind == "prune":
        return pruned(kernel, change.amount)
    moving = np.ones(kernel.shape, bool)
    if change.kind == "cluster":
        generator = np.random.default_rng(seed)
        return clustered(kernel, kind, moving, int(change.amount), "kmeans++", generator)
    if change.amount >= INT8_BITS:
        return with_int8(kernel, kind)
    return SharedIntegers.on_grid(kernel, kind, moving, int(change.amount)).fitted(LLOYD_ROUNDS)


def pruned(kernel: Array, share: float) -> Array:
    """The kernel with a share of its weights, those of smallest magnitude, made zero."""
    count = round(share * kernel.size)
    smallest = np.argsort(np.abs(kernel).reshape(-1), kind="stable")[:count]
    flat: Array = kernel.reshape(-1).copy()
    flat[smallest] = 0.0
    return flat.reshape(kernel.shape)
