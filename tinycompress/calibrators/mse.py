"""The least squared error between values and what their integers stand for.

Source: Banner et al., Post Training 4-Bit Quantization of Convolutional Networks (2019), which
clips where rounding and clipping together cost least; here for the values seen, not a distribution.
"""

from __future__ import annotations

import numpy as np

from tinycompress.calibrators.base import Grid, Observed, Range
from tinycompress.calibrators.ends import least


def mse(observed: Observed, grid: Grid) -> Range:
    """The range with the least mean squared error."""
    return least(observed, grid, squared_error)


def squared_error(observed: Observed, grid: Grid, within: Range) -> float:
    """Sum over the values; zeros have none."""
    values = observed.centers
    return float(np.sum(observed.counts * (values - grid.rounded(values, within)) ** 2))
