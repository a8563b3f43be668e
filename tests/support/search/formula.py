"""Candidates whose cost and accuracy are formulas of what was chosen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from optuna.storages import BaseStorage, InMemoryStorage
from optuna.study import Study

from tinycompress.errors import ConfigError
from tinycompress.search.costs import Cost
from tinycompress.search.goal import Goal, goal_of
from tinycompress.search.objective import Candidate, Objective, Report, Trained
from tinycompress.search.storage import Heartbeat, create_study
from tinycompress.search.task import InputFile, Task

RECIPE = {"firmware": {"optimize": "flash"}, "stage": []}
QUICK = Heartbeat(interval_s=1, grace_s=3)


def flash_of(width: int) -> float:
    """Bytes of flash of a candidate."""
    return 10_000.0 + 500.0 * width


def accuracy_of(width: int, rate: float) -> float:
    """Accuracy of a candidate: rises with the width, and has its best rate."""
    return 0.98 - 0.4 / (width + 1) - abs(rate - 0.3) / 10


def small_flash(limit: int | None = 14_000, least: float | None = 0.8) -> Goal:
    """The least flash within a budget of it, at some accuracy."""
    return goal_of(flash_bytes=limit, min_accuracy=least, minimize="flash")


def formula_task(goal: Goal, *, seed: int = 0, sampler: str = "tpe", trials: int = 10) -> Task:
    """A task of nothing real."""
    data = InputFile("/nowhere/train.npz", "0" * 64)
    return Task(
        data=data, board={"id": "nowhere"}, goal=goal, seed=seed, sampler=sampler, trials=trials
    )


def formula_study(
    storage: BaseStorage | None, goal: Goal, name: str = "study", **more: Any
) -> Study:
    """A study of such candidates; without a storage it is kept in memory, which is faster."""
    task = formula_task(goal, **more)
    kept = InMemoryStorage() if storage is None else storage
    return create_study(kept, name, task.to_json(), goal, task.sampler, task.seed)


@dataclass
class FormulaEvaluator:
    """Makes candidates of two parameters, and counts what is trained.

    Attributes:
        epochs: Each is told of while a candidate trains.
        training_s: How long a training takes.
        fails: Says of a width what is wrong with it; empty: nothing.
        interrupts: Widths at which the user ends the search.
        log: File that gets a line for each training that is finished.
    """

    epochs: int = 3
    training_s: float = 0.0
    fails: Callable[[int], str] = lambda width: ""
    interrupts: set[int] = field(default_factory=set)
    log: Path | None = None
    trained: list[tuple[int, float]] = field(default_factory=list)

    def candidate(self, trial: Any) -> Candidate:
        width = trial.suggest_int("width", 1, 16)
        rate = trial.suggest_float("rate", 0.0, 1.0)
        if self.fails(width):
            raise ConfigError(self.fails(width), hint="another width")
        return Candidate(RECIPE, (width, rate))

    def cost(self, candidate: Candidate) -> Cost:
        width, _ = candidate.content
        figures = {
            "flash_bytes": flash_of(width),
            "ram_reserved_bytes": 2000.0,
            "latency_us": 100.0 * width,
            "instructions": 1000.0 * width,
            "arena_bytes": 500.0,
            "fits": 1.0,
        }
        return Cost(figures)  # fmt: skip

    def train(self, candidate: Candidate, report: Report) -> Trained:
        width, rate = candidate.content
        if width in self.interrupts:
            self.interrupts.discard(width)
            raise KeyboardInterrupt
        accuracy = accuracy_of(width, rate)
        for epoch in range(1, self.epochs):
            report(epoch, accuracy * epoch / self.epochs)
        time.sleep(self.training_s)
        self.trained.append((width, rate))
        if self.log is not None:
            with self.log.open("a") as file:
                file.write(f"{width} {rate}\n")
        return Trained(self.cost(candidate), {"int8_accuracy": accuracy, "parameters": 10.0}, {})


def objective(goal: Goal, evaluator: FormulaEvaluator) -> Objective:
    return Objective(goal, evaluator)
