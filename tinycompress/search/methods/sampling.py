"""Samplers and pruners of Optuna, made so that a study can be repeated and resumed."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler

from tinycompress.errors import ConfigError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial, TrialState

_SEED_STRIDE = 1_000_003
_REDUCTION = 2


def _tpe(seed: int) -> BaseSampler:
    return TPESampler(seed=seed, n_startup_trials=8)


def _nsga2(seed: int) -> BaseSampler:
    return NSGAIISampler(seed=seed, population_size=16)


def _random(seed: int) -> BaseSampler:
    return RandomSampler(seed=seed)


SAMPLERS: Mapping[str, Callable[[int], BaseSampler]] = MappingProxyType(
    {"tpe": _tpe, "nsga2": _nsga2, "random": _random}
)
"""By name: the tree-structured Parzen estimator, NSGA-II, and chance."""


class SeededByTrial(BaseSampler):  # type: ignore[misc]
    """A sampler whose draws for a trial depend on the seed, its number and what is finished.

    Optuna's samplers draw from one stream: a study that is resumed would draw the same candidates
    again, and two workers with one seed the same ones each. Here every trial has a stream of its
    own, and the sampler, whose state is in the study, is made anew for it.

    Args:
        make: Makes the sampler of a seed.
        seed: Of the study.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed
        self._number = -1
        self._inner = make(seed)

    def _of(self, trial: FrozenTrial) -> BaseSampler:
        if trial.number != self._number:
            self._number = trial.number
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._inner = self._make((self._seed + _SEED_STRIDE * trial.number) % 2**32)
        return self._inner

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """As the sampler does."""
        found: dict[str, BaseDistribution] = self._of(trial).infer_relative_search_space(
            study, trial
        )
        return found

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """As the sampler does."""
        found: dict[str, Any] = self._of(trial).sample_relative(study, trial, search_space)
        return found

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """As the sampler does."""
        return self._of(trial).sample_independent(study, trial, param_name, param_distribution)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """As the sampler does."""
        self._of(trial).before_trial(study, trial)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """As the sampler does."""
        self._of(trial).after_trial(study, trial, state, values)


def make_sampler(name: str, seed: int) -> SeededByTrial:
    """The sampler of a name in `SAMPLERS`.

    Raises:
        ConfigError: There is none.
    """
    if name not in SAMPLERS:
        raise ConfigError(f"sampler {name!r}; allowed: {', '.join(SAMPLERS)}")
    return SeededByTrial(SAMPLERS[name], seed)


def make_pruner(directions: Sequence[str]) -> optuna.pruners.BasePruner:
    """Successive halving over epochs where accuracy alone is made greater.

    With several objectives Optuna does not prune. Where a cost is made less, what is small learns
    slowly, and is what is looked for.

    Args:
        directions: Of the objectives, as `Goal.directions` has them.
    """
    if tuple(directions) != ("maximize",):
        return optuna.pruners.NopPruner()
    return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=_REDUCTION)
