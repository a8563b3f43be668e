"""The least information lost, as the KL divergence of the values' distribution: entropy.

Source: Migacz, 8-bit Inference with TensorRT (2017). The values are a distribution over narrow bins
whose clipped part lies in the outermost bins; what their integers still tell is the distribution
without that part, flat within every step over those bins that are not empty.

Point masses are taken out of the distribution first, as zero is. Behind a depthwise convolution up
to half of all values are a channel's bias, where its inputs are zero. No step is flat around such
a value, which looks like information lost, and only a range that clips most of the others would
save it; in truth one value is one integer, however many times it occurs.
"""

from __future__ import annotations

import numpy as np

from tinycompress.calibrators.base import Array, Grid, Observed, Range
from tinycompress.calibrators.ends import least

_COARSE = 4
"""Bins that are taken together: 2,048 are left, as TensorRT has."""
_LEAST_A_BIN = 16
"""Fewer values than so many for every bin, and the histogram tells chance from shape no more."""
_BESIDE = (-4, -3, -2, 2, 3, 4)
"""Bins that tell what a bin would hold without a point mass. Those that touch it do not: where a
sum is rounded otherwise at the edge of an image, one value lies in two bins."""
_MASS = 4
"""Times what the bins beside hold, and as many values as a bin must have, is no chance."""
_LEAST_SHARE = 1e-9
"""Of what a step holds nothing of; a logarithm needs more than zero."""


def kl(observed: Observed, grid: Grid) -> Range:
    """The range with the least divergence; that of all values where there are few."""
    counts = without_point_masses(observed.counts)
    if len(counts) % _COARSE == 0:
        counts = counts.reshape(-1, _COARSE).sum(axis=1)
    if counts.sum() < _LEAST_A_BIN * len(counts):
        return grid.over(observed.low, observed.high)
    coarse = Observed(observed.low, observed.high, counts, observed.zeros)
    return least(coarse, grid, divergence)


def without_point_masses(counts: Array) -> Array:
    """Counts of bins with what one value alone brings into a bin left out.

    Args:
        counts: int64, of narrow bins: a distribution that is no wider than two or three of them
            counts as a point.
    """
    reach = max(_BESIDE)
    if len(counts) <= 2 * reach:
        return counts
    around = np.pad(counts, reach, mode="edge")
    beside = [around[reach + step : reach + step + len(counts)] for step in _BESIDE]
    usual = np.median(np.stack(beside), axis=0)
    found: Array = np.where(counts > _MASS * usual + _LEAST_A_BIN, usual, counts).astype(np.int64)
    return found


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
