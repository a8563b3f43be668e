"""Text in Markdown that may hold anything: names of layers and classes come from users' files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tinycompress._console import printable

# What Markdown gives a meaning within a line; GitHub adds tables, formulas, issues and people.
_SPECIAL = re.compile(r"([\\`*_\[\]|~$#@])")


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, in one line; HTML in it has no effect.

    Args:
        text: Anything; characters that cannot be printed are shown by their codes.
    """
    html = printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(r"\\\1", html)


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int]) -> str:
    """A table of GitHub's Markdown; cells are escaped here.

    Args:
        header: One name a column.
        rows: One cell a column.
        right: Numbers of the columns that hold numbers.
    """
    rule = ["--:" if index in right else "---" for index in range(len(header))]
    lines = [[escaped(name) for name in header], rule]
    lines += [[escaped(cell) for cell in row] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
