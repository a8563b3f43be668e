"""Progress on stderr: live bars on a terminal, plain lines elsewhere; both say the time left.

Where nobody looks at a terminal (a log, a server), a stage has one line when it begins, another one
now and then while it lasts, and one when it has taken long. How often doubles: a training of hours
has a few dozen lines.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from tinycompress._console import messages_console, printable
from tinycompress.cli.invocation import invocation

LONG_S = 2.0
"""What takes longer says how far it is."""

_RAREST_S = 60.0
_TICK_S = 0.5

Clock = Callable[[], float]


class StageProgress(Protocol):
    """Shows ``(stage, done, total)`` reports; a total of 0 means that it is not known."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Report that ``done`` of ``total`` steps of ``stage`` are finished."""

    def say(self, line: str) -> None:
        """Print a line that stays, above what is under way."""

    def close(self) -> None:
        """Mark the last stage as finished."""


class NoProgress:
    """For those who asked for quiet."""

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Show nothing."""

    def say(self, line: str) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class PlainProgress:
    """Lines, for what is no terminal.

    Args:
        console: Where to.
        patience_s: How long a stage may take before it is told at all.
        now: A clock, in seconds.
    """

    def __init__(
        self, console: Console, *, patience_s: float = 0.0, now: Clock = time.monotonic
    ) -> None:
        self._console = console
        self._patience_s = patience_s
        self._now = now
        self._lock = threading.RLock()
        self._begun: set[str] = set()
        self._stage: str | None = None
        self._done = self._total = 0
        self._started = self._next = self._every = 0.0

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Begin a stage, or say how far it is if that was not said lately."""
        with self._lock:
            if stage != self._stage:
                self._finish()
                self._begin(stage)
            self._done, self._total = done, total
            self.tick()

    def say(self, line: str) -> None:
        """Print a line."""
        with self._lock:
            self._print(line)

    def close(self) -> None:
        """Say what the last stage took, if that was long."""
        with self._lock:
            self._finish()

    def tick(self) -> None:
        """Say how far the stage is, if it is time to: also one that reports nothing itself."""
        with self._lock:
            now = self._now()
            if self._stage is None or now < self._next:
                return
            self._print(self._status(now))
            self._every = min(2 * self._every, _RAREST_S)
            self._next = now + self._every

    def _begin(self, stage: str) -> None:
        self._stage, self._started = stage, self._now()
        self._every = LONG_S
        self._next = self._started + LONG_S
        if stage not in self._begun and not self._patience_s:
            self._print(f"{stage} ...")
        self._begun.add(stage)

    def _finish(self) -> None:
        if self._stage is None:
            return
        taken = self._now() - self._started
        if taken >= LONG_S:
            self._print(f"{self._stage}: done in {duration(taken)}")
        self._stage = None

    def _status(self, now: float) -> str:
        elapsed = now - self._started
        if not self._total:
            return f"{self._stage}: {duration(elapsed)} so far"
        status = f"{self._stage}: {self._done} of {self._total}"
        if not self._done:
            return f"{status}, {duration(elapsed)} so far"
        left = elapsed / self._done * (self._total - self._done)
        return f"{status}, about {duration(left)} left"

    def _print(self, line: str) -> None:
        self._console.print(printable(line), markup=False, soft_wrap=True)


class LiveProgress:
    """Bars on a terminal, one for each stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Move a stage's bar; a new one ends those before it."""
        if stage not in self._tasks:
            self.close()
            self._tasks[stage] = self._bars.add_task(printable(stage), total=total or None)
        self._bars.update(self._tasks[stage], completed=done, total=total or None)

    def say(self, line: str) -> None:
        """Print a line above the bars."""
        self._bars.console.print(printable(line), markup=False, soft_wrap=True)

    def close(self) -> None:
        """Fill all bars."""
        for task in self._tasks.values():
            row = self._bars.tasks[task]
            total = row.total or max(1, int(row.completed))
            self._bars.update(task, total=total, completed=total)


class _HowFar(ProgressColumn):
    """Steps and the time left, as far as there are any to tell."""

    def render(self, task: Task) -> Text:
        """``40 of 100, 12 s left``; nothing for a stage without steps."""
        if task.total is None or task.finished:
            return Text("")
        told = f"{task.completed:.0f} of {task.total:.0f}"
        left = task.time_remaining
        return Text(told if left is None else f"{told}, {duration(left)} left")


def duration(seconds: float) -> str:
    """A time in words: ``12 s``, ``3 min 20 s``, ``1 h 05 min``."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


@contextmanager
def stage_progress(*, patience_s: float = 0.0) -> Iterator[StageProgress]:
    """Show progress while the block runs, unless the user asked for quiet.

    Args:
        patience_s: How long a stage may take before plain lines tell of it at all: for commands
            that mostly answer at once.
    """
    console = messages_console()
    if invocation().quiet:
        yield NoProgress()
    elif console.file.isatty() and not console.is_dumb_terminal:
        with _bars(console) as bars:
            shown = LiveProgress(bars)
            yield shown
            shown.close()
    else:
        with _ticking(PlainProgress(console, patience_s=patience_s)) as plain:
            yield plain
            plain.close()


def _bars(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        _HowFar(),
        console=console,
    )


@contextmanager
def _ticking(plain: PlainProgress) -> Iterator[PlainProgress]:
    """Let it speak of stages that report nothing themselves."""
    ended = threading.Event()

    def tick() -> None:
        while not ended.wait(_TICK_S):
            plain.tick()

    thread = threading.Thread(target=tick, name="progress", daemon=True)
    thread.start()
    try:
        yield plain
    finally:
        ended.set()
        thread.join()
