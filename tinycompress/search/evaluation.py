"""Candidates made, trained and measured for real: by compression, on the emulated board."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from tinycompress._owner import owned_directory
from tinycompress.artifacts import Optimize
from tinycompress.codegen import CodegenOptions
from tinycompress.compression.data.prepare import read_data
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.draft import draft, untrained
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.run.result import CompressionResult, RowListener, StageRow
from tinycompress.compression.run.runner import RunOptions
from tinycompress.compression.run.runner import compress as run_recipe
from tinycompress.compression.run.store import stored_row
from tinycompress.compression.stages.options import TrainedStage
from tinycompress.deploy.budgets import DROP, LEAST_SCORE
from tinycompress.deploy.compressing import convert_options, export, load_keras_model
from tinycompress.errors import ConfigError
from tinycompress.quality.limits import beside_float, largest_drop, least_score
from tinycompress.search.compression_space import (
    aim_of,
    compression_dimensions,
    compression_recipe,
    epochs_of_steps,
    recipe_of,
    training_dimensions,
    training_key,
)
from tinycompress.search.costs import Cost, CostTable, measure_on
from tinycompress.search.dimensions import Dimension, Parameters, narrowed, overridden
from tinycompress.search.goal import ACCURACY
from tinycompress.search.model_function import ModelSpace, load_function, made_by
from tinycompress.search.objective import Candidate, Report, Trained
from tinycompress.search.task import Task

_ORIGINAL = "stages/00-original"
_MOST_ALIKE = 64
_STEPS = 6000
"""Of a training from scratch, where the user says nothing."""


@dataclass(frozen=True, eq=False)
class _Content:
    """What is trained of a candidate: a model, a recipe, and of what the model was made."""

    model: Any
    recipe: Recipe
    origin: str

    @property
    def key(self) -> str:
        return training_key(self.recipe, self.origin)


class CompressionEvaluator:
    """Candidates of one task; needs TensorFlow.

    Args:
        task: What is searched; its files are on this machine.
        workspace: Directory of costs and candidates, kept for what comes later.
    """

    def __init__(self, task: Task, workspace: Path) -> None:
        self.task = task
        self.board = task.loaded_board()
        self.workspace = workspace
        self.data = Path(task.data.path)
        self.val = None if task.val is None else Path(task.val.path)
        self.multiple = CodegenOptions.for_board(self.board).channel_multiple
        place = json.dumps([dict(task.board), task.exact_to], sort_keys=True)
        self.costs = CostTable(workspace / "costs", place, measure_on(self.board, task.exact_to))
        self.model = None if task.model is None else load_keras_model(Path(task.model.path))
        self.network: Network | None = None
        if self.model is not None:
            self.network = lower(read_network(self.model))
        self._function = None
        if task.function is not None:
            file, name = task.function
            self._function = load_function(Path(file.path), name)
            self._sample_shape, self._classes, self._samples = _facts_of(self.data)
        self.teacher: Any = None
        self.dimensions = self.known_dimensions()

    def known_dimensions(self) -> tuple[Dimension, ...]:
        """The space, as the task narrows it."""
        if self.network is None:
            scratch = _from_scratch(self._samples, self._classes)
            known = (*training_dimensions(self.task.goal), *scratch)
            return tuple(overridden(one, self.task.narrowing) for one in known)
        samples = len(read_data(self.data, self.network, what="training data"))
        known = compression_dimensions(self.network, self.task.goal, self.multiple, samples)
        return narrowed(known, self.task.narrowing)

    def candidate(self, trial: Any) -> Candidate:
        """The candidate of a trial, asked parameter by parameter.

        Raises:
            ConfigError: The model function fails, or what was chosen makes no recipe.
        """
        made: ModelSpace | None = None
        model = self.model
        if self._function is not None:
            made = ModelSpace(trial, self.task.narrowing, self._sample_shape, self._classes)
            model = made_by(self._function, made)
        chosen = {one.name: one.suggest(trial) for one in self.dimensions}
        return self.of(chosen, model, {} if made is None else made.chosen)

    def of(
        self, chosen: Parameters, model: Any = None, of_model: Parameters | None = None
    ) -> Candidate:
        """The candidate of a choice.

        Args:
            chosen: The parameters of its recipe.
            model: What is trained; None: the task's model.
            of_model: The parameters that the model was made of.

        Raises:
            ConfigError: It makes no recipe.
        """
        if self.network is not None:
            recipe = compression_recipe(chosen, self.network, self.task.seed)
        else:
            if not _tells_classes(model, self._classes):
                chosen = {**chosen, "label_smoothing": 0.0}
            recipe = recipe_of(chosen, [], self.task.seed)
        return self.of_recipe(recipe, model, of_model)

    def of_recipe(
        self, recipe: Recipe, model: Any = None, of_model: Parameters | None = None
    ) -> Candidate:
        """The candidate of a recipe; see `of`."""
        files = {name: file.sha256 for name, file in self.task.files().items()}
        origin = json.dumps([files, dict(of_model or {})], sort_keys=True)
        content = _Content(self.model if model is None else model, recipe, origin)
        return Candidate(recipe.model_dump(mode="json", by_alias=True), content)

    def cost(self, candidate: Candidate) -> Cost:
        """What a candidate costs with its shapes, zeros and clusters, but untrained weights."""
        content: _Content = candidate.content
        key = training_key(untrained(content.recipe), content.origin)
        return self.costs.of_draft(key, aim_of(content.recipe), lambda: self._draft(content))

    def _draft(self, content: _Content) -> bytes:
        return draft(
            content.model, content.recipe, self.data,
            export=self.export(content.recipe), channel_multiple=self.multiple,
        )  # fmt: skip

    def export(self, recipe: Recipe) -> Any:
        """What makes the integer files of a recipe."""
        return partial(export, options=convert_options(recipe, self.task.exact_to))

    def train(self, candidate: Candidate, report: Report) -> Trained:
        """Take a candidate through its recipe, and measure its file.

        What an earlier trial has finished of the same training is taken over.

        Raises:
            TinyCompressError: As `compression.run.runner.compress`.
        """
        content: _Content = candidate.content
        with self._directory(content.key) as directory:
            by_mean = self.task.goal.objectives[0] == ACCURACY
            told = _rungs(content.recipe, report, by_mean=by_mean)
            result = self._run(content, directory, told)
        cost = self.costs.of_file(result.tflite, aim_of(content.recipe))
        accuracies = _accuracies(result.rows[-1], self._original_row(content, result))
        relative = directory.relative_to(self.workspace).as_posix()
        return Trained(cost, accuracies, {"directory": relative})

    def _original_row(self, content: _Content, result: CompressionResult) -> StageRow | None:
        """The row of the model as it is, which drops are counted from; None without one."""
        if self.model is None:
            return None
        if content.model is self.model:
            return result.rows[0]
        return stored_row(self.workspace / "original" / _ORIGINAL)

    def reference(self) -> StageRow:
        """The model as it is, in float and as an integer file; `train` takes it over.

        Raises:
            TinyCompressError: As `compression.run.runner.compress`.
        """
        recipe = recipe_of({}, [], self.task.seed)
        directory = self.workspace / "original"
        with owned_directory(directory):
            content = _Content(self.model, recipe, "")
            return self._run(content, directory, lambda row: None).rows[0]

    def reference_cost(self) -> Cost:
        """What the model as it is costs, built for what the goal asks of firmware."""
        tflite = (self.workspace / "original" / _ORIGINAL / "model.tflite").read_bytes()
        return self.costs.of_file(tflite, self.main_aim)

    @property
    def main_aim(self) -> Optimize:
        """What firmware is built for where nothing is chosen: flash where that counts."""
        aims = next(one for one in self.dimensions if one.name == "optimize").choices
        return "flash" if "flash" in aims else cast(Optimize, aims[-1])

    def _run(self, content: _Content, directory: Path, on_row: RowListener) -> CompressionResult:
        return run_recipe(
            content.model, content.recipe, self.data, export=self.export(content.recipe),
            validation=self.val, directory=directory,
            options=RunOptions(
                evaluation_samples=self.task.evaluation_samples, exact_to=self.task.exact_to,
                channel_multiple=self.multiple, keep_going=True,
            ),
            on_row=on_row,
        )  # fmt: skip

    @contextmanager
    def _directory(self, key: str) -> Iterator[Path]:
        """Where a candidate's stages are kept; another one's while that trains the same."""
        with ExitStack() as stack:
            place = self._taken(key, stack)
            self._take_original(place)
            yield place

    def _taken(self, key: str, stack: ExitStack) -> Path:
        for number in range(_MOST_ALIKE):
            place = self.workspace / "candidates" / (key if number == 0 else f"{key}-{number}")
            try:
                stack.enter_context(owned_directory(place))
            except ConfigError as error:
                if "another run writes into" not in error.message:
                    raise
                continue
            return place
        raise ConfigError(f"{_MOST_ALIKE} workers train the same candidate")

    def _take_original(self, place: Path) -> None:
        known, there = self.workspace / "original" / _ORIGINAL, place / _ORIGINAL
        if known.is_dir() and not there.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            temporary = there.with_name(f".{there.name}.aaaaaaaa")
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.copytree(known, temporary)
            temporary.rename(there)


def _from_scratch(samples: int, classes: int) -> tuple[Dimension, ...]:
    """The training of a model that a function makes, for labels of so many classes or for none."""
    epochs = epochs_of_steps(_STEPS, samples)
    return (
        Dimension("epochs", "int", epochs, epochs, least=1, most=10_000),
        Dimension("learning_rate", "float", 5e-4, 5e-3, log=True, least=1e-7, most=1.0),
        Dimension("batch_size", "int", 32, 32, least=1, most=65_536),
        *([Dimension("label_smoothing", "choice", choices=(0.0, 0.1))] if classes else []),
    )


def _tells_classes(model: Any, classes: int) -> bool:
    """Whether whole numbers as labels are classes to a model, and no values."""
    width = int(np.prod([size or 1 for size in model.outputs[0].shape]))
    return width == classes or (width, classes) == (1, 2)


def _accuracies(last: StageRow, original: StageRow | None) -> dict[str, float]:
    """What is known of a trained candidate but for its cost: of several outputs the mean score,
    that of the worst, and what the output lost that lost most."""
    found = {
        "int8_accuracy": last.int8_accuracy,
        "float_accuracy": last.float_accuracy,
        "parameters": float(last.parameters),
        "nonzero_parameters": float(last.nonzero_parameters),
        "macs": float(last.macs),
    }
    worst = least_score(last.quality)
    drop = None if original is None else largest_drop(beside_float(last.quality, original.quality))
    for name, value in ((LEAST_SCORE, worst), (DROP, drop)):
        if value is not None:
            found[name] = value
    return found


def _rungs(recipe: Recipe, report: Report, *, by_mean: bool) -> RowListener:
    """Tell of the accuracy after every stage that trained, but for the last.

    Args:
        recipe: The stages.
        report: Told.
        by_mean: Whether of several outputs the mean counts, and not the worst.
    """
    epochs = [
        step.fine_tune.epochs if isinstance(step, TrainedStage) else 0 for step in recipe.steps
    ]

    def finished(row: StageRow) -> None:
        if row.index == 0 or row.index == len(epochs) or epochs[row.index - 1] == 0:
            return
        # What only the rounding lost, training for int8 can win back.
        scores = [row.float_accuracy, row.int8_accuracy]
        worst = [least_score(row.quality, in_float=float_one) for float_one in (True, False)]
        if not by_mean and None not in worst:
            scores = [score for score in worst if score is not None]
        report(sum(epochs[: row.index]), max(scores))

    return finished


def _facts_of(data: Path) -> tuple[tuple[int, ...], int, int]:
    """Shape of one sample, how many classes there are (0: no class numbers), how many samples."""
    with np.load(data) as arrays:
        if "x" not in arrays or "y" not in arrays:
            raise ConfigError(
                f"{data} has no x and y; a model function makes models with one input",
                hint="numpy.savez('train.npz', x=samples, y=labels)",
            )
        shape = tuple(int(size) for size in arrays["x"].shape[1:])
        labels = arrays["y"]
    whole = labels.dtype.kind in "iub" and labels.reshape(len(labels), -1).shape[1] == 1
    return shape, int(labels.max()) + 1 if whole else 0, len(labels)
