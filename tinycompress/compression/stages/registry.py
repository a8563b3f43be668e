"""Every stage that a recipe can have, one module per stage."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tinycompress.compression.stages import (
    adaround,
    cluster,
    convert,
    correct_bias,
    equalize,
    low_rank,
    prune,
    prune_channels,
    qat,
    split_outliers,
    train,
    weight_bits,
)
from tinycompress.compression.stages.base import StageSpec, State
from tinycompress.compression.stages.options import StageOptions
from tinycompress.compression.training.trainer import Trainer

STAGES: Mapping[str, StageSpec[Any]] = MappingProxyType(
    {
        spec.kind: spec
        for spec in (
            low_rank.SPEC,
            prune_channels.SPEC,
            equalize.SPEC,
            split_outliers.SPEC,
            prune.SPEC,
            cluster.SPEC,
            weight_bits.SPEC,
            train.SPEC,
            adaround.SPEC,
            correct_bias.SPEC,
            qat.SPEC,
            convert.SPEC,
        )
    }
)
"""By kind, in the order in which a recipe would have them."""


def stage_kinds() -> tuple[str, ...]:
    """The kinds of stages, sorted."""
    return tuple(sorted(STAGES))


def find_stage(kind: object) -> StageSpec[Any] | None:
    """What the stage of that name declares; None if there is none of that name."""
    return STAGES.get(kind) if isinstance(kind, str) else None


def stage_of(options: StageOptions) -> StageSpec[Any]:
    """What the stage with these options declares."""
    return STAGES[options.kind]


def kinds_for_untrained() -> tuple[str, ...]:
    """The kinds that a recipe for a model that only guesses can begin with, sorted."""
    return tuple(sorted(kind for kind, spec in STAGES.items() if spec.takes_untrained))


def run_stage(state: State, options: StageOptions, trainer: Trainer) -> State:
    """Take a model through one stage; one that changes no network hands it on."""
    run = stage_of(options).run
    return state if run is None else run(state, options, trainer)
