"""The least information lost, as the KL divergence of the values' distribution: entropy.

Source: Migacz, 8-bit Inference with TensorRT (2017). The values are a distribution over narrow bins
whose clipped part lies in the outermost bins; what their integers still tell is the distribution
without that part, flat within every step over those bins that are not empty.
"""

from __future__ import annotations

import numpy as np

from tinycompress.calibrators.base import Array, Grid, Observed, Range
from tinycompress.calibrators.ends import least

_COARSE = 4
"""Bins that are taken together: 2,048 are left, as TensorRT has."""
_LEAST_A_BIN = 16
"""Fewer values than so many for every bin, and the histogram tells chance from shape no more."""
_LEAST_SHARE = 1e-9
"""Of what a step holds nothing of; a logarithm needs more than zero."""


def kl(observed: Observed, grid: Grid) -> Range:
    """The range with the least divergence; that of all values where there are few."""
    counts = observed.counts
    if len(counts) % _COARSE == 0:
        counts = counts.reshape(-1, _COARSE).sum(axis=1)
    if counts.sum() < _LEAST_A_BIN * len(counts):
        return grid.over(observed.low, observed.high)
    coarse = Observed(observed.low, observed.high, counts, observed.zeros)
    return least(coarse, grid, divergence)


def divergence(observed: Observed, grid: Grid, within: Range) -> float:
    """KL divergence in nats of the values from what their integers tell."""
    counts, centers = observed.counts.astype(np.float64), observed.centers
    inside = (centers >= within.low) & (centers <= within.high)
    if not counts[inside].any():
        return float("inf")
    first, last = np.flatnonzero(inside)[[0, -1]]
    whole = counts[first : last + 1].copy()
    kept = whole.copy()
    whole[0] += counts[:first].sum()
    whole[-1] += counts[last + 1 :].sum()
    told = _told(kept, _steps(centers[first : last + 1], grid, within))
    return _divergence(whole / whole.sum(), told / told.sum())


def _steps(centers: Array, grid: Grid, within: Range) -> Array:
    """Which step each bin belongs to, from 0 up."""
    return np.unique(grid.rounded(centers, within), return_inverse=True)[1]


def _told(counts: Array, steps: Array) -> Array:
    """Counts with those of a step in equal parts in its bins that hold any."""
    held = (counts > 0).astype(np.float64)
    sums = np.bincount(steps, weights=counts)
    bins = np.bincount(steps, weights=held)
    return (sums / np.where(bins > 0, bins, 1.0))[steps] * held


def _divergence(whole: Array, told: Array) -> float:
    some = whole > 0
    against = np.maximum(told[some], _LEAST_SHARE)
    return float(np.sum(whole[some] * np.log(whole[some] / against)))
