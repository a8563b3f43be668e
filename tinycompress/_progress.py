"""How long-running work says how far it is, without knowing who listens."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Listener for progress reports."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """``done`` of ``total`` steps of ``stage`` are finished; a total of 0: not known."""


def no_progress(stage: str, done: int = 0, total: int = 0) -> None:
    """Ignore all reports."""


def say_nothing(line: str) -> None:
    """Ignore what would be worth a line that stays."""
