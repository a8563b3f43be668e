"""Whether a recipe fits what it is to run on: the model, its teacher, and the place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tinycompress.compression.data.tasks import only_guesses
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.network import Network
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.stages.options import StageOptions, TrainedStage
from tinycompress.compression.stages.registry import kinds_for_untrained, stage_of
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError


def require_layers(recipe: Recipe, network: Network) -> None:
    """Check every layer name and class that a recipe mentions against the model.

    Raises:
        ConfigError: Names or classes that the model does not have; all of them.
    """
    names = set(network.layers)
    kinds = {layer.kind for layer in network.layers.values()}
    problems = []
    for index, stage in enumerate(recipe.stage):
        found = [*_unknown(stage.layer_names(), names), *_unknown(stage.layer_types(), kinds)]
        problems += [f"stage[{index}].{problem}" for problem in found]
    if problems:
        raise ConfigError(
            "\n  - ".join((f"recipe {recipe.name!r} does not fit the model", *problems)),
            hint="model.summary() lists the layers",
        )


def _unknown(mentioned: Mapping[str, Iterable[str]], known: set[str]) -> Iterator[str]:
    for key, names in mentioned.items():
        for name in names:
            if name in known:
                continue
            close = difflib.get_close_matches(name, known, n=1)
            rest = f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(known))}"
            yield f"{key}: {name!r} is not in the model; {rest}"


def measures(step: StageOptions) -> bool:
    """Whether a stage needs figures of the board that the model is for."""
    return bool(stage_of(step).needs_board(step))


def judged_on_the_way(recipe: Recipe, number: int) -> bool:
    """Whether the accuracy after a stage says how the recipe will end.

    Not after the last one, which has a limit of its own; nor where the training is still to come:
    after a stage that trained nothing, and before one that wins back what was lost.

    Args:
        recipe: The recipe.
        number: Of its steps, from 1.
    """
    step, after = recipe.steps[number - 1], recipe.steps[number : number + 1]
    trained = isinstance(step, TrainedStage) and step.fine_tune.epochs > 0
    return trained and any(not stage_of(other).takes_untrained for other in after)


def require_measurable(recipe: Recipe, trainer: Trainer) -> None:
    """Refuse a stage that measures on a board where there is none, before anything runs.

    Raises:
        ConfigError: There is such a stage.
    """
    if trainer.cost is not None:
        return
    for index, step in enumerate(recipe.stage):
        if measures(step):
            raise ConfigError(
                f"stage[{index}] ({step.kind}): {stage_of(step).needs_board(step)} is measured on a"
                " board, and none is named",
                hint="name it: --board nano33",
            )


def require_like(other: Network, network: Network, what: str) -> None:
    """Refuse a teacher, a student or an assistant with other inputs or outputs than the model.

    Args:
        other: The network.
        network: The model.
        what: The network is, for the message.

    Raises:
        ConfigError: It has others.
    """
    for verb, theirs, ours in (
        ("takes", *([i.shape for i in net.inputs] for net in (other, network))),
        ("gives", *([net.shape(v) for v in net.outputs] for net in (other, network))),
    ):
        if theirs != ours:
            raise ConfigError(
                f"{what} {verb} {theirs}, the model {ours}; allowed: the same inputs and outputs",
                hint="they may differ in everything between; the same data go through both",
            )


def require_trained(
    model: Any, recipe: Recipe, trainer: Trainer, *, what: str = "the model"
) -> None:
    """Refuse a model that only guesses, unless the recipe begins with a stage that takes one.

    Args:
        model: A model of either Keras.
        recipe: What to do with it.
        trainer: Its validation data are what the model is tried on.
        what: The model is, for the message.

    Raises:
        ConfigError: It only guesses.
    """
    if stage_of(recipe.steps[0]).takes_untrained:
        return
    data = trainer.validation
    outputs = predict(model, data.inputs)
    if all(only_guesses(*x) for x in zip(trainer.tasks, data.labels, outputs, strict=True)):
        low, high = float(data.inputs[0].min()), float(data.inputs[0].max())
        found = trainer.qualities(outputs)
        reached = ", ".join(f"{one.score_name} {one.score or 0.0:.4f}" for one in found)
        raise ConfigError(
            f"{what} only guesses: {reached} on {len(data)} samples; is it"
            f" trained, and is x (values from {low:g} to {high:g}) scaled as it was for training?",
            hint=f"train {what} first, or begin the recipe with a stage of kind ="
            f" {' or '.join(map(repr, kinds_for_untrained()))}",
        )
