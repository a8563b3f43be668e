"""One trial: chosen, measured before it is trained, trained if it can keep the budget, measured."""

from __future__ import annotations

import errno
import os
import socket
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import optuna
from optuna.trial import TrialState
from sqlalchemy.exc import SQLAlchemyError

from tinycompress.errors import ConfigError, TinyCompressError
from tinycompress.search.costs import Cost, Figures
from tinycompress.search.goal import Goal
from tinycompress.search.storage import give_back

SLACK = 0.05
"""By what share a candidate may be above a budget before training, where encodings and what is
left out of a model depend on the trained values: 4.2 % were seen. What counts is measured again
afterwards."""
BEFORE, MEASURED, RECIPE, REJECTED, ERROR, FILES = (
    "before", "measured", "recipe", "rejected", "error", "files",
)  # fmt: skip
"""Attributes of trials: cost before training, figures after it, what it is, why it ended early,
what failed, and where its files are."""
PROCESS, MACHINE = "process", "machine"
"""Attributes of trials: who does it."""
BEFORE_TRAINING = "before training"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

Report = Callable[[int, float], None]
"""Told after so many epochs of the accuracy; raises to end the training."""


class CandidateError(Exception):
    """A candidate that cannot be had; the search goes on without it."""


class OutOfRoomError(Exception):
    """The disk is full: no candidate can be had."""


@dataclass(frozen=True)
class Candidate:
    """What a trial is about.

    Attributes:
        recipe: As `compression.run.recipe.Recipe` dumps it: plain values.
        content: What the evaluator needs of it.
    """

    recipe: dict[str, Any]
    content: Any = None


@dataclass(frozen=True)
class Trained:
    """A trained candidate, measured.

    Attributes:
        cost: Of the trained file.
        accuracies: ``int8_accuracy`` and what belongs to it.
        files: Where its files are, for whoever collects the results: plain values.
    """

    cost: Cost
    accuracies: Figures
    files: dict[str, Any]


class Evaluator(Protocol):
    """Makes candidates of trials, and measures them."""

    def candidate(self, trial: Any) -> Candidate:
        """The candidate of a trial, asked parameter by parameter."""

    def cost(self, candidate: Candidate) -> Cost:
        """What it costs before it is trained."""

    def train(self, candidate: Candidate, report: Report) -> Trained:
        """Train it, and measure what it costs then."""


class Objective:
    """What Optuna calls for each trial.

    Args:
        goal: What the search is for; its accuracy `Goal.resolved`.
        evaluator: What makes and measures candidates.
        slack: See `SLACK`.
        trains_all: Whether candidates are trained that cannot be better than what was found: of
            those a method learns, too.
    """

    def __init__(
        self, goal: Goal, evaluator: Evaluator, slack: float = SLACK, *, trains_all: bool = False
    ) -> None:
        self._goal = goal
        self._evaluator = evaluator
        self._slack = slack
        self._trains_all = trains_all

    def __call__(self, trial: optuna.Trial) -> tuple[float, ...]:
        """The values of the objectives.

        Raises:
            TrialPruned: It cannot keep the budget, or its training does not pay.
            CandidateError: It cannot be had.
            OutOfRoomError: The disk is full.
        """
        trial.set_user_attr(PROCESS, os.getpid())
        trial.set_user_attr(MACHINE, socket.gethostname())
        try:
            return self._evaluated(trial)
        except KeyboardInterrupt:
            # Whoever resumes does it first.
            give_back(trial.study, trial.study.get_trials(deepcopy=False)[trial.number])
            raise
        except TinyCompressError as error:
            if _no_room(error):
                give_back(trial.study, trial.study.get_trials(deepcopy=False)[trial.number])
                raise OutOfRoomError(error.message) from error
            _keep(trial, error)
            raise CandidateError(error.message) from error
        except (optuna.exceptions.OptunaError, SQLAlchemyError):
            raise
        except Exception as error:
            told = TinyCompressError(f"unexpected {type(error).__name__}: {error}")
            _keep(trial, told)
            raise CandidateError(told.message) from error

    def _evaluated(self, trial: optuna.Trial) -> tuple[float, ...]:
        candidate = self._evaluator.candidate(trial)
        trial.set_user_attr(RECIPE, candidate.recipe)
        before = self._evaluator.cost(candidate)
        trial.set_user_attr(BEFORE, {**before.figures, "sum_error": before.sum_error()})
        missed = self._goal.cost_excess(before.figures, self._slack)
        if any(one > 0 for one in missed.values()):
            _constrain(trial, missed)
            trial.set_user_attr(REJECTED, BEFORE_TRAINING)
            raise optuna.TrialPruned("it cannot keep the budget, and is not trained")
        self._require_hope(trial, before.figures)
        try:
            trained = self._evaluator.train(candidate, lambda e, a: self._report(trial, e, a))
        except optuna.TrialPruned:
            _constrain(trial, missed)
            raise
        figures = {**trained.cost.figures, **trained.accuracies}
        if not figures.get("fits", 1.0):
            raise ConfigError(f"it does not fit the board once trained: {trained.cost.problem}")
        trial.set_user_attr(MEASURED, {**figures, "sum_error": trained.cost.sum_error()})
        trial.set_user_attr(FILES, trained.files)
        _constrain(trial, self._goal.excess(figures))
        return self._goal.values(figures)

    def _require_hope(self, trial: optuna.Trial, before: Mapping[str, float]) -> None:
        """Where one cost is made less, train nothing that costs more than what was found.

        Raises:
            TrialPruned: A trial that keeps the budget costs less, whatever comes of this one.
        """
        if self._trains_all or self._goal.directions != ("minimize",):
            return
        (cost,) = self._goal.values(before)
        cheaper = [
            other.number
            for other in trial.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
            if other.values[0] * (1.0 + self._slack) < cost
            and all(one <= 0 for one in self._goal.excess(other.user_attrs[MEASURED]).values())
        ]
        if cheaper:
            _constrain(trial, self._goal.cost_excess(before, self._slack))
            told = f"before training, as trial {min(cheaper)} costs less"
            trial.set_user_attr(REJECTED, told)
            raise optuna.TrialPruned(told)

    def _report(self, trial: optuna.Trial, epochs: int, accuracy: float) -> None:
        if len(self._goal.objectives) > 1:
            return
        short = self._goal.shortfall(accuracy)
        trial.report(1.0 - short if self._goal.directions[0] == "maximize" else short, epochs)
        if trial.should_prune():
            trial.set_user_attr(REJECTED, f"after {epochs} epochs at {100 * accuracy:.2f} %")
            raise optuna.TrialPruned(f"others are more accurate after {epochs} epochs")


def _constrain(trial: optuna.Trial, excess: Mapping[str, float]) -> None:
    with warnings.catch_warnings():
        # A worker may have been killed behind this line: the trial that does it again has them.
        warnings.simplefilter("ignore", UserWarning)
        for name, value in excess.items():
            trial.set_constraint(name, value)


def _keep(trial: optuna.Trial, error: TinyCompressError) -> None:
    told = {"class": type(error).__name__, "message": error.message, "hint": error.hint}
    trial.set_user_attr(ERROR, told)


def _no_room(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            return True
        error = error.__cause__
    return False
