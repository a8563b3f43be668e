"""Progress on stderr: live bars on a terminal, one plain line per stage elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tinycompress._console import messages_console
from tinycompress.cli.invocation import invocation


class StageProgress:
    """Shows ``(stage, done, total)`` reports; a total of 0 means that it is not known."""

    def __init__(self, progress: Progress, *, live: bool, quiet: bool) -> None:
        self._progress = progress
        self._live = live
        self._quiet = quiet
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Report that ``done`` of ``total`` steps of ``stage`` are finished."""
        if self._quiet:
            return
        if not self._live:
            if stage not in self._tasks:
                self._tasks[stage] = TaskID(0)
                self._progress.console.print(f"{stage} ...", markup=False)
            return
        if stage not in self._tasks:
            self._finish_all()
            self._tasks[stage] = self._progress.add_task(stage, total=total or None)
        self._progress.update(self._tasks[stage], completed=done, total=total or None)

    def say(self, line: str) -> None:
        """Print a line that stays, above what is under way."""
        if not self._quiet:
            self._progress.console.print(line, markup=False, soft_wrap=True)

    def _finish_all(self) -> None:
        for task in self._tasks.values():
            row = self._progress.tasks[task]
            total = row.total or max(1, int(row.completed))
            self._progress.update(task, total=total, completed=total)

    def close(self) -> None:
        """Mark the last stage as finished."""
        if self._live:
            self._finish_all()


@contextmanager
def stage_progress() -> Iterator[StageProgress]:
    """Show progress while the block runs, unless the user asked for quiet."""
    quiet = invocation().quiet
    console = messages_console()
    live = console.is_terminal
    with Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not live or quiet,
    ) as progress:
        shown = StageProgress(progress, live=live, quiet=quiet)
        yield shown
        shown.close()
