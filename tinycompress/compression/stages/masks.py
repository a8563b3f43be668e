"""Masks by magnitude: what TF-MOT's pruning must have reached, and the one-shot way to it."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Literal

import numpy as np

from tinycompress.compression.network.network import Array
from tinycompress.errors import ConfigError

_LEAST_KEPT = 0.01
"""Share of every kernel that a global ranking leaves, so that no layer ends up all zero."""


def magnitude_mask(kernel: Array, sparsity: float) -> Array:
    """Mask that keeps the largest weights; ties are broken by position.

    Args:
        kernel: The weights.
        sparsity: Share to leave out; at least one weight is kept.

    Returns:
        bool, in the shape of the kernel.
    """
    kept = max(1, round(kernel.size * (1.0 - sparsity)))
    order = np.argsort(-np.abs(kernel).reshape(-1), kind="stable")
    mask = np.zeros(kernel.size, bool)
    mask[order[:kept]] = True
    return mask.reshape(kernel.shape)


def m_by_n_mask(kernel: Array, m_by_n: tuple[int, int]) -> Array:
    """Mask that leaves out the m smallest of every n consecutive input weights of an output.

    The last group is padded as TF-MOT pads it, so that its zeros may be fewer.
    """
    zeros, size = m_by_n
    rows = np.moveaxis(kernel, -1, 0)
    missing = -rows.shape[-1] % size
    # Padding counts as the smallest: it takes the place of zeros in a group that is cut short.
    widths = [(0, 0)] * (rows.ndim - 1) + [(0, missing)]
    padded = np.pad(np.abs(rows), widths, constant_values=-1.0)
    groups = padded.reshape(*padded.shape[:-1], -1, size)
    order = np.argsort(groups, axis=-1, kind="stable")
    mask = np.ones(groups.shape, bool)
    np.put_along_axis(mask, order[..., :zeros], False, axis=-1)
    whole = mask.reshape(padded.shape)[..., : rows.shape[-1]]
    return np.moveaxis(whole, 0, -1)


def block_mask(
    kernel: Array,
    block_size: tuple[int, int],
    pooling: Literal["average", "max"],
    sparsity: float,
) -> Array:
    """Mask that leaves out whole blocks of a matrix, ranked by mean or largest magnitude.

    Args:
        kernel: ``[inputs, outputs]``.
        block_size: Inputs and outputs of a block.
        pooling: Whether a block counts by its mean or by its largest magnitude.
        sparsity: Share of the blocks to leave out; at least one is kept.
    """
    height, width = block_size
    rows, columns = kernel.shape
    padded = np.pad(np.abs(kernel), ((0, -rows % height), (0, -columns % width)))
    blocks = padded.reshape(padded.shape[0] // height, height, padded.shape[1] // width, width)
    pooled = blocks.mean(axis=(1, 3)) if pooling == "average" else blocks.max((1, 3))
    mask = magnitude_mask(pooled, sparsity)
    return np.repeat(np.repeat(mask, height, 0), width, 1)[:rows, :columns]


def global_sparsities(kernels: Mapping[str, Array], sparsity: float) -> dict[str, float]:
    """Sparsity of every kernel so that, ranked together by magnitude, the smallest weights go.

    Raises:
        ConfigError: So many weights cannot go without emptying a layer.
    """
    total = sum(kernel.size for kernel in kernels.values())
    wanted = round(total * sparsity)
    magnitudes, owners = [], []
    for number, kernel in enumerate(kernels.values()):
        exempt = max(1, ceil(kernel.size * _LEAST_KEPT))
        small = np.sort(np.abs(kernel).reshape(-1))[: kernel.size - exempt]
        magnitudes.append(small)
        owners.append(np.full(small.size, number))
    everything = np.concatenate(magnitudes)
    if wanted > everything.size:
        raise ConfigError(
            f"global sparsity {sparsity:g} would empty a layer; the most for this model is"
            f" {everything.size / total:.4f}",
            hint="lower the sparsity, or skip fewer layers",
        )
    chosen = np.concatenate(owners)[np.argsort(everything, kind="stable")[:wanted]]
    counts = np.bincount(chosen, minlength=len(kernels))
    return {
        name: float(counts[number] / kernel.size)
        for number, (name, kernel) in enumerate(kernels.items())
    }
