"""Samplers that plan: a method says what comes next from what is finished, Optuna does the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optuna.samplers import BaseSampler

from tinycompress.search.costs import Figures
from tinycompress.search.dimensions import Value
from tinycompress.search.objective import BEFORE, MEASURED
from tinycompress.search.storage import counted

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.study import Study
    from optuna.trial import FrozenTrial

Point = Mapping[str, Value]


@dataclass(frozen=True)
class Tried:
    """A finished trial, as methods look at it.

    Attributes:
        point: What was chosen.
        figures: What was measured, accuracy included where it was trained; empty if it failed.
    """

    point: Point
    figures: Figures


def key_of(point: Point) -> str:
    """Equal for equal points: what plans look finished trials up by."""
    return repr(sorted(point.items()))


Plan = Callable[[Sequence[Tried]], Point | None]
"""What comes next, None if nothing does; depends on nothing but what is finished."""


class PlannedSampler(BaseSampler):  # type: ignore[misc]
    """A sampler that takes each trial from a plan.

    Args:
        plan: What comes next.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._point: Point = {}

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Plan this trial."""
        planned = self._plan(tried(study.get_trials(deepcopy=False)))
        assert planned is not None, "a worker asks whether the plan is exhausted"
        self._point = planned

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Nothing is drawn together: every parameter is in the plan."""
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing."""
        return {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """What the plan says."""
        return self._point[param_name]

    def is_exhausted(self, study: Study) -> bool:
        """Whether the plan has nothing more to try."""
        return self._plan(tried(study.get_trials(deepcopy=False))) is None


def tried(trials: Sequence[FrozenTrial]) -> list[Tried]:
    """The finished trials in their order."""
    return [
        Tried(one.params, {**one.user_attrs.get(BEFORE, {}), **one.user_attrs.get(MEASURED, {})})
        for one in counted(trials)
    ]
