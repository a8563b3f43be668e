"""Tables that fit their terminal: columns that matter least go, long names lose their middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from tinycompress._console import printable

_ELLIPSIS = "…"
_BORDER = 1
_BESIDE_CELL = 3
"""What each column takes besides its cells: a blank on either side and a line."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    ``drop``: columns that do not fit go in the order of this number, the highest first; 0 stays.
    ``least``: cells may be cut in their middle down to so many characters; 0 leaves them whole.
    """

    name: str
    right: bool = False
    drop: int = 0
    least: int = 0


def print_fitted(
    console: Console,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    totals: Sequence[Sequence[str]] = (),
) -> None:
    """Print a table that is no wider than the console, and say which columns had no room.

    Args:
        console: Where to.
        title: Above the table.
        columns: What there is to show, in order.
        rows: A cell for each column, plain text.
        totals: More rows, set apart below the others.
    """
    rows, totals = _printable(rows), _printable(totals)
    cells = [[column.name for column in columns], *rows, *totals]
    natural = [max(len(row[i]) for row in cells) for i in range(len(columns))]
    kept = _that_fit(columns, natural, console.width)
    widths = _widths([columns[i] for i in kept], [natural[i] for i in kept], console.width)
    table = Table(title=Text(title), title_justify="left", title_style="bold")
    for index, width in zip(kept, widths, strict=True):
        column = columns[index]
        name = cut_middle(column.name, width) if column.least else column.name
        justify: JustifyMethod = "right" if column.right else "left"
        table.add_column(Text(name), justify=justify, max_width=width, overflow="fold")
    for part in (rows, totals):
        for row in part:
            shown = zip((row[index] for index in kept), widths, kept, strict=True)
            table.add_row(*(Text(cut_middle(c, w) if columns[i].least else c) for c, w, i in shown))
        table.add_section()
    console.print(table)
    lost = [column.name for index, column in enumerate(columns) if index not in kept]
    if lost:
        console.print(f"(no room for: {', '.join(lost)}; --json has them)", markup=False)


def _printable(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    return [[printable(cell) for cell in row] for row in rows]


def _that_fit(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    kept = list(range(len(columns)))
    least = [min(n, c.least) if c.least else n for c, n in zip(columns, natural, strict=True)]
    while _total([least[i] for i in kept]) > width:
        droppable = [i for i in kept if columns[i].drop]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda i: columns[i].drop))
    return kept


def _widths(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[int]:
    """Widths of the columns; the widest that may be cut is cut first."""
    widths = list(natural)
    for _ in range(max(0, _total(widths) - width)):
        wide = [i for i, c in enumerate(columns) if c.least and widths[i] > c.least]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i] - columns[i].least)] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    return _BORDER + sum(width + _BESIDE_CELL for width in widths)


def cut_middle(text: str, width: int) -> str:
    """``text`` without its middle, at most ``width`` long: names of layers differ at their ends."""
    if len(text) <= width:
        return text
    end = (width - 1) // 2
    return text[: width - 1 - end] + _ELLIPSIS + text[len(text) - end :]
