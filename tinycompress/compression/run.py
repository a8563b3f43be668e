"""Run a recipe: stage after stage, checked after each, kept on disk, resumed where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from tinycompress._progress import Progress, no_progress
from tinycompress._tf import KerasName
from tinycompress._version import __version__
from tinycompress.artifacts import ExactTo
from tinycompress.compression.bridge import (
    build_checked,
    keras_name,
    predict,
    require_equal_outputs,
)
from tinycompress.compression.build_network import build_model
from tinycompress.compression.cluster import cluster
from tinycompress.compression.data import Data, calibration_samples, read_data, split
from tinycompress.compression.fold import fold_batch_norms
from tinycompress.compression.int8 import int8_outputs
from tinycompress.compression.invariants import (
    check_accuracy,
    check_agreement,
    check_int8,
    check_network,
)
from tinycompress.compression.kernels import macs
from tinycompress.compression.low_rank import low_rank
from tinycompress.compression.lower import lower
from tinycompress.compression.network import Array, Network
from tinycompress.compression.options import Convert, Train
from tinycompress.compression.promises import projections
from tinycompress.compression.prune import prune
from tinycompress.compression.prune_channels import prune_channels
from tinycompress.compression.qat import qat
from tinycompress.compression.read_network import read_network
from tinycompress.compression.recipe import Recipe, require_layers
from tinycompress.compression.result import CompressionResult, Evaluate, Export, StageRow
from tinycompress.compression.stage import State, train_network
from tinycompress.compression.store import (
    StoredStage,
    first_key,
    load_stage,
    next_key,
    save_result,
    save_stage,
    stage_directory,
)
from tinycompress.compression.tasks import mean_score, tasks_of
from tinycompress.compression.training import Trainer
from tinycompress.errors import ConfigError

ORIGINAL = "original"


@dataclass(frozen=True)
class RunOptions:
    """How a recipe is run; none of it changes what the stages make.

    Attributes:
        evaluation_samples: At most so many validation samples are run on the int8 file.
        exact_to: Whose arithmetic the int8 file is run with.
        resume: Whether finished stages in the directory are taken over.
    """

    evaluation_samples: int = 500
    exact_to: ExactTo = "tflm"
    resume: bool = True

    def __post_init__(self) -> None:
        if self.evaluation_samples < 1:
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
    teacher: Any = None,
    evaluate: Evaluate | None = None,
    directory: Path | None = None,
    options: RunOptions | None = None,
    progress: Progress = no_progress,
) -> CompressionResult:
    """Take a trained model through the stages of a recipe.

    Args:
        model: A trained Keras 3 or tf_keras model; it is not changed.
        recipe: What to do.
        data: Training data; see :func:`tinycompress.compression.data.read_data`.
        export: Makes int8 files.
        validation: Data that accuracy is counted on; None puts 15 % of the training data aside.
        teacher: Model for distillation; None takes the model itself, as it was before.
        evaluate: Measures every exported file, for example on a board.
        directory: Where stages and result are kept; None keeps nothing.
        options: How to run.
        progress: Told about stages and epochs.

    Returns:
        The compressed model, its int8 file and one row per stage.

    Raises:
        ConfigError: The recipe does not fit the model, or the data do not.
        ModelError: The model cannot be rebuilt or exported.
        MismatchError: A stage broke what it or an earlier one promised, or accuracy fell too far.
    """
    keras = keras_name_or_error(model)
    network = lower(read_network(model))
    require_layers(recipe, network)
    train, held_out = _data(data, validation, network, recipe.seed)
    original = build_checked(network, "tf_keras", model, what="rebuilding in tf_keras")
    if teacher is not None:
        read_network(teacher)
    trainer = Trainer(
        train, held_out, tasks_of(network, train), recipe.seed, teacher or original, progress
    )
    run = _Run(recipe, trainer, keras, export, evaluate, directory, options or RunOptions())
    return run.all_stages(network, teacher)


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


def _train(state: State, options: Train, trainer: Trainer) -> State:
    kept = projections(state.network, state.promises)
    network = train_network(
        state.network, trainer, options.fine_tune, options.distill, kept, label="train"
    )
    return State(network, state.promises)


STAGES: Mapping[str, Callable[[State, Any, Trainer], State]] = MappingProxyType(
    {
        "prune": prune,
        "prune_channels": prune_channels,
        "cluster": cluster,
        "low_rank": low_rank,
        "qat": qat,
        "train": _train,
    }
)
"""What runs each kind of stage."""


@dataclass(frozen=True, eq=False)
class _Run:
    recipe: Recipe
    trainer: Trainer
    keras: KerasName
    export: Export
    evaluate: Evaluate | None
    directory: Path | None
    options: RunOptions

    def all_stages(self, network: Network, teacher: Any) -> CompressionResult:
        parts = [self.trainer.train, self.trainer.validation]
        settings = f"{self.recipe.conversion.model_dump_json()}|{self.options.exact_to}"
        key = first_key(network, parts, self.recipe.seed, settings + self._teacher_key(teacher))
        done = self._stage(0, ORIGINAL, key, lambda: State(network), None)
        rows = [done.row]
        for index, step in enumerate(self.recipe.steps, start=1):
            key = next_key(key, step.model_dump_json())
            before = State(done.network, done.promises)
            self.trainer.progress(f"stage {step.kind}", index, len(self.recipe.steps))

            def make(before: State = before, step: Any = step) -> State:
                return STAGES[step.kind](before, step, self.trainer)

            done = self._stage(index, step.kind, key, make, rows[-1])
            rows.append(done.row)
        last = self.recipe.steps[-1].kind
        check_accuracy(
            rows[0].float_accuracy,
            rows[-1].int8_accuracy,
            self.recipe.limits.max_accuracy_drop,
            stage=last,
        )
        return self._result(done, tuple(rows))

    def _teacher_key(self, teacher: Any) -> str:
        if teacher is None:
            return ""
        return first_key(read_network(teacher), (), 0, "teacher")

    def _stage(
        self,
        index: int,
        kind: str,
        key: str,
        make: Callable[[], State],
        previous: StageRow | None,
    ) -> StoredStage:
        path = None if self.directory is None else stage_directory(self.directory, index, kind)
        if path is not None and self.options.resume:
            found = load_stage(path, key, self.keras)
            if found is not None:
                return found
        state = make()
        check_network(state.network, state.promises, stage=kind)
        stored = self._exported(index, kind, state, previous)
        if path is not None:
            save_stage(path, key, stored, self.keras)
        return stored

    def _exported(
        self, index: int, kind: str, state: State, previous: StageRow | None
    ) -> StoredStage:
        network = read_network(build_model(state.network, "tf_keras"))
        folded = fold_batch_norms(network)
        model = state.export_model
        if model is None:
            model = build_model(folded, "tf_keras")
            require_equal_outputs(build_model(network, "tf_keras"), model, what="folding")
        convert: Convert = self.recipe.conversion
        tflite = self.export(
            model,
            calibration_samples(
                self.trainer.train,
                convert.calibration_samples,
                convert.seed,
                balance_classes=convert.balance_classes,
            ),
        )
        facts = check_int8(tflite, folded, state.promises, stage=kind)
        sample = self._evaluation()
        outputs = int8_outputs(tflite, sample, exact_to=self.options.exact_to)
        notes = state.notes
        if state.export_model is not None:
            wanted = predict(state.export_model, sample.inputs)
            notes += check_agreement(wanted, outputs, stage=kind)
        row = StageRow(
            index=index,
            stage=kind,
            float_accuracy=replace(self.trainer, validation=sample).accuracy(
                build_model(network, "tf_keras")
            ),
            int8_accuracy=mean_score(self.trainer.tasks, sample.labels, outputs),
            parameters=network.parameters,
            nonzero_parameters=network.nonzero_parameters,
            macs=macs(network),
            tflite_bytes=len(tflite),
            tflite_sha256=hashlib.sha256(tflite).hexdigest(),
            kernels=facts,
            figures={} if self.evaluate is None else dict(self.evaluate(tflite)),
            notes=notes,
        )
        row = replace(row, notes=row.notes + saves_nothing(row, previous))
        return StoredStage(network, state.promises, row, tflite)

    def _evaluation(self) -> Data:
        held_out = self.trainer.validation
        count = min(self.options.evaluation_samples, len(held_out))
        return held_out.take(_spread(len(held_out), count))

    def _result(self, done: StoredStage, rows: tuple[StageRow, ...]) -> CompressionResult:
        model = build_model(done.network, self.keras)
        if self.directory is not None:
            facts = {
                "schema": "tinycompress.compress",
                "schema_version": 1,
                "tinycompress": __version__,
                "recipe": self.recipe.model_dump(mode="json", by_alias=True),
                "rows": [row.to_json() for row in rows],
            }
            save_result(self.directory, model, done.tflite, facts)
        return CompressionResult(self.recipe, rows, model, done.tflite, self.directory)


def saves_nothing(row: StageRow, previous: StageRow | None) -> tuple[str, ...]:
    """What a stage did not save on the device, as a note; empty if it saved flash."""
    if previous is None:
        return ()
    name = "flash_bytes" if "flash_bytes" in row.figures else "tflite_bytes"
    now = row.figures.get(name, row.tflite_bytes)
    before = previous.figures.get(name, previous.tflite_bytes)
    if now < before:
        return ()
    where = "on the device" if name == "flash_bytes" else "in the .tflite"
    return (f"saves nothing {where}: {now} bytes after {before}",)


def _spread(total: int, count: int) -> Array:
    return np.unique(np.linspace(0, total - 1, count).round().astype(np.int64))
