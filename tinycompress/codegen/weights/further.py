"""int8 weights as pruning or clustering could leave them, to see what they would take then.

Nothing is trained: what these weights do to accuracy is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

Weights = npt.NDArray[np.int8]

_ROUNDS = 50


def pruned(weights: Weights, share: float) -> Weights:
    """The share of weights with the smallest magnitudes as 0 (magnitude pruning)."""
    flat = weights.reshape(-1).copy()
    smallest = np.argsort(np.abs(flat.astype(np.int64)), kind="stable")
    flat[smallest[: round(share * flat.size)]] = 0
    thinned: Weights = flat.reshape(weights.shape)
    return thinned


def clustered(weights: Weights, count: int) -> Weights:
    """Each weight as the nearest of so many values (Lloyd's algorithm on the int8 values).

    Zeros stay zeros: that there are many is what other encodings live on.
    """
    values, places, often = np.unique(weights, return_inverse=True, return_counts=True)
    if values.size <= count:
        return weights
    means = np.quantile(values.astype(np.float64), np.linspace(0, 1, count))
    for _ in range(_ROUNDS):
        nearest = np.abs(values[:, None] - means).argmin(axis=1)
        moved = means.copy()
        for each in np.unique(nearest):
            own = nearest == each
            moved[each] = np.average(values[own], weights=often[own])
        if np.array_equal(moved, means):
            break
        means = moved
    if 0 in values:
        means[np.abs(means).argmin()] = 0
    found = np.round(means)[np.abs(values[:, None] - means).argmin(axis=1)]
    replaced: Weights = found.astype(np.int8)[places].reshape(weights.shape)
    return replaced


FURTHER: Mapping[str, Callable[[Weights], Weights]] = MappingProxyType(
    {
        "16 values": partial(clustered, count=16),
        "32 values": partial(clustered, count=32),
        "50 % zeros": partial(pruned, share=0.5),
        "80 % zeros": partial(pruned, share=0.8),
        "90 % zeros": partial(pruned, share=0.9),
    }
)
"""What could be done to weights, by name."""
