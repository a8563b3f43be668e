"""Run a recipe: stage after stage, checked after each, kept on disk, resumed where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress._progress import Progress, no_progress, say_nothing
from tinycompress._tf import KerasName
from tinycompress.artifacts import ExactTo
from tinycompress.compression.checks.accuracy import check_accuracy, check_on_the_way
from tinycompress.compression.checks.invariants import check_agreement, check_int8, check_network
from tinycompress.compression.checks.lost import lost_in_integers
from tinycompress.compression.data.calibration import calibration_notes
from tinycompress.compression.data.prepare import Data, calibration_samples, read_data, split
from tinycompress.compression.data.tasks import Task, mean_of, tasks_of
from tinycompress.compression.network.bridge import keras_name, predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.run.export import Exporter
from tinycompress.compression.run.fitting import (
    judged_on_the_way,
    measures,
    require_layers,
    require_measurable,
    require_trained,
)
from tinycompress.compression.run.recipe import Recipe
from tinycompress.compression.run.report import report
from tinycompress.compression.run.result import (
    Compare,
    CompressionResult,
    Evaluate,
    Export,
    RowListener,
    StageFigures,
    StageRow,
    no_listener,
)
from tinycompress.compression.run.store import (
    StoredStage,
    first_key,
    load_stage,
    next_key,
    save_result,
    save_stage,
    stage_directory,
    stage_name,
)
from tinycompress.compression.run.teaching import Cast, require_teachable
from tinycompress.compression.run.workspace import Plan, begin
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage, stage_of
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs
from tinycompress.quality.running import real_outputs, stored_outputs
from tinycompress.quality.scores import with_reference

ORIGINAL = "original"


@dataclass(frozen=True)
class RunOptions:
    """How a recipe is run; only ``channel_multiple`` changes what the stages make.

    Attributes:
        evaluation_samples: At most so many validation samples are run on the int8 file; None runs
            all of them.
        exact_to: Whose arithmetic the int8 file is run with.
        resume: Whether finished stages in the directory are taken over.
        measured_on: Name of what ``evaluate`` measures on, such as a board's id. Figures that an
            earlier run took elsewhere are taken anew.
        channel_multiple: Of which number the kernels that run the file would like the channels of a
            layer to be a multiple.
        keep_going: Whether the stages go on after one that lost more than the recipe allows on the
            way.
        notes: What is to be told of the data, in sentences: notes of the first row.
    """

    evaluation_samples: int | None = 500
    exact_to: ExactTo = "tflm"
    resume: bool = True
    measured_on: str = ""
    channel_multiple: int = 1
    keep_going: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.evaluation_samples is not None and self.evaluation_samples < 1:
            raise ConfigError(
                f"evaluation_samples is {self.evaluation_samples}; allowed: 1 or more"
            )


def compress(
    model: Any,
    recipe: Recipe,
    data: Any,
    *,
    export: Export,
    validation: Any = None,
    teachers: Sequence[Any] = (),
    student: Any = None,
    assistants: Sequence[Any] = (),
    evaluate: Evaluate | None = None,
    compare: Compare | None = None,
    directory: Path | None = None,
    options: RunOptions | None = None,
    progress: Progress = no_progress,
    on_row: RowListener = no_listener,
    say: Callable[[str], None] = say_nothing,
) -> CompressionResult:
    """Take a trained model through the stages of a recipe.

    Args:
        model: A trained Keras 3 or tf_keras model; it is not changed.
        recipe: What to do.
        data: Training data; see :func:`tinycompress.compression.data.prepare.read_data`.
        export: Makes int8 files.
        validation: Data that accuracy is counted on; None puts 15 % of the training data aside.
        teachers: Models for distillation; none of them takes the model itself, as it was before.
        student: Model that the stages begin with, in the place of ``model``, which is then what it
            is measured against. It may be untrained where the recipe begins with training.
        assistants: Models that the scheme ``assistant`` trains on the way, the largest first.
        evaluate: Measures every exported file, for example on a board.
        compare: Finds the layer to name where the int8 accuracy fell too far.
        directory: Where stages and result are kept, owned by the caller; None keeps nothing. Stages
            that another run has left there are taken over where they are the same; what else it
            made is removed.
        options: How to run.
        progress: Told about stages and epochs.
        on_row: Told of every finished stage, before the next one starts.
        say: Told, in a sentence, what was removed, tried, or lost on the way.

    Returns:
        The compressed model, its int8 file and one row per stage.

    Raises:
        ConfigError: The recipe does not fit the model, or the data do not.
        ModelError: The model cannot be rebuilt or exported.
        MismatchError: A stage broke what it or an earlier one promised, or accuracy fell too far.
    """
    options = options or RunOptions()
    progress("check the model and the data")
    keras = keras_name_or_error(model if student is None else student)
    cast = Cast.of(model, student, teachers, assistants)
    require_layers(recipe, cast.start)
    train, held_out = _data(data, validation, cast.network, recipe.seed)
    train = train.normal()
    tasks_of(cast.network, held_out, what="validation data: ")
    calibration = calibration_of(recipe, train)
    exporter = Exporter(export, calibration, evaluate, compare)
    trainer = Trainer(
        train, held_out, tasks_of(cast.start, train), recipe.seed,
        cast.teachers, cast.assistants, progress,
        cost=None if evaluate is None else exporter.cost,
        channel_multiple=options.channel_multiple,
        per_tensor_weights=recipe.conversion.per_tensor_weights, say=say,
    )  # fmt: skip
    what = "the model" if student is None else "the student"
    require_trained(cast.begun, recipe, trainer, what=what)
    require_measurable(recipe, trainer)
    require_teachable(recipe, cast.start, trainer)
    notes = partial(calibration_notes, cast.given, calibration, train, held_out)
    run = _Run(recipe, trainer, keras, exporter, directory, options, on_row, notes)
    return run.all_stages(cast)


def keras_name_or_error(model: Any) -> KerasName:
    """Which Keras a model is of.

    Raises:
        ConfigError: It is no Keras model.
    """
    try:
        return keras_name(model)
    except TypeError as error:
        raise ConfigError(str(error), hint="pass a keras.Model or a tf_keras.Model") from error


def _data(data: Any, validation: Any, network: Network, seed: int) -> tuple[Data, Data]:
    train = read_data(data, network, what="training data")
    if validation is None:
        return split(train, seed)
    return train, read_data(validation, network, what="validation data")


def calibration_of(recipe: Recipe, train: Data) -> tuple[Array, ...]:
    """The samples that set the ranges of a recipe's files, one array per input."""
    convert = recipe.conversion
    return calibration_samples(
        train,
        convert.calibration_samples,
        convert.seed,
        balance_classes=convert.balance_classes,
    )


@dataclass(frozen=True, eq=False)
class _Run:
    recipe: Recipe
    trainer: Trainer
    keras: KerasName
    exporter: Exporter
    directory: Path | None
    options: RunOptions
    on_row: RowListener
    calibration_notes: Callable[[], tuple[str, ...]]

    def all_stages(self, cast: Cast) -> CompressionResult:
        keys = self._keys(cast)
        if self.directory is not None:
            self._begin(self.directory, self._plan(keys))
        first = replace(self, trainer=replace(self.trainer, tasks=self._tasks(cast.network)))
        done = first._stage(0, ORIGINAL, keys[0], lambda: State(cast.network), None)
        rows = [done.row]
        if cast.start is not cast.network:
            done = replace(done, network=cast.start)
        count = len(self.recipe.steps)
        for index, step in enumerate(self.recipe.steps, start=1):
            before = State(done.network, done.promises)
            self.trainer.progress(f"stage {index} of {count}: {step.kind}")

            def make(before: State = before, step: Any = step) -> State:
                return run_stage(before, step, self.trainer)

            done = self._stage(index, step.kind, keys[index], make, rows[-1])
            rows.append(done.row)
            self._check_on_the_way(rows, index)
        check_accuracy(
            rows[0],
            rows[-1],
            self.recipe.limits.max_accuracy_drop,
            agreement=lambda: self.exporter.agreement(done.network, done.tflite),
        )
        return self._result(done, tuple(rows))

    def _tasks(self, network: Network) -> tuple[Task, ...]:
        return tasks_of(network, self.trainer.train)

    def _begin(self, directory: Path, plan: Plan) -> None:
        removed = begin(directory, plan, resume=self.options.resume)
        if removed.names:
            by = f" with recipe {removed.recipe!r}" if removed.recipe else ""
            self.trainer.say(
                f"removed from {directory} what an earlier run{by} had made:"
                f" {', '.join(removed.names)}"
            )

    def _check_on_the_way(self, rows: Sequence[StageRow], index: int) -> None:
        limits = self.recipe.limits
        if not judged_on_the_way(self.recipe, index):
            return
        left = [step.kind for step in self.recipe.steps[index:]]
        try:
            check_on_the_way(
                rows[0], rows[-1], limits.on_the_way, at_the_end=limits.max_accuracy_drop, left=left
            )
        except MismatchError as error:
            if not self.options.keep_going:
                raise
            told = error.message.partition(". Not run: ")[0]
            self.trainer.say(f"{told}. Going on all the same")

    def _keys(self, cast: Cast) -> list[str]:
        """Of the original and of every stage; each key holds those before it."""
        parts = [self.trainer.train, self.trainer.validation]
        settings = (
            f"{self.recipe.conversion.model_dump_json()}|{self.options.exact_to}"
            f"|{self.options.evaluation_samples}"
        )
        keys = [first_key(cast.network, parts, self.recipe.seed, settings + cast.key)]
        for step in self.recipe.steps:
            place = self.options.measured_on if measures(step) else ""
            if stage_of(step).by_core(step):
                place += f"|{self.options.channel_multiple}"
            keys.append(next_key(keys[-1], step.model_dump_json() + place))
        return keys

    def _plan(self, keys: list[str]) -> Plan:
        kinds = [ORIGINAL, *(step.kind for step in self.recipe.steps)]
        recipe = self.recipe.model_dump_json(by_alias=True)
        return Plan(
            next_key(keys[-1], f"{recipe}|{self.options.measured_on}"),
            {
                stage_name(i, kind): key
                for i, (kind, key) in enumerate(zip(kinds, keys, strict=True))
            },
            {"board": self.options.measured_on or None, "recipe": json.loads(recipe)},
        )

    def _stage(
        self,
        index: int,
        kind: str,
        key: str,
        make: Callable[[], State],
        previous: StageRow | None,
    ) -> StoredStage:
        path = None if self.directory is None else stage_directory(self.directory, index, kind)
        found = load_stage(path, key, self.keras) if path and self.options.resume else None

        def kept(stage: StoredStage, figures: StageFigures, place: str) -> StoredStage:
            stage = replace(stage, row=stage.row.with_figures(figures, place, previous))
            if path is not None:
                save_stage(path, key, stage, self.keras)
            return stage

        if found is None:
            state = make()
            self.trainer.progress(f"{kind}: make the integer file and count its accuracy")
            check_network(state.network, state.promises, stage=kind)
            # Kept before it is measured: a build that fails must not cost the training.
            stored = kept(self._exported(index, kind, state), {}, "")
        else:
            stored = found
        place = self.options.measured_on
        if stored.row.measured_on != place or (found is None and self.exporter.evaluate):
            if place:
                self.trainer.progress(f"{kind}: build for {place} and run")
            stored = kept(stored, self.exporter.figures(stored.tflite), place)
        self.on_row(stored.row)
        return stored

    def _exported(self, index: int, kind: str, state: State) -> StoredStage:
        made = self.exporter.exported(state.network, state.export_model)
        facts = check_int8(made.tflite, made.folded, state.promises, stage=kind)
        sample = self._evaluation()
        specs = output_specs(read_model(made.tflite).main)
        stored = stored_outputs(made.tflite, sample.inputs, exact_to=self.options.exact_to)
        outputs = real_outputs(stored, specs)
        trainer = replace(self.trainer, validation=sample)
        in_float = predict(build_model(made.network, "tf_keras"), sample.inputs)
        quality = with_reference(trainer.qualities(outputs), trainer.qualities(in_float))
        notes = state.notes
        if index == 0:
            notes += (*self.options.notes, *self.calibration_notes())
        notes += lost_in_integers(made.tflite, in_float, stored, trainer.tasks, sample.labels)
        if state.export_model is not None:
            wanted = predict(state.export_model, sample.inputs)
            notes += check_agreement(wanted, outputs, stage=kind)
        row = StageRow(
            index=index,
            stage=kind,
            float_accuracy=mean_of(trainer.qualities(in_float)),
            int8_accuracy=mean_of(quality),
            parameters=made.network.parameters,
            nonzero_parameters=made.network.nonzero_parameters,
            macs=macs(made.network),
            tflite_bytes=len(made.tflite),
            tflite_sha256=hashlib.sha256(made.tflite).hexdigest(),
            kernels=facts,
            notes=notes,
            activations=self.recipe.conversion.activations,
            # The matrix of every class would be most of the report.
            quality=tuple(replace(one, confusion=None, per_class=()) for one in quality),
        )
        return StoredStage(made.network, state.promises, row, made.tflite)

    def _evaluation(self) -> Data:
        held_out = self.trainer.validation
        count = min(self.options.evaluation_samples or len(held_out), len(held_out))
        return held_out.take(_spread(len(held_out), count))

    def _result(self, done: StoredStage, rows: tuple[StageRow, ...]) -> CompressionResult:
        model = build_model(done.network, self.keras)
        if self.directory is not None:
            save_result(self.directory, model, done.tflite, report(self.recipe, rows))
        return CompressionResult(self.recipe, rows, model, done.tflite, self.directory)


def _spread(total: int, count: int) -> Array:
    return np.unique(np.linspace(0, total - 1, count).round().astype(np.int64))
