"""A worker's work on a study: trial after trial until there are enough."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.storages._heartbeat import is_heartbeat_enabled
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from tinycompress.search.methods.planned import PlannedSampler
from tinycompress.search.objective import ERROR, PROCESS, CandidateError, Objective
from tinycompress.search.storage import counted, is_taken_up

_POLL_S = 1.0
_ALL_FAIL = 5
"""So many trials that fail before any is finished: nothing will come of the others."""


@dataclass(frozen=True)
class Quota:
    """When a worker stops.

    Attributes:
        trials: The study has so many finished trials, and none that is under way or was lost.
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
    signs = _FirstSigns(study)
    while done < quota.batch:
        signs.give(study.get_trials(deepcopy=False))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            optuna.storages.fail_stale_trials(study)
        trials = study.get_trials(deepcopy=False)
        if is_over(trials, quota) or _has_nothing_more(study):
            return False
        if _only_others_have_something_to_do(trials, quota):
            wait(_POLL_S)
            continue
        study.optimize(objective, n_trials=1, catch=(CandidateError,))
        done += 1
    return True


def is_over(trials: list[FrozenTrial], quota: Quota) -> bool:
    """Whether there is nothing more to do, or the time is up.

    Enough finished trials are not the end while others are under way: their workers may be gone.
    """
    finished = counted(trials)
    if hopeless(finished) or (quota.until is not None and time.time() >= quota.until):
        return True
    return len(finished) >= quota.trials and not (_running(trials) or _lost(trials))


def _only_others_have_something_to_do(trials: list[FrozenTrial], quota: Quota) -> bool:
    if len(counted(trials)) >= quota.trials:
        return not _lost(trials)
    waiting = any(one.state == TrialState.WAITING for one in trials)
    return not waiting and len(counted(trials)) + _running(trials) >= quota.trials


def _running(trials: list[FrozenTrial]) -> int:
    return sum(one.state == TrialState.RUNNING for one in trials)


def _lost(trials: list[FrozenTrial]) -> bool:
    """Whether the next trial is to do again what a worker has left."""
    waiting = [one for one in trials if one.state == TrialState.WAITING]
    return bool(waiting) and is_taken_up(waiting[0])


class _FirstSigns:
    """Signs of life for trials that never had one, one for each.

    Optuna begins with them when a trial's parameters are drawn. A worker that is killed before
    that would leave a trial that runs for ever. Behind this sign it is silent, like any other.
    """

    def __init__(self, study: Study) -> None:
        self._storage: Any = study._storage
        self._given: set[int] = set()

    def give(self, trials: list[FrozenTrial]) -> None:
        if not is_heartbeat_enabled(self._storage):
            return
        for one in trials:
            unheard = one.state == TrialState.RUNNING and PROCESS not in one.user_attrs
            if unheard and one.number not in self._given:
                self._storage.record_heartbeat(one._trial_id)
                self._given.add(one.number)


def _has_nothing_more(study: Study) -> bool:
    return isinstance(study.sampler, PlannedSampler) and study.sampler.is_exhausted(study)


def hopeless(finished: list[FrozenTrial]) -> bool:
    """Whether all trials fail."""
    failed = [one for one in finished if ERROR in one.user_attrs]
    return len(failed) >= _ALL_FAIL and len(failed) == len(finished)
