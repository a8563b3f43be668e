"""Channels by redundancy: of the two filters that are most alike, the smaller one can go.

Ayinde, Inanc and Zurada, Redundant feature pruning for accelerated inference in deep neural
networks (2019) group filters by cosine similarity and keep one of each group. Here the pairs are
taken apart one by one, which needs no threshold: the score of a filter is one minus the similarity
that the pair had which it went from. Signs matter: a filter and its negative say different things
behind a ReLU.
"""

from __future__ import annotations

import numpy as np

from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.criteria.filters import of_filters
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.trainer import Trainer

_MOST = 2.0
"""Score of the last filter; a cosine of -1 gives so much."""


def similarity(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """One minus the cosine to the filter that stands for it; a filter of zeros scores 0."""
    return of_filters(network, names, redundancy)


def redundancy(rows: Array) -> Array:
    """Scores of filters ``[channels, weights of one]``, by taking the most alike apart in turn."""
    norms = np.sqrt((rows**2).sum(axis=1))
    unit = rows / np.where(norms > 0, norms, 1.0)[:, None]
    alike = unit @ unit.T
    np.fill_diagonal(alike, -np.inf)
    scores: Array = np.full(len(rows), _MOST)
    scores[norms == 0] = 0.0
    gone = norms == 0
    alike[gone] = alike[:, gone] = -np.inf
    for _ in range(int(np.sum(~gone)) - 1):
        one, other = np.unravel_index(int(np.argmax(alike)), alike.shape)
        least = one if norms[one] < norms[other] else other
        scores[least] = 1.0 - alike[one, other]
        alike[least] = alike[:, least] = -np.inf
    # A pair that is taken apart later is never more alike; rounding must not say so.
    found: Array = np.maximum(scores, 0.0)
    return found
