"""Which class was taken for which."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from tinycompress.reporting.charts.canvas import (
    NARROW,
    SMALL,
    Drawing,
    Table,
    canvas,
    drawing,
    fitted,
    label,
    rectangle,
)
from tinycompress.reporting.words import clean, share

MOST_CLASSES = 40
"""Classes that are drawn at most; the pairs that are confused most are told of more."""

_LEAST_CELL_FOR_TEXT = 17.0
_MOST_PAIRS = 12


def confusion_matrix(
    name: str, matrix: Sequence[Sequence[int]], class_names: Sequence[str]
) -> Drawing | None:
    """Rows are labels, columns what the device said; None where there are too many to be seen.

    Args:
        name: Unique on the page.
        matrix: Counts, a row for each label.
        class_names: Of all classes; their numbers are taken where there are none.
    """
    names = [clean(n) for n in class_names] or [str(i) for i in range(len(matrix))]
    if not 1 < len(matrix) <= MOST_CLASSES:
        return None
    right = sum(matrix[i][i] for i in range(len(matrix)))
    whole = sum(map(sum, matrix))
    return drawing(
        name,
        "Confusion matrix",
        f"{right} of {whole} samples of {len(matrix)} classes lie on the diagonal, which is right.",
        lambda width: _draw(matrix, names, width),
        table=Table(
            ("label", *names, "right"),
            tuple(
                (names[i], *map(str, row), share(row[i] / sum(row)) if sum(row) else "–")
                for i, row in enumerate(matrix)
            ),
        ),
    )


def confused_pairs(
    matrix: Sequence[Sequence[int]], class_names: Sequence[str]
) -> tuple[tuple[str, str, int], ...]:
    """Label, what was said instead, and how often: those that happen most."""
    names = [clean(n) for n in class_names] or [str(i) for i in range(len(matrix))]
    pairs = [
        (names[i], names[j], value)
        for i, row in enumerate(matrix)
        for j, value in enumerate(row)
        if i != j and value
    ]
    return tuple(sorted(pairs, key=lambda pair: -pair[2])[:_MOST_PAIRS])


def _draw(matrix: Sequence[Sequence[int]], names: Sequence[str], width: float) -> Figure:
    classes = len(matrix)
    longest = max(len(name) for name in names)
    left = min(max(14 + longest * 6.6, 42.0), 84.0 if width <= NARROW else 130.0)
    cell = min((width - left - 2) / classes, 44.0 if width > NARROW else 34.0)
    slanted = longest * 6.8 > cell
    top = min(longest * 5.6, 66.0) + 24 if slanted else 34.0
    figure, axes = canvas(width, top + cell * classes + 4)
    label(axes, left, 8, "said by the device", role="muted", fontsize=SMALL)
    label(axes, 0, top - 8, "label", role="muted", fontsize=SMALL)
    for i, row in enumerate(matrix):
        y, of_label = top + i * cell, sum(row)
        across = fitted(names[i], 70 if slanted else cell + 8, SMALL)
        label(axes, left - 6, y + cell / 2, fitted(names[i], left - 8, SMALL), ha="right",
              fontsize=SMALL)  # fmt: skip
        label(axes, left + (i + 0.5) * cell, top - 5, across, ha="center", va="bottom",
              fontsize=SMALL, rotation=90 if slanted else 0)  # fmt: skip
        for j, value in enumerate(row):
            portion = value / of_label if of_label else 0
            x = left + j * cell
            rectangle(axes, x + 0.5, y + 0.5, cell - 1, cell - 1, "band")
            if value:
                role = "accent" if i == j else "bad"
                rectangle(axes, x + 0.5, y + 0.5, cell - 1, cell - 1, role,
                          alpha=0.18 + 0.82 * portion)  # fmt: skip
            if value and cell >= _LEAST_CELL_FOR_TEXT:
                how = "on-accent" if portion > 0.45 else "ink"
                label(axes, x + cell / 2, y + cell / 2, str(value), role=how, ha="center",
                      fontsize=min(SMALL, cell * 0.5))  # fmt: skip
    return figure
