"""The search for the ends of a range that some score likes best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinycompress.calibrators.base import Grid, Observed, Range

_SHARES = np.linspace(1.0, 1.0 / 16.0, 121)
"""Of the way from zero to an extreme value. Beyond a sixteenth, a step of the range is narrower
than two bins of the histogram, and no score means anything."""

Score = Callable[[Observed, Grid, Range], float]
"""What is wrong with a range; lower is better."""


def least(observed: Observed, grid: Grid, score: Score) -> Range:
    """The range with the lowest score; of equal ones the widest.

    Both ends are drawn in together first, then the upper one alone and the lower one alone.
    """

    def at(low: float, high: float) -> Range:
        return grid.over(observed.low * low, observed.high * high)

    def best(ranges: list[Range]) -> int:
        return int(np.argmin([score(observed, grid, one) for one in ranges]))

    high = low = float(_SHARES[best([at(share, share) for share in _SHARES])])
    if grid.symmetric or observed.low >= 0 or observed.high <= 0:
        return at(low, high)
    high = float(_SHARES[best([at(low, share) for share in _SHARES])])
    low = float(_SHARES[best([at(share, high) for share in _SHARES])])
    return at(low, high)
