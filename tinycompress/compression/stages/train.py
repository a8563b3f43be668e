"""Stage ``train``: nothing but training, by itself, with a teacher, or by a scheme of teachers."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tinycompress.compression.checks.promises import projections
from tinycompress.compression.schemes.base import Lesson
from tinycompress.compression.schemes.fresh import fresh
from tinycompress.compression.schemes.options import SchemeOptions
from tinycompress.compression.schemes.registry import SCHEMES
from tinycompress.compression.stages.base import StageSpec, State
from tinycompress.compression.stages.options import TrainedStage
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError


class Train(TrainedStage, SchemeOptions):
    """Nothing but training, by itself, with a teacher, or by a scheme of teachers."""

    kind: Literal["train"] = "train"

    @model_validator(mode="after")
    def _fresh_weights_are_trained(self) -> Train:
        fresh = self.fresh or self.scheme in ("born_again", "refinery")
        if fresh and self.fine_tune.epochs == 0:
            raise ValueError("weights are drawn anew, and no epoch of fine_tune trains them")
        return self


def train(state: State, options: Train, trainer: Trainer) -> State:
    """Train a network and keep what was promised of it.

    Args:
        state: The model and what was promised of it.
        options: How to train, and who teaches.
        trainer: Data, teachers and assistants.

    Returns:
        The trained model.

    Raises:
        ConfigError: The scheme cannot run so.
    """
    lesson = lesson_of(state, options, trainer)
    network = fresh(state.network, trainer.seed) if options.fresh else state.network
    learnt = SCHEMES[options.scheme].run(network, lesson)
    return State(learnt.network, state.promises, tuple(note for note in learnt.notes if note))


def lesson_of(state: State, options: Train, trainer: Trainer) -> Lesson:
    """What the scheme of a stage trains with.

    Raises:
        ConfigError: It cannot run so.
    """
    scheme = SCHEMES[options.scheme]
    kept = projections(state.network, state.promises, trainer.seed)
    lesson = Lesson(trainer, options.fine_tune, options.distill or scheme.distill, kept, options)
    refusal = scheme.refusal(lesson)
    if refusal:
        raise ConfigError(f"train: scheme {options.scheme!r}: {refusal}")
    return lesson


SPEC = StageSpec(
    Train,
    summary="trains and changes nothing else: by labels, by teachers, or by a scheme of teachers",
    run=train,
    takes_untrained=True,
)
