"""The two consoles: results go to stdout, everything else to stderr."""

from __future__ import annotations

import sys

from rich.console import Console

# A pipe or a file has no width of its own: tables get as much as they are likely to need.
_PIPE_WIDTH = 120


def results_console() -> Console:
    """Console for what the user asked for."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def messages_console() -> Console:
    """Console for progress, warnings and errors."""
    return Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else _PIPE_WIDTH)
