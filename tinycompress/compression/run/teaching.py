"""Who takes part in a run: the model, a student in its place, teachers, assistants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tinycompress.compression.network.bridge import build_checked
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.fitting import require_like
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.run.store import first_key
from tinycompress.compression.schemes.registry import SCHEMES
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.options import TrainedStage
from tinycompress.compression.stages.registry import stage_of
from tinycompress.compression.stages.train import Train, lesson_of
from tinycompress.compression.training.options import Distill
from tinycompress.compression.training.pairing import pairs_of
from tinycompress.compression.training.shifting import require_shiftable
from tinycompress.compression.training.teaching import teachers_of
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError


@dataclass(frozen=True, eq=False)
class Cast:
    """Who takes part.

    Attributes:
        given: The model as it was read.
        network: The model as stages know it.
        original: The model in tf_keras.
        start: What the stages begin with: the student, or the model.
        begun: The same in tf_keras.
        teachers: Of the distillation.
        assistants: Between teachers and student.
        key: Of all but the model, for the store; empty if there are no others.
    """

    given: Network
    network: Network
    original: Any
    start: Network
    begun: Any
    teachers: tuple[Any, ...]
    assistants: tuple[Network, ...]
    key: str = ""

    @staticmethod
    def of(model: Any, student: Any, teachers: Sequence[Any], assistants: Sequence[Any]) -> Cast:
        """Read all of them; without teachers the model is the one.

        Raises:
            ConfigError: One has other inputs or outputs than the model.
            ModelError: One cannot be read or rebuilt.
        """
        given = read_network(model)
        network = lower(given)
        others = [
            *_like(network, teachers, "teacher"),
            *_like(network, assistants, "assistant"),
            *_like(network, () if student is None else (student,), "student"),
        ]
        key = "".join(first_key(one, (), 0, what) for what, one in others)
        original = build_checked(network, "tf_keras", model, what="rebuilding in tf_keras")
        start, begun = network, original
        if student is not None:
            start = lower(others[-1][1])
            begun = build_checked(start, "tf_keras", student, what="rebuilding in tf_keras")
        middle = tuple(lower(one) for what, one in others if what == "assistant")
        return Cast(
            given, network, original, start, begun, tuple(teachers) or (original,), middle, key
        )


def _like(network: Network, models: Sequence[Any], what: str) -> Iterator[tuple[str, Network]]:
    for number, model in enumerate(models, start=1):
        read = read_network(model)
        require_like(read, network, f"{what} {number}" if len(models) > 1 else f"the {what}")
        yield what, read


def require_teachable(recipe: Recipe, network: Network, trainer: Trainer) -> None:
    """Refuse what distillation cannot do with these models, before anything is trained.

    Args:
        recipe: What is to be done.
        network: What the stages begin with.
        trainer: With teachers and assistants.

    Raises:
        ConfigError: Layers that are not there or cannot be paired, a scheme that cannot run.
    """
    thinned = ""
    for index, step in enumerate(recipe.stage):
        place = f"stage[{index}] ({step.kind})"
        if stage_of(step).takes_channels:
            thinned = place
        if not isinstance(step, TrainedStage) or step.fine_tune.epochs == 0:
            continue
        try:
            _require_step(step, network, trainer, thinned)
        except ConfigError as error:
            raise ConfigError(f"{place}: {error.message}", hint=error.hint) from error


def _require_step(step: TrainedStage, network: Network, trainer: Trainer, thinned: str) -> None:
    distill: Distill | None = step.distill
    if isinstance(step, Train):
        distill = distill or SCHEMES[step.scheme].distill
        lesson_of(State(network), step, trainer)
    if distill is None:
        return
    if distill.shift:
        require_shiftable(network)
    if distill.features is None:
        return
    if distill.features.same_channels and thinned:
        raise ConfigError(
            f"distill: method {distill.method!r} needs as many channels as the teacher has, and"
            f" {thinned} takes some away",
            hint="take attention, hints, relational or similarity there",
        )
    pairs_of(teachers_of(trainer), build_model(network, "tf_keras"), distill)
