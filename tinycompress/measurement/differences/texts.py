"""Figures and their differences in words."""

from __future__ import annotations

from tinycompress.measurement.differences.figures import Figure
from tinycompress.measurement.differences.judging import Difference, Verdict

_GIGA = 1e9

VERDICTS: dict[Verdict, str] = {
    "equal": "=",
    "better": "better",
    "worse": "worse",
    "within_spread": "spread",
    "other_way": "?",
    "only_a": "only A",
    "only_b": "only B",
}
"""What stands in a table; docs/comparing.md explains each."""


def value_text(figure: Figure | None, *, unit: bool = True) -> str:
    """The value with its unit; "-" where there is none."""
    if figure is None:
        return "-"
    if figure.unit == "yes or no":
        return "yes" if figure.value else "no"
    if figure.unit == "share":
        return f"{100 * figure.value:.2f} %"
    if figure.unit == "score":
        return f"{figure.value:.4f}"
    return f"{_number(figure.value)}{_unit(figure) if unit else ''}"


def absolute_text(one: Difference, *, unit: bool = False) -> str:
    """The difference with its sign; of shares, in percentage points."""
    if one.absolute is None:
        return "-"
    if one.figure.unit == "yes or no":
        return "" if one.absolute == 0 else "lost" if one.absolute < 0 else "gained"
    if one.absolute == 0:
        return "0"
    if one.figure.unit == "share":
        return f"{100 * one.absolute:+.2f} pp"
    if one.figure.unit == "score":
        return f"{one.absolute:+.4f}"
    return f"{'+' if one.absolute > 0 else '-'}{_number(abs(one.absolute))}" + (
        _unit(one.figure) if unit else ""
    )


def relative_text(one: Difference) -> str:
    """The difference as a share of A, with its sign."""
    if one.relative is None:
        return ""
    return "0" if one.relative == 0 else f"{100 * one.relative:+.1f} %"


def change_text(one: Difference) -> str:
    """Absolute and relative, as far as there are both."""
    relative = relative_text(one)
    absolute = absolute_text(one, unit=True)
    return f"{absolute}, {relative}" if relative else absolute


def label_text(figure: Figure) -> str:
    """The label with the unit that `value_text` leaves out on demand."""
    return f"{figure.label}{' us' if figure.unit == 'us' else ''}"


def _unit(figure: Figure) -> str:
    return {"bytes": " B", "us": " us"}.get(figure.unit, "")


def _number(value: float) -> str:
    """A number of at most eleven characters, so that tables fit a terminal; JSON has all digits."""
    if abs(value) >= _GIGA:
        return f"{value / _GIGA:,.4f} G"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:,.4g}"
