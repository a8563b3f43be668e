"""What got worse beyond a limit, in words, and as the error that the command line ends in."""

from __future__ import annotations

from tinycompress.errors import RegressionError
from tinycompress.measurement.differences.comparing import ResultComparison
from tinycompress.measurement.differences.judging import Difference
from tinycompress.measurement.differences.texts import change_text, value_text


def require_no_regression(compared: ResultComparison) -> None:
    """Refuse a result that is worse than the other beyond the limit.

    Raises:
        RegressionError: At least one figure is; all of them are named.
    """
    found = compared.regressions
    if not found or compared.limit is None:
        return
    raise RegressionError(
        f"{compared.b.path} is worse than {compared.a.path} by more than"
        f" {100 * compared.limit:g} %",
        regressions=tuple(regression_text(where, one) for where, one in found),
        hint="if that is meant to be, make B the new baseline, or raise --max-regression",
    )


def regression_text(where: str, one: Difference) -> str:
    """One figure that got worse, with both values."""
    label = one.figure.label.strip()
    whose = f"layer '{where}', {label}" if where else label
    if one.a is not None and one.b is None:
        return f"{whose}: {value_text(one.a)} in A, not told in B"
    assert one.a is not None
    assert one.b is not None
    return f"{whose}: {value_text(one.a)} -> {value_text(one.b)} ({change_text(one)})"
