"""One figure of several results, a bar each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure

from tinycompress.reporting.charts.canvas import (
    Drawing,
    canvas,
    drawing,
    fitted,
    label,
    rectangle,
)
from tinycompress.reporting.words import clean


def beside(
    name: str,
    title: str,
    labels: Sequence[str],
    values: Sequence[float | None],
    text: Callable[[float], str],
) -> Drawing:
    """Bars from zero, in the order of the results.

    Args:
        name: Unique on the page.
        title: What the figure is.
        labels: Of the results.
        values: Of the figure; None where it is not known.
        text: How a value is written.
    """
    told = ", ".join(
        f"{clean(one)}: {'not known' if value is None else text(value)}"
        for one, value in zip(labels, values, strict=True)
    )
    return drawing(name, title, f"{told}.", lambda width: _draw(labels, values, text, width))


def _draw(
    labels: Sequence[str],
    values: Sequence[float | None],
    text: Callable[[float], str],
    width: float,
) -> Figure:
    row = 34.0
    figure, axes = canvas(width, row * len(labels))
    most = max((value for value in values if value is not None), default=0)
    for number, (one, value) in enumerate(zip(labels, values, strict=True)):
        y = number * row
        label(axes, 0, y + 8, fitted(clean(one), width), role="muted")
        wide = 0.0 if value is None or not most else (width - 90) * value / most
        if value is None:
            label(axes, 0, y + 22, "not known", role="muted")
            continue
        rectangle(axes, 0, y + 16, max(wide, 1), 12, "accent")
        label(axes, max(wide, 1) + 6, y + 22, text(value))
    return figure
