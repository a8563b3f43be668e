"""The two consoles: results go to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys

from rich.console import Console

# A pipe or a file has no width of its own: tables get as much as they are likely to need.
_PIPE_WIDTH = 120


def results_console() -> Console:
    """Console for what the user asked for; COLUMNS in the environment sets its width."""
    return Console(highlight=False, width=_width(is_terminal=sys.stdout.isatty()))


def messages_console() -> Console:
    """Console for progress, warnings and errors; likewise."""
    return Console(stderr=True, highlight=False, width=_width(is_terminal=sys.stderr.isatty()))


def printable(text: str) -> str:
    """Text without characters that a terminal acts upon: these are shown by their codes."""
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape", "replace").decode()
        for one in text
    )


def printable_lines(text: str) -> str:
    """The same of text that may have several lines."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _width(*, is_terminal: bool) -> int | None:
    """None where rich finds it out itself: by asking the terminal, or in COLUMNS."""
    asked = os.environ.get("COLUMNS", "")
    return None if is_terminal or asked.isdigit() else _PIPE_WIDTH
