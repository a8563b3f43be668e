"""All but a fixed share of the values, those farthest out.

Source: Wu et al., Integer Quantization for Deep Learning Inference (2020), which compares 99.9,
99.99 and 99.999 per cent with the largest value and with entropy.
"""

from __future__ import annotations

import numpy as np

from tinycompress.calibrators.base import Calibrator, Grid, Observed, Range

_PERCENT = 100.0


def percentile(percent: float) -> Calibrator:
    """The calibrator that keeps so many per cent of the values.

    What is left out is left out at both ends in equal shares; where no value is below zero, or none
    above, at the other end alone.

    Args:
        percent: Above 0, at most 100.
    """

    def of_share(observed: Observed, grid: Grid) -> Range:
        if observed.low >= 0 or observed.high <= 0:
            outside = 1.0 - percent / _PERCENT
        else:
            outside = (1.0 - percent / _PERCENT) / 2.0
        low, high = _quantiles(observed, outside, 1.0 - outside)
        return grid.over(min(low, 0.0), max(high, 0.0))

    return of_share


def _quantiles(observed: Observed, *shares: float) -> list[float]:
    """Values below which shares of all values lie; inside a bin by straight lines."""
    counts = observed.counts.astype(np.float64)
    edges = observed.edges
    if observed.low <= 0 <= observed.high:
        where = int(np.clip(np.searchsorted(edges, 0.0, "right") - 1, 0, len(counts) - 1))
        counts[where] += observed.zeros
    below = np.concatenate([[0.0], np.cumsum(counts)])
    return [float(np.interp(share * below[-1], below, edges)) for share in shares]
