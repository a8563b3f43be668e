"""What all drawings share: size, type, and colours that are variables of the page's style sheet.

matplotlib draws; one of its points is one pixel of the page. It knows no CSS, so a colour is drawn
as a number that stands for a role, and replaced by ``var(--role)`` in the SVG: dark mode and print
are then the style sheet's. Text stays text. The same drawing gives the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from tinycompress._drawing import svg_style, svg_text
from tinycompress.reporting.words import is_number

NARROW, WIDE = 328, 600
"""Widths of a drawing in pixels: what a telephone of 360 shows, and what a page of text takes."""

SMALL, TEXT = 11.0, 12.0
"""Sizes of type in pixels."""

_ROLES = (
    "ink", "muted", "line", "surface", "bad", "good", "peak", "accent", "on-accent", "band",
    "c1", "c2", "c3", "c4", "c5", "c6",
)  # fmt: skip
_MARK = "#0a00"
_STYLE = {
    "font.family": "sans-serif",
    "font.size": TEXT,
    # Names from model files are no formulas.
    "text.parse_math": False,
    "axes.linewidth": 0.8,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "path.simplify": False,
}


def ink(role: str) -> str:
    """The colour that stands for a role in a drawing: a name of the style sheet's variables."""
    return f"{_MARK}{_ROLES.index(role):02x}"


SERIES = tuple(f"c{number}" for number in range(1, 7))
"""Roles for what is told apart by colour."""


@dataclass(frozen=True)
class Table:
    """The numbers of a drawing in words: column titles, and rows of text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Of each column, whether it holds nothing but figures; the first one names the rows."""
        later = [
            all(is_number(row[place]) for row in self.rows) for place in range(1, len(self.columns))
        ]
        return (False, *later)


@dataclass(frozen=True)
class Drawing:
    """One figure in two widths, of which the page shows the one that fits.

    ``title`` and ``description`` are for those who do not see it, ``table`` for everybody.
    ``legend`` pairs roles of colours with what they stand for.
    """

    title: str
    description: str
    narrow: Markup
    wide: Markup
    table: Table | None = None
    legend: tuple[tuple[str, str], ...] = ()


Draw = Callable[[float], Figure]
"""Draws in a given width, in pixels."""


def drawing(
    name: str,
    title: str,
    description: str,
    draw: Draw,
    *,
    table: Table | None = None,
    legend: Sequence[tuple[str, str]] = (),
) -> Drawing:
    """Draw in both widths.

    Args:
        name: Unique on the page; of letters, digits and hyphens.
        title: What it shows, in a few words.
        description: What a reader sees in it, in a sentence.
        draw: Draws it.
        table: Its numbers.
        legend: Roles of colours with what they stand for.
    """
    narrow = svg(f"{name}-n", title, description, lambda: draw(NARROW))
    wide = svg(f"{name}-w", title, description, lambda: draw(WIDE))
    return Drawing(title, description, narrow, wide, table, tuple(legend))


def svg(name: str, title: str, description: str, draw: Callable[[], Figure]) -> Markup:
    """One drawing as an element of the page, with its text alternative.

    Args:
        name: Unique on the page.
        title: Read out first.
        description: Read out next.
        draw: Draws it.
    """
    with svg_style(_STYLE, salt=name):
        figure = draw()
        body = _body(svg_text(figure))
        width, height = figure.get_size_inches() * 72
    # What matplotlib wrote has its texts escaped already.
    return Markup(
        f'<svg class="chart" role="img" aria-labelledby="{name}-t {name}-d" '
        f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">'
        f'<title id="{name}-t">{escape(title)}</title>'
        f'<desc id="{name}-d">{escape(description)}</desc>{body}</svg>'
    )


def _body(text: str) -> str:
    """What is inside of the SVG: no ids but those that something refers to, and our colours."""
    inside = text[text.index("<svg") :]
    inside = inside[inside.index(">") + 1 : inside.rindex("</svg>")]
    inside = re.sub(r"<metadata>.*?</metadata>", "", inside, flags=re.DOTALL)
    inside = re.sub(r'<style type="text/css">.*?</style>', "", inside, flags=re.DOTALL)
    inside = re.sub(r"<!--.*?-->\s*", "", inside, flags=re.DOTALL)
    inside = re.sub(r'<g id="[^"]*">', "<g>", inside)
    # The page's own type, in the size that was drawn.
    inside = re.sub(r"font-family: [^;\"]*;? ?", "", inside)
    inside = re.sub(_MARK + "([0-9a-f]{2})", lambda m: f"var(--{_ROLES[int(m[1], 16)]})", inside)
    return re.sub(r"\n\s*", "\n", inside).strip()


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """A figure and axes over all of it, whose units are pixels from the upper left corner."""
    figure = blank(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.set_axis_off()
    return figure, axes


def blank(width: float, height: float) -> Figure:
    """An empty figure without a background; sizes in pixels."""
    figure = Figure(figsize=(width / 72, height / 72), dpi=72)
    figure.patch.set_alpha(0)
    return figure


def plain_axes(figure: Figure, left: float, top: float, right: float, bottom: float) -> Axes:
    """Axes with margins in pixels, a thin frame at the left and below, and a light grid."""
    width, height = figure.get_size_inches() * 72
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width,
         (height - top - bottom) / height)
    )  # fmt: skip
    axes.patch.set_alpha(0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(ink("line"))
    axes.tick_params(colors=ink("muted"), length=3, width=0.8)
    axes.grid(color=ink("line"), linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def label(axes: Axes, x: float, y: float, text: str, *, role: str = "ink", **how: Any) -> None:
    """Text at a place of the data's coordinates."""
    axes.text(x, y, text, **{"color": ink(role), "fontsize": TEXT, "va": "center", **how})


def rectangle(
    axes: Axes, x: float, y: float, width: float, height: float, role: str, **how: Any
) -> None:
    """A filled rectangle without an edge, unless one is asked for."""
    # Limits are set before anything is drawn: an artist, unlike a patch, does not move them.
    axes.add_artist(
        Rectangle((x, y), width, height, **{"facecolor": ink(role), "linewidth": 0, **how})
    )


_WIDTH_OF_A_LETTER = 0.56
"""Of sans-serif type, on average, as a share of its size."""


def room(width: float, size: float = TEXT) -> int:
    """How many letters fit into a width in pixels."""
    return max(1, int(width / (_WIDTH_OF_A_LETTER * size)))


def fitted(text: str, width: float, size: float = TEXT) -> str:
    """Text that fits into a width: what is too long loses its middle, since both ends tell most."""
    most = room(width, size)
    if len(text) <= most:
        return text
    if most <= 3:
        return text[:most]
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


_PLACES = tuple(
    (across * distance, up * distance * 0.7)
    for distance in (12, 20, 30, 42)
    for across, up in ((1, 1), (1, -1), (-1, 1), (-1, -1), (0, 1.4), (0, -1.4))
)
"""Where a name may stand from its point, in pixels, the best places first."""

Box = tuple[float, float, float, float]
"""Left, low, right and high, in pixels."""


def apart(box: Box, others: Sequence[Box]) -> bool:
    """Whether a box touches none of the others."""
    left, low, right, high = box
    return all(
        right < other[0] or other[2] < left or high < other[1] or other[3] < low for other in others
    )


def pixels(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Where a point of the data is drawn, once the limits of the axes are set."""
    across, up = axes.transData.transform((x, y))
    return float(across), float(up)


class Names:
    """Names at points of a plot that keep clear of each other and of the points.

    Args:
        axes: Where points lie; its limits must be set.
        points: All of them, in the coordinates of the data.
    """

    def __init__(self, axes: Axes, points: Sequence[tuple[float, float]]) -> None:
        self._axes = axes
        at = [pixels(axes, *point) for point in points]
        self._taken: list[Box] = [(x - 5, y - 5, x + 5, y + 5) for x, y in at]

    def put(self, text: str, point: tuple[float, float]) -> bool:
        """Write a name near its point; False where there is no room for it."""
        x, y = pixels(self._axes, *point)
        wide, high = len(text) * _WIDTH_OF_A_LETTER * SMALL, SMALL
        for across, up in _PLACES:
            left = x + across if across > 0 else x + across - wide if across else x - wide / 2
            box = (left, y + up - high / 2, left + wide, y + up + high / 2)
            if self._is_free(box):
                self._taken.append(box)
                self._write(text, point, across, up)
                return True
        return False

    def _write(self, text: str, point: tuple[float, float], across: float, up: float) -> None:
        side = "left" if across > 0 else "right" if across else "center"
        line = {"arrowstyle": "-", "color": ink("muted"), "linewidth": 0.6}
        self._axes.annotate(
            text, point, (across, up), textcoords="offset pixels", color=ink("ink"),
            fontsize=SMALL, ha=side, va="center", arrowprops=line if abs(across) > 12 else None,
        )  # fmt: skip

    def _is_free(self, box: Box) -> bool:
        frame = self._axes.get_window_extent()
        inside = frame.x0 <= box[0] and box[2] <= frame.x1
        return inside and frame.y0 <= box[1] and box[3] <= frame.y1 and apart(box, self._taken)
