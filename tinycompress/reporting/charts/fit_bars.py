"""How much of a memory is taken, and what takes it."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tinycompress.reporting.charts.canvas import (
    SERIES,
    SMALL,
    Drawing,
    Table,
    canvas,
    drawing,
    ink,
    label,
    rectangle,
)
from tinycompress.reporting.subjects import MemoryUse, Part
from tinycompress.reporting.words import share, size

_GAP = 2
_LEAST_FOR_TEXT = 36
_EDGE = 0.5


def fit_bars(name: str, memory: MemoryUse) -> Drawing:
    """The board's memory with what is taken of it, and below, larger, what that consists of."""
    parts = [part for part in memory.parts if part.size_bytes]
    whole = memory.total_bytes
    rows = [
        (part.name, size(part.size_bytes), share(part.size_bytes / whole), part.detail)
        for part in parts
    ]
    rows.append(("total", size(whole), share(1.0), ""))
    if memory.capacity_bytes is not None:
        rows.append(("the board has", size(memory.capacity_bytes), "", ""))
    return drawing(
        name,
        f"What fills the {memory.name}",
        f"{_filled(memory)} It consists of "
        + ", ".join(f"{part.name} {size(part.size_bytes)}" for part in parts) + ".",
        lambda width: _draw(memory, parts, width),
        table=Table((memory.name, "bytes", "share", "what it is"), tuple(rows)),
        legend=[(SERIES[number], part.name) for number, part in enumerate(parts)],
    )  # fmt: skip


def _filled(memory: MemoryUse) -> str:
    if memory.capacity_bytes is None:
        return f"The firmware takes {size(memory.total_bytes)} of {memory.name}."
    taken = share(memory.total_bytes / memory.capacity_bytes)
    return (
        f"The firmware takes {size(memory.total_bytes)} of the board's "
        f"{size(memory.capacity_bytes)} of {memory.name}, {taken}."
    )


def _draw(memory: MemoryUse, parts: list[Part], width: float) -> Figure:
    capacity = memory.capacity_bytes
    figure, axes = canvas(width, 82 if capacity else 44)
    top = 0.0
    if capacity:
        _capacity(axes, memory.total_bytes, capacity, width)
        top = 38.0
    _parts(axes, parts, memory.total_bytes, width, top)
    return figure


def _capacity(axes: Axes, taken: int, capacity: int, width: float) -> None:
    over = taken > capacity
    scale = (width - 2 * _EDGE) / max(taken, capacity)
    label(axes, 0, 8, f"{share(taken / capacity)} of the board", role="bad" if over else "ink")
    label(axes, width, 8, size(capacity), role="muted", ha="right", fontsize=SMALL)
    rectangle(axes, _EDGE, 18, capacity * scale, 8, "band")
    rectangle(axes, _EDGE, 18, max(taken * scale, 1.5), 8, "bad" if over else "accent")
    if over:
        axes.plot([capacity * scale] * 2, [14, 30], color=ink("ink"), linewidth=1.5)


def _parts(axes: Axes, parts: list[Part], whole: int, width: float, top: float) -> None:
    left = 0.0
    gaps = _GAP * (len(parts) - 1)
    for number, part in enumerate(parts):
        # A part that can hardly be seen is still there.
        wide = max((width - gaps) * part.size_bytes / whole, 1.0)
        role = SERIES[number]
        rectangle(
            axes, left, top, min(wide, width - left), 26, role, alpha=0.35 if part.spare else 1.0
        )
        if wide >= _LEAST_FOR_TEXT:
            how = "ink" if part.spare else "on-accent"
            text = share(part.size_bytes / whole, 0)
            label(axes, left + wide / 2, top + 13, text, role=how, ha="center")
        left += wide + _GAP
    label(axes, 0, top + 37, f"{size(whole)} taken", role="muted", fontsize=SMALL)
