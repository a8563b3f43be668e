"""What each layer costs: cycles, MACs, and cycles for each MAC; and where the time goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinycompress.reporting.charts.canvas import (
    NARROW,
    SERIES,
    SMALL,
    Drawing,
    Table,
    canvas,
    drawing,
    fitted,
    label,
    rectangle,
)
from tinycompress.reporting.subjects import LayerRow
from tinycompress.reporting.words import count, share, short_count, short_name

MOST_LAYERS = 40
"""Layers that get bars of their own; the cheapest of more are one bar. The table has them all."""

_MOST_KINDS = 5
_HEAD = 20


@dataclass(frozen=True)
class Bars:
    """One column of bars, a value a row."""

    title: str
    values: tuple[float | None, ...]
    role: str
    text: Callable[[float], str] = short_count


def costs(layers: Sequence[LayerRow]) -> tuple[str, tuple[int | None, ...]]:
    """What tells the time of layers best: cycles, or instructions where there is no model of time.

    Returns:
        Its name, and its value of each layer.
    """
    if any(layer.cycles is not None for layer in layers):
        return "cycles", tuple(layer.cycles for layer in layers)
    return "instructions", tuple(layer.instructions for layer in layers)


def layer_bars(name: str, layers: Sequence[LayerRow]) -> Drawing:
    """A row of bars for each layer in the order in which they run."""
    unit, _ = costs(layers)
    shown = _rows(layers)
    _, values = costs(shown)
    columns = (
        Bars(unit, values, "accent"),
        Bars("MACs", tuple(layer.macs for layer in shown), "c2"),
        Bars(f"{unit} / MAC", tuple(_per_mac(layer) for layer in shown), "c3", "{:.2f}".format),
    )
    most = max(shown, key=lambda layer: costs([layer])[1][0] or 0)
    return drawing(
        name,
        f"{unit.capitalize()}, MACs and {unit} for each MAC, layer by layer",
        f"{len(layers)} layers in the order in which they run; the dearest is {most.name}.",
        lambda width: _draw(shown, columns, width),
        table=_table(layers),
    )


def by_operator(name: str, layers: Sequence[LayerRow]) -> Drawing | None:
    """Which operators the time goes to; None where nothing tells it."""
    unit, values = costs(layers)
    sums: dict[str, int] = {}
    for layer, value in zip(layers, values, strict=True):
        sums[layer.op] = sums.get(layer.op, 0) + (value or 0)
    whole = sum(sums.values())
    if not whole:
        return None
    order = sorted(sums.items(), key=lambda item: -item[1])
    kinds = order if len(order) <= _MOST_KINDS + 1 else order[:_MOST_KINDS]
    rest = whole - sum(value for _, value in kinds)
    kinds = [*kinds, ("others", rest)] if rest else kinds
    rows = tuple((op, count(value), share(value / whole)) for op, value in order)
    return drawing(
        name,
        "Where the time goes, by operator",
        f"Of {count(whole)} {unit} "
        + ", ".join(f"{op} takes {share(value / whole)}" for op, value in kinds) + ".",
        lambda width: _stacked(kinds, whole, width),
        table=Table(("operator", unit, "share"), rows),
        legend=[(SERIES[i], f"{op} {share(value / whole)}") for i, (op, value) in enumerate(kinds)],
    )  # fmt: skip


def _per_mac(layer: LayerRow) -> float | None:
    _, (value,) = costs([layer])
    return value / layer.macs if value is not None and layer.macs else None


def _rows(layers: Sequence[LayerRow]) -> list[LayerRow]:
    """Layers with bars of their own, and one for all others."""
    if len(layers) <= MOST_LAYERS:
        return list(layers)
    _, values = costs(layers)
    dearest = sorted(range(len(layers)), key=lambda i: -(values[i] or 0))[: MOST_LAYERS - 1]
    kept = [layer for i, layer in enumerate(layers) if i in set(dearest)]
    rest = [layer for i, layer in enumerate(layers) if i not in set(dearest)]
    known = [layer.cycles for layer in rest if layer.cycles is not None]
    counted = [layer.instructions for layer in rest if layer.instructions is not None]
    return [
        *kept,
        LayerRow(
            f"{len(rest)} other layers", "", sum(layer.macs for layer in rest),
            sum(counted) if counted else None, sum(known) if known else None,
        ),
    ]  # fmt: skip


def _table(layers: Sequence[LayerRow]) -> Table:
    unit, values = costs(layers)
    whole = sum(value for value in values if value is not None)
    rows = tuple(
        (
            short_name(layer.name),
            layer.op,
            count(layer.macs) if layer.macs else "–",
            count(value),
            "–" if value is None or not whole else share(value / whole),
            "–" if _per_mac(layer) is None else f"{_per_mac(layer):.2f}",
        )
        for layer, value in zip(layers, values, strict=True)
    )
    return Table(("layer", "operator", "MACs", unit, "share", f"{unit} / MAC"), rows)


def _draw(layers: Sequence[LayerRow], columns: Sequence[Bars], width: float) -> Figure:
    """Names beside the bars where there is room, above them where there is not."""
    wide = width > NARROW
    row, names = (36.0, 190.0) if wide else (40.0, 0.0)
    figure, axes = canvas(width, _HEAD + row * len(layers) + 2)
    for number, layer in enumerate(layers):
        y = _HEAD + number * row
        rectangle(axes, 0, y, width, 0.6, "line")
        kind = layer.op.replace("_", " ").lower()
        if wide:
            label(axes, 0, y + 12, fitted(short_name(layer.name), names - 10))
            label(axes, 0, y + 26, fitted(kind, names - 10, SMALL), role="muted", fontsize=SMALL)
        else:
            label(axes, 0, y + 11, fitted(short_name(layer.name), 200))
            label(axes, width, y + 11, fitted(kind, 118, SMALL), role="muted", ha="right",
                  fontsize=SMALL)  # fmt: skip
    span = (width - names) / len(columns)
    for number, bars in enumerate(columns):
        left = names + number * span
        label(axes, left, 9, bars.title, role="muted", fontsize=SMALL)
        _column(axes, bars, left, span - 8, row, 19 if wide else 29)
    return figure


def _column(axes: Axes, bars: Bars, left: float, span: float, row: float, middle: float) -> None:
    most = max((value for value in bars.values if value is not None), default=0)
    room_for_text = 42
    for number, value in enumerate(bars.values):
        y = _HEAD + number * row + middle
        if not value:
            text = "–" if value is None else bars.text(value)
            label(axes, left, y, text, role="muted", fontsize=SMALL)
            continue
        wide = max((span - room_for_text) * value / most, 1)
        rectangle(axes, left, y - 6, wide, 12, bars.role)
        label(axes, left + wide + 4, y, bars.text(value), fontsize=SMALL)


def _stacked(kinds: Sequence[tuple[str, int]], whole: int, width: float) -> Figure:
    figure, axes = canvas(width, 28)
    left = 0.0
    for number, (_, value) in enumerate(kinds):
        wide = max((width - 2 * (len(kinds) - 1)) * value / whole, 1)
        rectangle(axes, left, 1, min(wide, width - left), 26, SERIES[number])
        if wide >= 36:
            text = share(value / whole, 0)
            label(axes, left + wide / 2, 14, text, role="on-accent", ha="center")
        left += wide + 2
    return figure
