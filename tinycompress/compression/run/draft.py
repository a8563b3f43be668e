"""What a recipe makes of a network without any training: the shapes, zeros and clusters alone."""

from __future__ import annotations

from typing import Any

from tinycompress.compression.data.prepare import Data, read_data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.export import Exporter
from tinycompress.compression.run.fitting import require_layers
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.run.result import Export
from tinycompress.compression.run.runner import calibration_of
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.options import StageOptions, TrainedStage
from tinycompress.compression.stages.registry import run_stage, stage_of
from tinycompress.compression.training.trainer import Trainer


def untrained(recipe: Recipe) -> Recipe:
    """The recipe with no epoch of training in it.

    Stages that only train are left out: they change neither the shapes nor what is promised.
    """
    kept = [
        step for step in recipe.steps
        if stage_of(step).saves and isinstance(step, TrainedStage)
    ]  # fmt: skip
    stages = (*map(_without_training, kept), recipe.conversion)
    return recipe.model_copy(update={"stage": stages})


def _without_training(step: TrainedStage) -> StageOptions:
    tune = step.fine_tune.model_copy(update={"epochs": 0})
    return step.model_copy(update={"fine_tune": tune, "distill": None})


def draft(
    model: Any,
    recipe: Recipe,
    data: Any,
    *,
    export: Export,
    channel_multiple: int,
) -> bytes:
    """The integer file of a recipe before anything is trained.

    Args:
        model: A Keras 3 or tf_keras model; it is not changed.
        recipe: What to do; see `untrained`.
        data: As for `runner.compress`.
        export: Makes the file.
        channel_multiple: As in `runner.RunOptions`.

    Raises:
        ConfigError: The recipe does not fit the model, or the data do not.
        ModelError: The model cannot be rebuilt or exported.
    """
    network, train = _drafted(model, recipe, data, channel_multiple)
    return Exporter(export, calibration_of(recipe, train)).exported(network).tflite


def drafted_network(model: Any, recipe: Recipe, data: Any, *, channel_multiple: int) -> Network:
    """The network of a recipe before anything is trained; see `draft`."""
    return _drafted(model, recipe, data, channel_multiple)[0]


def _drafted(model: Any, recipe: Recipe, data: Any, channel_multiple: int) -> tuple[Network, Data]:
    network = lower(read_network(model))
    require_layers(recipe, network)
    train = read_data(data, network, what="training data").normal()
    trainer = Trainer(
        train, train, tasks_of(network, train), recipe.seed, channel_multiple=channel_multiple
    )
    state = State(network)
    for step in untrained(recipe).steps:
        state = run_stage(state, step, trainer)
    return state.network, train
