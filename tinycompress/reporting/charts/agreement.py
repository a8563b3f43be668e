"""How far each int8 layer is from the float model."""

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
    ink,
    label,
    rectangle,
)
from tinycompress.reporting.subjects import Agreement, LayerRow
from tinycompress.reporting.words import decibels, short_name

_MOST_LAYERS = 60
_HEAD = 20


def agreement_bars(name: str, agreement: Agreement) -> Drawing:
    """Signal-to-noise ratio of every layer, with the limit below which one diverges."""
    layers = agreement.layers
    known = [layer for layer in layers if layer.snr_db is not None]
    worst = min(known, key=lambda layer: layer.snr_db or 0.0, default=None)
    told = "" if worst is None else f" The worst is {short_name(worst.name)}, {_text(worst)}."
    shown = layers if len(layers) <= _MOST_LAYERS else _worst(layers)
    return drawing(
        name,
        "Error from float to integers, layer by layer",
        f"Signal-to-noise ratio of {len(layers)} layers; more is better.{told}",
        lambda width: _draw(shown, agreement.least_db, width),
        table=Table(
            ("layer", "operator", "signal to noise"),
            tuple((short_name(layer.name), layer.op, _text(layer)) for layer in layers),
        ),
    )


def _worst(layers: Sequence[LayerRow]) -> tuple[LayerRow, ...]:
    order = sorted(
        range(len(layers)),
        key=lambda i: float("inf") if layers[i].snr_db is None else layers[i].snr_db or 0.0,
    )
    return tuple(layers[i] for i in sorted(order[:_MOST_LAYERS]))


def _text(layer: LayerRow) -> str:
    return decibels(layer.snr_db, equal=layer.snr_equal)


def _draw(layers: Sequence[LayerRow], least_db: float, width: float) -> Figure:
    wide = width > NARROW
    row, left = (24.0, 212.0) if wide else (38.0, 0.0)
    figure, axes = canvas(width, _HEAD + row * len(layers) + 2)
    most = max([least_db * 1.5, *(layer.snr_db for layer in layers if layer.snr_db is not None)])
    scale = (width - left - 52) / most
    limit = left + least_db * scale
    label(axes, limit + 4, 9, f"{least_db:g} dB", role="muted", fontsize=SMALL)
    for number, layer in enumerate(layers):
        y = _HEAD + number * row
        rectangle(axes, 0, y, width, 0.6, "line")
        middle = y + (12 if wide else 27)
        label(
            axes, 0, y + (12 if wide else 11), fitted(short_name(layer.name), 200 if wide else 300)
        )
        value = most if layer.snr_equal else layer.snr_db
        if value is not None:
            role = "bad" if value < least_db else "c2"
            rectangle(axes, left, middle - 5, max(value * scale, 1), 10, role)
        place = left + max((value or 0) * scale, 1) + 4
        label(axes, place, middle, _text(layer), fontsize=SMALL)
    axes.plot([limit] * 2, [_HEAD - 4, _HEAD + row * len(layers)], color=ink("ink"),
              linewidth=0.8, linestyle=(0, (3, 3)))  # fmt: skip
    return figure
