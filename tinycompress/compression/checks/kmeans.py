"""K-means in one dimension: what weights that share values are made from."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tinycompress.compression.network.network import Array

Initialization = Literal["linear", "kmeans++", "density", "random"]
LLOYD_ROUNDS = 100


def kmeans(
    values: Array, clusters: int, initialization: Initialization, generator: np.random.Generator
) -> Array:
    """Centroids of k-means in one dimension, ascending float32; fewer where values repeat.

    Args:
        values: float32 ``[n]``.
        clusters: At most so many centroids.
        initialization: Where they start.
        generator: For the starts that are random.
    """
    unique = np.unique(values).astype(np.float64)
    if unique.size <= clusters:
        return unique.astype(np.float32)
    centroids = np.unique(_initial(values.astype(np.float64), clusters, initialization, generator))
    for _ in range(LLOYD_ROUNDS):
        owner = nearest(values, centroids)
        counts = np.bincount(owner, minlength=centroids.size)
        sums = np.bincount(owner, weights=values, minlength=centroids.size)
        used = counts > 0
        moved = np.unique(sums[used] / counts[used])
        if moved.size == centroids.size and np.allclose(moved, centroids, rtol=1e-7, atol=0):
            break
        centroids = moved
    return centroids.astype(np.float32)


def nearest(values: Array, centroids: Array) -> Array:
    """Index of the nearest of ascending centroids, for each value."""
    middles = (centroids[1:] + centroids[:-1]) / 2.0
    return np.searchsorted(middles, values)


def _initial(
    values: Array, clusters: int, initialization: Initialization, generator: np.random.Generator
) -> Array:
    if initialization == "linear":
        return np.linspace(values.min(), values.max(), clusters)
    if initialization == "density":
        return np.quantile(values, (np.arange(clusters) + 0.5) / clusters)
    if initialization == "random":
        return generator.uniform(values.min(), values.max(), clusters)
    chosen_values = [values[generator.integers(values.size)]]
    distance = (values - chosen_values[0]) ** 2
    while len(chosen_values) < clusters:
        total = distance.sum()
        if total <= 0:
            break
        chosen_values.append(values[generator.choice(values.size, p=distance / total)])
        distance = np.minimum(distance, (values - chosen_values[-1]) ** 2)
    return np.array(chosen_values)
