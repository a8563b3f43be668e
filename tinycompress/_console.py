"""The two consoles: results go to stdout, everything else to stderr."""

from __future__ import annotations

from rich.console import Console


def results_console() -> Console:
    """Console for what the user asked for."""
    return Console(highlight=False, soft_wrap=False)


def messages_console() -> Console:
    """Console for progress, warnings and errors."""
    return Console(stderr=True, highlight=False)
