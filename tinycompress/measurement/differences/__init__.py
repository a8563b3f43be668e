"""Two results of one kind beside each other: what changed, and what got worse."""

from __future__ import annotations

from tinycompress.measurement.differences.comparing import ResultComparison, Side, compare_results
from tinycompress.measurement.differences.judging import Difference, Verdict
from tinycompress.measurement.differences.limits import require_no_regression

__all__ = [
    "Difference",
    "ResultComparison",
    "Side",
    "Verdict",
    "compare_results",
    "require_no_regression",
]
