"""The plots of a search, as SVG: equal studies give equal bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from tinycompress._drawing import literal, svg_style, svg_text
from tinycompress.search.dimensions import Value
from tinycompress.search.outcome import TrialRow
from tinycompress.search.summary import Summary

_COLOURS = {"front": "#0b6e4f", "within": "#5aa9e6", "outside": "#b0b0b0", "best": "#d1495b"}
_COSTS = (
    ("latency_us", "latency, ms", 1e-3),
    ("ram_reserved_bytes", "RAM, KB", 1 / 1024),
    ("flash_bytes", "flash, KB", 1 / 1024),
)
_STYLE: Any = {
    "font.size": 9,
    "axes.spines.top": False, "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.25,
}  # fmt: skip
_MOST_AXES = 12


def plots_of(summary: Summary) -> Mapping[str, str]:
    """SVG by title; a plot that there are no trials for is left out."""
    found = {
        "Accuracy over cost": _accuracy_over_cost,
        "Parameters of the trained candidates": _parallel,
        "What mattered": _importances,
    }
    drawn = {title: _svg(summary, draw) for title, draw in found.items()}
    return {title: svg for title, svg in drawn.items() if svg}


def _svg(summary: Summary, draw: Callable[[Summary], Figure | None]) -> str:
    with svg_style(_STYLE):
        figure = draw(summary)
        if figure is None:
            return ""
        text = svg_text(figure, bbox_inches="tight")
    return text[text.index("<svg") :]


def _trained(summary: Summary) -> list[TrialRow]:
    return [row for row in summary.rows if row.figures]


def _accuracy_over_cost(summary: Summary) -> Figure | None:
    rows = _trained(summary)
    if not rows:
        return None
    costs = [cost for cost in _COSTS if all(cost[0] in row.figures for row in rows)]
    figure = Figure(figsize=(3.4 * len(costs), 3.0))
    limits = summary.goal.budgets.limits()
    for number, (name, title, factor) in enumerate(costs, start=1):
        axes = figure.add_subplot(1, len(costs), number)
        for kind, chosen in _by_kind(summary, rows).items():
            axes.scatter(
                [factor * row.figures[name] for row in chosen],
                [100 * row.figures["int8_accuracy"] for row in chosen],
                color=_COLOURS[kind], label=kind, s=22, zorder=3,
            )  # fmt: skip
        if name in limits:
            axes.axvline(factor * limits[name], color=_COLOURS["best"], linestyle="--", lw=1)
        if "int8_accuracy" in limits:
            axes.axhline(100 * limits["int8_accuracy"], color=_COLOURS["best"], ls="--", lw=1)
        axes.set_xlabel(title)
        if number == 1:
            axes.set_ylabel("accuracy, %")
            axes.legend(fontsize=7, frameon=False)
    return figure


def _by_kind(summary: Summary, rows: Sequence[TrialRow]) -> dict[str, list[TrialRow]]:
    """Outside, within, on the front, and the best; drawn in this order."""
    front = {row.number for row in summary.front}
    best = -1 if summary.best is None else summary.best.number
    found: dict[str, list[TrialRow]] = {"outside": [], "within": [], "front": [], "best": []}
    for row in rows:
        kind = "front" if row.number in front else str(row.verdict)
        found["best" if row.number == best else kind].append(row)
    return {kind: chosen for kind, chosen in found.items() if chosen}


def _parallel(summary: Summary) -> Figure | None:
    """A line for each trained candidate through its parameters, to its accuracy."""
    rows = _trained(summary)
    names = _varied(summary, rows)
    if len(rows) < 2 or not names:
        return None
    heights = {name: _heights([row.parameters.get(name) for row in rows]) for name in names}
    heights["accuracy"] = _heights([row.figures["int8_accuracy"] for row in rows])
    figure = Figure(figsize=(max(6.0, 0.85 * len(heights)), 3.2))
    axes = figure.add_subplot(1, 1, 1)
    kinds = {r.number: kind for kind, some in _by_kind(summary, rows).items() for r in some}
    for position, row in enumerate(rows):
        kind = kinds[row.number]
        line = [values[position] for values, _ in heights.values()]
        axes.plot(range(len(line)), line, color=_COLOURS[kind], lw=1.8 if kind == "best" else 0.9,
                  alpha=1.0 if kind in ("best", "front") else 0.6)  # fmt: skip
    for place, (_, ends) in enumerate(heights.values()):
        axes.annotate(literal(ends[0]), (place, -0.06), ha="center", va="top", fontsize=7)
        axes.annotate(literal(ends[1]), (place, 1.04), ha="center", va="bottom", fontsize=7)
    axes.set_xticks(range(len(heights)), [*map(literal, heights)], rotation=35, ha="right")
    axes.tick_params(axis="x", pad=12)
    axes.set_yticks([])
    axes.set_ylim(-0.02, 1.02)
    return figure


def _varied(summary: Summary, rows: Sequence[TrialRow]) -> list[str]:
    """Parameters with several values, those that mattered most first, if there are many."""
    names = dict.fromkeys(name for row in rows for name in row.parameters)
    varied = [n for n in names if len({row.parameters.get(n) for row in rows}) > 1]
    weight = summary.importances.get("accuracy", {})
    chosen = sorted(varied, key=lambda name: -weight.get(name, 0.0))[:_MOST_AXES]
    return [name for name in varied if name in chosen]


def _heights(values: Sequence[Value | None]) -> tuple[list[float], tuple[str, str]]:
    """Values from 0 to 1, and what the ends stand for; what was not asked is not a number."""
    known = [value for value in values if value is not None]
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        numbers = [float("nan") if v is None else float(v) for v in values]
        low, high = min(map(float, known)), max(map(float, known))
        width = (high - low) or 1.0
        return [(number - low) / width for number in numbers], (f"{low:.4g}", f"{high:.4g}")
    order = sorted({str(value) for value in known})
    step = max(len(order) - 1, 1)
    placed = [float("nan") if v is None else order.index(str(v)) / step for v in values]
    return placed, (order[0], order[-1])


def _importances(summary: Summary) -> Figure | None:
    found = {name: shares for name, shares in summary.importances.items() if shares}
    if not found:
        return None
    figure = Figure(figsize=(3.6 * len(found), 3.2))
    for number, (name, shares) in enumerate(found.items(), start=1):
        axes = figure.add_subplot(1, len(found), number)
        top: list[tuple[str, float]] = sorted(shares.items(), key=lambda x: -x[1])[:_MOST_AXES]
        places: Any = np.arange(len(top))[::-1]
        axes.barh(places, [share for _, share in top], color=_COLOURS["within"])
        axes.set_yticks(places, [literal(parameter) for parameter, _ in top])
        axes.set_title(f"for {name}", fontsize=9)
        axes.set_xlabel("share of the variance")
    figure.subplots_adjust(wspace=0.9)
    return figure
