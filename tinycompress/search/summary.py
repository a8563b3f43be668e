"""All that a search has found, for the table, the page, and programs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.study import Study

from tinycompress.search.costs import Cost
from tinycompress.search.dimensions import Dimension
from tinycompress.search.goal import ACCURACY, FIGURES, Goal
from tinycompress.search.outcome import (
    TrialRow,
    best_row,
    blocking,
    counts,
    drift,
    largest_sum_error,
    nearest_row,
    pareto_front,
    rows_of,
)
from tinycompress.search.preparing import Prepared
from tinycompress.search.storage import task_of
from tinycompress.search.task import Task
from tinycompress.search.worker import PREPARED

_FEWEST_FOR_IMPORTANCE = 4


@dataclass(frozen=True)
class Summary:
    """What a study has found so far.

    Attributes:
        study: Its name.
        task: What is searched.
        goal: The budgets, with a least accuracy in place of a drop.
        rows: The finished trials.
        front: Those within the budget that no other is better than.
        best: The best of these; None if there is none.
        nearest: The one that misses its limits by the least, where none is within.
        importances: By objective, what share of its variance each parameter explains.
        prepared: What was known before the first trial; None if it has not begun.
        dimensions: The effective space.
    """

    study: str
    task: Task
    goal: Goal
    rows: tuple[TrialRow, ...]
    front: tuple[TrialRow, ...]
    best: TrialRow | None
    nearest: TrialRow | None
    importances: Mapping[str, Mapping[str, float]]
    prepared: Prepared | None
    dimensions: tuple[Dimension, ...]

    def to_json(self) -> dict[str, Any]:
        """Schema ``tinycompress.fit``."""
        original = None if self.prepared is None else self.prepared.original
        return {
            "schema": "tinycompress.fit",
            "schema_version": 1,
            "study": self.study,
            "board": self.task.board["id"],
            "method": self.task.method,
            "sampler": self.task.sampler,
            "seed": self.task.seed,
            "objectives": list(self.goal.objectives),
            "limits": self.goal.budgets.limits(),
            "space": {one.name: one.to_json() for one in self.dimensions},
            "reference": None if self.prepared is None else self.prepared.reference,
            "original": None if original is None else original.to_json(),
            "trials": counts(self.rows),
            "best": None if self.best is None else self.best.number,
            "nearest": None if self.nearest is None else self.nearest.number,
            "blocking": self.blocking,
            "front": [row.number for row in self.front],
            "rows": [row.to_json() for row in self.rows],
            "importances": {name: dict(found) for name, found in self.importances.items()},
            "cost_before_training_off_by": drift(self.rows),
            "layers_added_up_off_by": largest_sum_error(self.rows),
        }

    @property
    def blocking(self) -> list[str]:
        """Which limits the nearest misses; empty where one is within."""
        if self.best is not None or self.nearest is None:
            return []
        return list(blocking(self.nearest, self.goal))


def summary_of(study: Study, goal: Goal) -> Summary:
    """What a study has found so far."""
    rows = rows_of(study.get_trials(deepcopy=False), goal)
    told = study.user_attrs.get(PREPARED)
    prepared = None if told is None else Prepared.from_json(told)
    best = best_row(rows, goal)
    return Summary(
        study=study.study_name,
        task=Task.from_json(task_of(study)),
        goal=goal,
        rows=rows,
        front=pareto_front(rows),
        best=best,
        nearest=None if best is not None else nearest_row(rows),
        importances=_importances(study, goal, rows),
        prepared=prepared,
        dimensions=_effective(study, prepared),
    )


def original_of(summary: Summary) -> Cost | None:
    """What the model as it is costs; None for a model function."""
    return None if summary.prepared is None else summary.prepared.original


def _effective(study: Study, prepared: Prepared | None) -> tuple[Dimension, ...]:
    """The space as the trials had it; a model function tells its part only when it is asked."""
    found = {} if prepared is None else {one.name: one for one in prepared.dimensions}
    for trial in study.get_trials(deepcopy=False):
        for name, distribution in trial.distributions.items():
            found.setdefault(name, _dimension(name, distribution))
    return tuple(found.values())


def _dimension(name: str, distribution: Any) -> Dimension:
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return Dimension(name, "choice", choices=tuple(distribution.choices))
    whole = isinstance(distribution, optuna.distributions.IntDistribution)
    return Dimension(
        name, "int" if whole else "float", distribution.low, distribution.high,
        distribution.step, distribution.log,
    )  # fmt: skip


def _importances(
    study: Study, goal: Goal, rows: tuple[TrialRow, ...]
) -> dict[str, dict[str, float]]:
    """By accuracy and by each objective: Optuna's importances, where there are trials enough."""
    trained = {row.number: row for row in rows if row.figures}
    if len(trained) < _FEWEST_FOR_IMPORTANCE:
        return {}
    found = {}
    for name in dict.fromkeys((ACCURACY, *goal.objectives)):
        figure = FIGURES[name]
        values = {number: row.figures.get(figure) for number, row in trained.items()}
        if None in values.values() or len(set(values.values())) < 2:
            continue

        def target(trial: Any, values: Any = values) -> float:
            return float(values[trial.number])

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
                found[name] = dict(
                    optuna.importance.get_param_importances(
                        study, evaluator=evaluator, target=target
                    )
                )
            except (ValueError, RuntimeError, ImportError):
                # No parameter that all trials have, or no scikit-learn.
                continue
    return found
