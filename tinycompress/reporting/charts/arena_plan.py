"""The memory plan: every buffer as a rectangle, layers to the right, bytes of the arena upwards."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinycompress.artifacts import ArenaPlan, PlannedBuffer
from tinycompress.reporting.charts.canvas import (
    NARROW,
    SMALL,
    Box,
    Drawing,
    Table,
    apart,
    blank,
    drawing,
    ink,
    pixels,
    plain_axes,
    rectangle,
)
from tinycompress.reporting.words import short_name, short_size, size

_ROLES = {"input": "c2", "output": "c3", "activation": "c1", "state": "c5", "scratch": "c4"}
_WORDS = {
    "input": "input",
    "output": "output",
    "activation": "activations",
    "state": "state",
    "scratch": "scratch memory of a layer",
}
_LEAST_TEXT_HEIGHT = 11


def arena_plan(name: str, plan: ArenaPlan, layers: Sequence[str], arena_bytes: int) -> Drawing:
    """Draw a plan of the arena.

    Args:
        name: Unique on the page.
        plan: Where buffers lie, and when.
        layers: Names of the layers in the order in which they run.
        arena_bytes: Size of the arena.
    """
    peak = short_name(layers[plan.peak_layer])
    kinds = [kind for kind in _ROLES if any(b.kind == kind for b in plan.buffers)]
    return drawing(
        name,
        f"Memory plan of the arena, {size(arena_bytes)}",
        f"{len(plan.buffers)} buffers over {len(layers)} layers. The top of the arena is in use "
        f"while layer {plan.peak_layer}, {peak}, runs.",
        lambda width: _draw(plan, len(layers), arena_bytes, width),
        table=_table(plan, layers),
        legend=[(_ROLES[kind], _WORDS[kind]) for kind in kinds],
    )


def live_bytes(plan: ArenaPlan, layer: int) -> int:
    """Bytes of the arena that some buffer covers while a layer runs."""
    covered, top = 0, 0
    for buffer in sorted(plan.buffers, key=lambda b: b.offset_bytes):
        if buffer.first_layer <= layer <= buffer.last_layer:
            end = buffer.offset_bytes + buffer.size_bytes
            covered += max(0, end - max(top, buffer.offset_bytes))
            top = max(top, end)
    return covered


def _table(plan: ArenaPlan, layers: Sequence[str]) -> Table:
    rows = tuple(
        (
            _shown(buffer),
            buffer.kind,
            f"{buffer.offset_bytes:,}",
            f"{buffer.size_bytes:,}",
            _when(buffer, len(layers)),
        )
        for buffer in plan.buffers
    )
    return Table(("buffer", "kind", "offset", "bytes", "layers"), rows)


def _when(buffer: PlannedBuffer, layers: int) -> str:
    first = "start" if buffer.first_layer < 0 else str(buffer.first_layer)
    last = "end" if buffer.last_layer >= layers else str(buffer.last_layer)
    return first if first == last else f"{first} to {last}"


def _shown(buffer: PlannedBuffer) -> str:
    if buffer.kind == "scratch":
        return f"scratch of {short_name(buffer.name.removeprefix('scratch of '))}"
    return short_name(buffer.name)


def _draw(plan: ArenaPlan, layers: int, arena_bytes: int, width: float) -> Figure:
    figure = blank(width, 250 if width <= NARROW else 320)
    axes = plain_axes(figure, 54, 20, 4, 38)
    axes.set_xlim(-1.5, layers + 0.5)
    axes.set_ylim(0, arena_bytes * 1.02)
    axes.grid(visible=False, axis="x")
    # Large ones first, so that what lies within them is seen.
    for buffer in sorted(plan.buffers, key=lambda b: -b.size_bytes):
        _buffer(axes, buffer)
    _write_sizes(axes, plan.buffers)
    _mark_peak(axes, plan, arena_bytes)
    ticks = MaxNLocator(6 if width <= NARROW else 12, integer=True).tick_values(0, layers - 1)
    axes.set_xticks([tick for tick in ticks if 0 <= tick < layers and tick == int(tick)])
    axes.set_xlim(-1.5, layers + 0.5)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: short_size(y)))
    axes.set_xlabel("layer, in the order in which they run", color=ink("muted"), fontsize=SMALL)
    return figure


def _mark_peak(axes: Axes, plan: ArenaPlan, arena_bytes: int) -> None:
    """The layer at the peak between two lines, and a line at the top of the arena."""
    peak = plan.peak_layer
    for x in (peak - 0.5, peak + 0.5):
        axes.plot([x, x], [0, arena_bytes * 1.02], color=ink("peak"), linewidth=1.4)
    axes.axhline(arena_bytes, color=ink("peak"), linewidth=1, linestyle=(0, (4, 3)))
    left, right = axes.get_xlim()
    place = "left" if peak < (left + right) / 2 else "right"
    axes.annotate(
        f"peak: layer {peak}", (peak - 0.5 if place == "left" else peak + 0.5, arena_bytes * 1.02),
        (0, 8), textcoords="offset pixels", color=ink("ink"), fontsize=SMALL, ha=place,
        va="center",
    )  # fmt: skip


def _buffer(axes: Axes, buffer: PlannedBuffer) -> None:
    x, steps = buffer.first_layer - 0.5, buffer.last_layer - buffer.first_layer + 1
    rectangle(
        axes, x, buffer.offset_bytes, steps, buffer.size_bytes, _ROLES[buffer.kind],
        alpha=0.78, linewidth=0.8, edgecolor=ink("surface"),
    )  # fmt: skip


def _write_sizes(axes: Axes, buffers: Sequence[PlannedBuffer]) -> None:
    """Sizes into the rectangles, as far as there is room and none stands on another."""
    taken: list[Box] = []
    for buffer in buffers:
        text, top = short_size(buffer.size_bytes), buffer.offset_bytes + buffer.size_bytes
        left, low = pixels(axes, buffer.first_layer - 0.5, buffer.offset_bytes)
        right, high = pixels(axes, buffer.last_layer + 0.5, top)
        wide = 5.8 * len(text)
        x, y = (left + right) / 2, (low + high) / 2
        box = (x - wide / 2, y - 6, x + wide / 2, y + 6)
        if right - left > wide + 4 and high - low > _LEAST_TEXT_HEIGHT and apart(box, taken):
            taken.append(box)
            axes.text(
                (buffer.first_layer + buffer.last_layer) / 2, (buffer.offset_bytes + top) / 2,
                text, color=ink("on-accent"), fontsize=10, ha="center", va="center",
            )  # fmt: skip
