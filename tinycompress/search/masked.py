"""Candidates of the method ``masks``: networks that gates have thinned, trained on and measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tinycompress._files import write_text
from tinycompress.compression.data.prepare import read_data, split
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.compression.run.export import Exporter
from tinycompress.compression.run.runner import calibration_of
from tinycompress.compression.training.trainer import Trainer
from tinycompress.deploy.compressing import load_keras_model
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.search.compression_space import (
    epochs_of_steps,
    fine_tuning_dimensions,
    recipe_of,
    start_of,
    training_dimensions,
)
from tinycompress.search.costs import require_timed
from tinycompress.search.dimensions import Dimension, Parameters, Value, narrowed
from tinycompress.search.evaluation import CompressionEvaluator
from tinycompress.search.methods.cost_model import as_table
from tinycompress.search.methods.masks import shares_for, trained_masks
from tinycompress.search.objective import Candidate
from tinycompress.search.preparing import Prepared, reference_of
from tinycompress.search.task import Task

MASKS, TABLE = "masks", "table.json"
_STEPS = 2000
"""Of training for each target."""


class MaskedEvaluator(CompressionEvaluator):
    """Its space is which of the thinned networks, and how that is trained on."""

    def __init__(self, task: Task, workspace: Path) -> None:
        self._targets = json.loads((workspace / MASKS / TABLE).read_text(encoding="utf-8"))
        super().__init__(task, workspace)
        # The thinned networks learn from the whole one.
        self.teacher = self.model

    def known_dimensions(self) -> tuple[Dimension, ...]:
        """The space, as the task narrows it."""
        assert self.network is not None
        samples = len(read_data(self.data, self.network, what="training data"))
        count = len(self._targets["targets"])
        tuning = fine_tuning_dimensions(samples)
        known = (
            Dimension(MASKS, "choice", choices=tuple(range(count))),
            *training_dimensions(self.task.goal),
            *(one for one in tuning if one.name != "fine_tuning"),
        )
        return narrowed(known, self.task.narrowing)

    def of(
        self, chosen: Parameters, model: Any = None, of_model: Parameters | None = None
    ) -> Candidate:
        """The candidate of a choice."""
        number = int(chosen[MASKS])
        thin = load_keras_model(self.workspace / MASKS / f"{number:02d}.keras")
        return self.of_recipe(recipe_of(chosen, [], self.task.seed), thin, {MASKS: number})


def masks_prepared(evaluator: CompressionEvaluator) -> Prepared:
    """Train the masks, and say what is known before the first trial.

    Raises:
        TinyCompressError: No channel can be removed, or a network cannot be built for the board.
    """
    row, original = evaluator.reference(), evaluator.reference_cost()
    goal = evaluator.task.goal
    if goal.budgets.latency_us is not None or "latency" in goal.objectives:
        require_timed(original, evaluator.board)
    _train(evaluator, dict(original.figures))
    made = MaskedEvaluator(evaluator.task, evaluator.workspace)
    starts = []
    choice = next(one for one in made.dimensions if one.name == MASKS)
    for number in choice.choices:
        start: dict[str, Value] = {
            one.name: number if one.name == MASKS else start_of(one) for one in made.dimensions
        }
        starts.append(start)
    return Prepared(made.dimensions, tuple(starts), reference_of(row), original)


def _train(evaluator: CompressionEvaluator, whole: dict[str, float]) -> None:
    """Train masks for falling targets, and keep the networks with the table of costs."""
    network, task = evaluator.network, evaluator.task
    if network is None:
        raise ConfigError("the method masks takes a trained model")
    train = read_data(evaluator.data, network, what="training data")
    if evaluator.val is None:
        train, held_out = split(train, task.seed)
    else:
        held_out = read_data(evaluator.val, network, what="validation data")
    train = train.normal()
    trainer = Trainer(
        train, held_out, tasks_of(network, train), task.seed,
        channel_multiple=evaluator.multiple,
    )  # fmt: skip
    figure = task.goal.to_lower(whole)
    recipe = recipe_of({}, [], task.seed)
    exporter = Exporter(evaluator.export(recipe), calibration_of(recipe, train))

    def measure(thin: Network) -> float:
        cost = evaluator.costs.of_file(exporter.exported(thin).tflite, evaluator.main_aim)
        if figure not in cost.figures:
            raise DoesNotFitError(f"a thinned model does not fit the board: {cost.problem}")
        return cost.figures[figure]

    shares = shares_for(whole, task.goal.budgets.limits(), figure)
    epochs = epochs_of_steps(_STEPS, len(train))
    costs, masked = trained_masks(network, trainer, shares, measure, epochs=epochs)
    place = evaluator.workspace / MASKS
    place.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(masked):
        build_model(one.network, "keras").save(str(place / f"{number:02d}.keras"))
    table = {
        "figure": figure,
        "cost_model": as_table(costs),
        "targets": [{"target": one.target, "expected": one.expected} for one in masked],
    }
    write_text(place / TABLE, json.dumps(table, indent=2) + "\n")
