"""All values that were seen: nothing is clipped, and one outlier sets the step for all."""

from __future__ import annotations

from tinycompress.calibrators.base import Grid, Observed, Range


def minmax(observed: Observed, grid: Grid) -> Range:
    """From the smallest to the largest value."""
    return grid.over(observed.low, observed.high)
