"""Targets, and whether a run's rows meet them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Judge = Callable[[Row, Row], tuple[str, bool | None]]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Target:
    """One target: ``judge`` takes the first row and the stage's, and tells what was measured.

    Where a recipe has a stage more than once, the last of them is judged.
    The verdict is None where a figure is only told, not required.
    """

    recipe: str
    stage: str
    text: str
    judge: Judge

    def verdict(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The target with what was measured, as plain values."""
        row = next(row for row in reversed(rows) if row["stage"] == self.stage)
        measured, met = self.judge(rows[0], row)
        return {"recipe": self.recipe, "target": self.text, "measured": measured, "met": met}


def float_within(recipe: str, stage: str, points: float | None, text: str) -> Target:
    """Float accuracy at most so many points below the reference's; None only tells the error."""
    return Target(recipe, stage, text, _accuracy("float_accuracy", points))


def int8_within(recipe: str, stage: str, points: float, text: str) -> Target:
    """Accuracy of the int8 file at most so many points below the float reference's."""
    return Target(recipe, stage, text, _accuracy("int8_accuracy", points))


def smaller(recipe: str, stage: str, name: str, factor: float | None, text: str) -> Target:
    """A figure smaller by a factor than the reference's; None only tells it.

    Args:
        recipe: Which run.
        stage: Which row of it.
        name: Of the figure; non-zero parameters are compared with all of the reference's.
        factor: What is asked for.
        text: For the page.
    """

    def judge(first: Row, row: Row) -> tuple[str, bool | None]:
        before = _figure(first, "parameters" if name == "nonzero_parameters" else name)
        after = _figure(row, name)
        measured = f"{before / after:.2f}x ({before:,.0f} to {after:,.0f})"
        return measured, None if factor is None else before / after >= factor

    return Target(recipe, stage, text, judge)


def _figure(row: Row, name: str) -> float:
    value: float = row[name] if name in row else row["figures"][name]
    return value


def _accuracy(name: str, points: float | None) -> Judge:
    def judge(first: Row, row: Row) -> tuple[str, bool | None]:
        error, dense = 100 * (1 - row[name]), 100 * (1 - first["float_accuracy"])
        if points is None:
            return f"error {error:.2f} %", None
        return (
            f"error {error:.2f} %, dense {dense:.2f} % ({error - dense:+.2f} points)",
            error - dense <= points + _ROUNDING,
        )

    return judge
