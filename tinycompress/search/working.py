"""A worker's work on a study: trial after trial until there are enough."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tinycompress.search.methods.planned import PlannedSampler
from tinycompress.search.objective import ERROR, CandidateError, Objective
from tinycompress.search.storage import counted

_POLL_S = 1.0
_ALL_FAIL = 5
"""So many trials that fail before any is finished: nothing will come of the others."""


@dataclass(frozen=True)
class Quota:
    """When a worker stops.

    Attributes:
        trials: The study has so many finished trials.
        until: Time, as `time.time` has it, after which no trial is begun; None: any.
        batch: It has done so many itself; another process goes on, with the memory that
            TensorFlow leaks given back.
    """

    trials: int
    until: float | None = None
    batch: int = 12


def work(
    study: Study,
    objective: Objective,
    quota: Quota,
    *,
    wait: Callable[[float], None] = time.sleep,
) -> bool:
    """Do trials; another worker's that is silent is taken up.

    Args:
        study: The study, with its sampler.
        objective: What is called for each trial.
        quota: When to stop.
        wait: Waits while the last trials are others'.

    Returns:
        Whether there is more to do.

    Raises:
        TinyCompressError: Nothing can be done any more: the disk is full, the storage away.
    """
    done = 0
    while done < quota.batch:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)
        trials = study.get_trials(deepcopy=False)
        if is_over(trials, quota) or _has_nothing_more(study):
            return False
        waiting = any(one.state == TrialState.WAITING for one in trials)
        running = sum(one.state == TrialState.RUNNING for one in trials)
        if not waiting and len(counted(trials)) + running >= quota.trials:
            wait(_POLL_S)
            continue
        study.optimize(objective, n_trials=1, catch=(CandidateError,))
        done += 1
    return True


def is_over(trials: list[FrozenTrial], quota: Quota) -> bool:
    """Whether no further trial is to be begun."""
    finished = counted(trials)
    if len(finished) >= quota.trials or hopeless(finished):
        return True
    return quota.until is not None and time.time() >= quota.until


def _has_nothing_more(study: Study) -> bool:
    return isinstance(study.sampler, PlannedSampler) and study.sampler.is_exhausted(study)


def hopeless(finished: list[FrozenTrial]) -> bool:
    """Whether all trials fail."""
    failed = [one for one in finished if ERROR in one.user_attrs]
    return len(failed) >= _ALL_FAIL and len(failed) == len(finished)
