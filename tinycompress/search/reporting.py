"""How far a search is, told while it runs: trials done, the best so far, the time that is left."""

from __future__ import annotations

import time
from collections.abc import Callable

from optuna.study import Study
from optuna.trial import FrozenTrial

from tinycompress._progress import Progress
from tinycompress.search.costs import Figures
from tinycompress.search.goal import Goal
from tinycompress.search.outcome import TrialRow, best_row, rows_of

_WORDS = {
    "within": "within the budget",
    "outside": "outside the budget",
    "rejected": "above the budget, not trained",
    "stopped": "stopped",
    "failed": "failed",
}


class Reporter:
    """Tells of every trial that was finished since the last look.

    Args:
        study: What is looked at.
        goal: What it is for.
        trials: How many there are to be.
        progress: Told how many are done.
        say: Told of each.
        until: Time after which none is begun; None: any.
    """

    def __init__(
        self,
        study: Study,
        goal: Goal,
        trials: int,
        *,
        progress: Progress,
        say: Callable[[str], None],
        until: float | None,
    ) -> None:
        self._study, self._goal, self._trials = study, goal, trials
        self._progress, self._say, self._until = progress, say, until
        self._begun = time.time()
        self._told: set[int] | None = None
        self._at_first = 0

    def poll(self) -> None:
        """Look, and tell what is new."""
        trials = self._study.get_trials(deepcopy=False)
        rows = rows_of(trials, self._goal)
        if self._told is None:
            # What an earlier run has done is no news.
            self._told = {row.number for row in rows if not self._is_new(trials[row.number])}
            self._at_first = len(self._told)
            if self._told:
                self._say(f"{len(self._told)} trials were done before")
        for row in rows:
            if row.number not in self._told:
                self._told.add(row.number)
                self._say(self._line(row, rows))
        self._progress("search", len(rows), self._trials)

    def _is_new(self, trial: FrozenTrial) -> bool:
        ended = trial.datetime_complete
        return ended is not None and ended.timestamp() >= self._begun

    def _line(self, row: TrialRow, rows: tuple[TrialRow, ...]) -> str:
        what = _WORDS[row.verdict]
        if row.verdict in ("stopped", "failed"):
            what += f" {row.message}"
        if row.known:
            what += f": {figures_text(row.known)}"
        best = best_row(rows, self._goal)
        so_far = (
            "none within the budget yet" if best is None else f"best so far: trial {best.number}"
        )
        return f"trial {row.number}: {what}; {so_far}{self._left(len(rows))}"

    def _left(self, done: int) -> str:
        new, now = done - self._at_first, time.time()
        left = (now - self._begun) / max(new, 1) * (self._trials - done)
        if self._until is not None:
            left = min(left, self._until - now)
        return f"; about {duration_text(left)} left" if left > 0 else ""


def duration_text(seconds: float) -> str:
    """A time as people say it."""
    if seconds < 90:
        return f"{round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def figures_text(figures: Figures) -> str:
    """Accuracy, latency, RAM and flash in a line; what is not known is left out."""
    parts = []
    if "int8_accuracy" in figures:
        parts.append(f"{100 * figures['int8_accuracy']:.2f} %")
    if "latency_us" in figures:
        parts.append(f"{figures['latency_us'] / 1000:,.2f} ms")
    for name, what in (("ram_reserved_bytes", "RAM"), ("flash_bytes", "flash")):
        if name in figures:
            parts.append(f"{figures[name]:,.0f} B {what}")
    return ", ".join(parts) or "does not fit the board"
