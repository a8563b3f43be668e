"""Targets, and whether a run's rows meet them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Judge = Callable[[Row, Row], tuple[str, bool | None]]
_ROUNDING = 1e-9
_FLOAT_BYTES = 4


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


def below_float(
    recipe: str, stage: str, factor: float, figures: Sequence[str], text: str, *, asked: bool = True
) -> Target:
    """Figures that in all are smaller by a factor than the reference's parameters in float32.

    Args:
        recipe: Which run.
        stage: Which row of it.
        factor: What is asked for.
        figures: Their names, bytes of flash.
        text: For the page.
        asked: Whether it is required; else it is only told, as a stretch.
    """

    def judge(first: Row, row: Row) -> tuple[str, bool | None]:
        before = _FLOAT_BYTES * first["parameters"]
        after = sum(_figure(row, name) for name in figures)
        measured = f"{before / after:.1f}x ({before:,.0f} to {after:,.0f} bytes)"
        return measured, before / after >= factor if asked or before / after >= factor else None

    return Target(recipe, stage, text, judge)


def encoded_to(recipe: str, stage: str, share: float, text: str) -> Target:
    """Encoded weights that take at most a share of what they take as int8."""

    def judge(_: Row, row: Row) -> tuple[str, bool | None]:
        before, after = _figure(row, "encoded_int8_bytes"), _figure(row, "encoded_bytes")
        if not before:
            return "no layer is encoded", False
        return (
            f"{after / before:.2f} ({before:,.0f} to {after:,.0f} bytes)",
            after / before <= share,
        )

    return Target(recipe, stage, text, judge)


def slower_by(recipe: str, stage: str, percent: float, text: str) -> Target:
    """Modelled latency at most so many percent above the reference's int8 file."""

    def judge(first: Row, row: Row) -> tuple[str, bool | None]:
        before, after = _figure(first, "latency_us"), _figure(row, "latency_us")
        more = 100 * (after / before - 1)
        return f"{more:+.1f} % ({before:,.0f} to {after:,.0f} us)", more <= percent + _ROUNDING

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
