"""The ways to search that there are, and the sampler of each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from tinycompress.search.goal import Goal
    from tinycompress.search.preparing import Prepared

METHODS: Mapping[str, str] = MappingProxyType(
    {
        "search": "Optuna's samplers over the whole space",
        "greedy": "channels, group by group, after NetAdapt",
        "masks": "channels, chosen by gates that are trained with the weights",
        "sensitivity": "bits of each layer, by an integer programme after HAWQ and ZeroQ",
        "rl": "bits of each layer, by a small agent after ReLeQ",
    }
)
"""By name, in a line of the help."""


def method_sampler(told: Mapping[str, Any], prepared: Prepared, goal: Goal) -> BaseSampler:
    """The sampler of a study.

    Args:
        told: What its task says cannot change: ``method``, ``sampler``, ``seed``.
        prepared: What was known before its first trial.
        goal: What it is for, its accuracy resolved.

    Raises:
        ConfigError: The method has nothing to choose in the space.
    """
    from tinycompress.search.methods.bits_agent import BitsAgent
    from tinycompress.search.methods.by_sensitivity import BySensitivity
    from tinycompress.search.methods.greedy import Greedy
    from tinycompress.search.methods.planned import PlannedSampler
    from tinycompress.search.methods.sampling import make_sampler

    if told["method"] == "greedy":
        return PlannedSampler(Greedy(prepared.dimensions, goal))
    if told["method"] == "sensitivity":
        plan = BySensitivity(prepared.dimensions, goal, prepared.sensitivity)
        return PlannedSampler(plan)
    if told["method"] == "rl":
        original = prepared.original
        flash = 0.0 if original is None else original.figures.get("flash_bytes", 0.0)
        return PlannedSampler(BitsAgent(prepared.dimensions, goal, told["seed"], flash or 1e6))
    return make_sampler(told["sampler"], told["seed"])
