"""Accuracy over what it costs: the stages of a compression as a curve, candidates as a cloud."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tinycompress.reporting.charts.canvas import (
    NARROW,
    SMALL,
    Drawing,
    Names,
    Table,
    blank,
    drawing,
    fitted,
    ink,
    plain_axes,
)
from tinycompress.reporting.facts import RATE_COLUMNS, stage_rates
from tinycompress.reporting.subjects import Candidate, StageRow
from tinycompress.reporting.words import clean, duration, share, short_size, size


@dataclass(frozen=True)
class Axis:
    """What accuracy is drawn over: its name, and how a value of it is written."""

    title: str
    text: Callable[[float], str]


@dataclass(frozen=True)
class Point:
    """One model: where it lies on each axis, None where that is not known."""

    name: str
    accuracy: float
    values: tuple[float | None, ...]
    chosen: bool = True
    best: bool = False


FLASH = Axis("flash, whole firmware", short_size)
FILE = Axis(".tflite file", short_size)
LATENCY = Axis("latency of one inference", duration)
RAM = Axis("RAM", short_size)


def stage_curve(name: str, stages: Sequence[StageRow]) -> Drawing:
    """Accuracy over flashed bytes and over latency, stage by stage."""
    measured = any(stage.flash_bytes is not None for stage in stages)
    axes = (FLASH, LATENCY) if measured else (FILE,)
    points = [
        Point(
            clean(stage.name), stage.accuracy,
            (stage.flash_bytes, stage.latency_us) if measured else (stage.tflite_bytes,),
        )
        for stage in stages
    ]  # fmt: skip
    rows = tuple(
        (
            clean(stage.name), stage.score(stage.float_accuracy), stage.score(stage.accuracy),
            size(stage.tflite_bytes),
            size(stage.flash_bytes) if stage.fits else "does not fit", duration(stage.latency_us),
            *stage_rates(stage),
        )
        for stage in stages
    )  # fmt: skip
    columns = ("stage", "float", "integer", ".tflite", "flash", "latency", *RATE_COLUMNS)
    first, last = stages[0], stages[-1]
    return drawing(
        name,
        f"{last.measure[0].upper()}{last.measure[1:]} over cost, stage by stage",
        f"From {clean(first.name)} with {first.score(first.accuracy)} to {clean(last.name)} with "
        f"{last.score(last.accuracy)}.",
        lambda width: _draw(points, axes, width, curve=True, is_share=last.is_share),
        table=Table(columns, rows),
    )


def candidate_cloud(name: str, candidates: Sequence[Candidate]) -> Drawing:
    """Accuracy of every candidate over flash, RAM and latency; those not beaten stand out."""
    names = ((FLASH, "flash_bytes"), (RAM, "ram_bytes"), (LATENCY, "latency_us"))
    used = [
        (axis, key)
        for axis, key in names
        if any(getattr(one, key) is not None for one in candidates)
    ]
    points = [
        Point(
            clean(c.name), c.accuracy, tuple(getattr(c, key) for _, key in used), c.chosen, c.best
        )
        for c in candidates
    ]
    rows = tuple(
        (clean(c.name), share(c.accuracy, 2), size(c.flash_bytes), size(c.ram_bytes),
         duration(c.latency_us), "best" if c.best else "yes" if c.chosen else "")
        for c in candidates
    )  # fmt: skip
    chosen = sum(c.chosen for c in candidates)
    best = next((clean(c.name) for c in candidates if c.best), None)
    return drawing(
        name,
        "Accuracy over cost of all candidates",
        f"{len(candidates)} candidates, of which {chosen} are on the Pareto front: no other is"
        f" better in every aim.{'' if best is None else f' The best is {best}.'}",
        lambda width: _draw(points, [axis for axis, _ in used], width, curve=False),
        table=Table(("candidate", "accuracy", "flash", "RAM", "latency", "front"), rows),
        legend=[("accent", "on the Pareto front"), ("muted", "the others"), ("peak", "the best")],
    )


def _draw(
    points: Sequence[Point],
    axes: Sequence[Axis],
    width: float,
    *,
    curve: bool,
    is_share: bool = True,
) -> Figure:
    """Side by side where there is room, one above the other where there is not."""
    beside = width > NARROW and len(axes) > 1
    columns = 2 if beside else 1
    lines = -(-len(axes) // columns)
    high = 232.0
    figure = blank(width, high * lines)
    for number, axis in enumerate(axes):
        row, column = divmod(number, columns)
        span = width / columns
        place = plain_axes(
            figure, 58 + column * span, 12 + row * high, width - (column + 1) * span + 14,
            high * (lines - 1 - row) + 36,
        )  # fmt: skip
        known = [(p, p.values[number]) for p in points if p.values[number] is not None]
        found = [(p, float(v)) for p, v in known if v is not None]
        _plot(place, found, axis, curve=curve, is_share=is_share)
    return figure


def _plot(
    place: Axes, known: list[tuple[Point, float]], axis: Axis, *, curve: bool, is_share: bool
) -> None:
    place.set_xlabel(axis.title, color=ink("muted"), fontsize=SMALL)
    place.xaxis.set_major_formatter(FuncFormatter(lambda x, _: axis.text(x)))
    place.xaxis.set_major_locator(MaxNLocator(4))
    every = max((p.accuracy for p, _ in known), default=0) - min(
        (p.accuracy for p, _ in known), default=0
    )
    digits = 1 if every > 0.01 else 2
    place.yaxis.set_major_formatter(
        FuncFormatter(lambda y, _: share(y, digits) if is_share else f"{y:.{digits + 2}f}")
    )
    place.yaxis.set_major_locator(MaxNLocator(6))
    if not known:
        place.text(0.5, 0.5, "not measured", transform=place.transAxes, color=ink("muted"),
                   ha="center")  # fmt: skip
        return
    if curve:
        xs, ys = [v for _, v in known], [p.accuracy for p, _ in known]
        place.plot(xs, ys, color=ink("accent"), linewidth=1.6, zorder=2)
        place.plot(xs, ys, "o", color=ink("accent"), markersize=7, markeredgecolor=ink("surface"))
        _spread(place, xs, ys)
        _name_points(place, known)
        return
    for chosen, role, marker in ((False, "muted", 4), (True, "accent", 7)):
        some = sorted((v, p.accuracy) for p, v in known if p.chosen is chosen)
        if some:
            xs, ys = [x for x, _ in some], [y for _, y in some]
            place.plot(xs, ys, "o", color=ink(role), markersize=marker,
                       markeredgecolor=ink("surface"), zorder=3 if chosen else 2)  # fmt: skip
    _spread(place, [v for _, v in known], [p.accuracy for p, _ in known])
    best = [(p, v) for p, v in known if p.best]
    for point, x in best:
        place.plot([x], [point.accuracy], "o", color=ink("peak"), markersize=11, fillstyle="none",
                   markeredgewidth=2, zorder=4)  # fmt: skip
    _name_points(place, best)


def _spread(place: Axes, xs: Sequence[float], ys: Sequence[float]) -> None:
    """Limits with room for names, also where all points are the same."""
    wide = (max(xs) - min(xs)) or max(abs(max(xs)), 1.0) * 0.2
    high = max(max(ys) - min(ys), 0.004)
    place.set_xlim(min(xs) - 0.12 * wide, max(xs) + 0.16 * wide)
    place.set_ylim(min(ys) - 0.22 * high, max(ys) + 0.22 * high)


def _name_points(place: Axes, known: list[tuple[Point, float]]) -> None:
    names = Names(place, [(x, point.accuracy) for point, x in known])
    for point, x in known:
        names.put(fitted(point.name, 92, SMALL), (x, point.accuracy))
