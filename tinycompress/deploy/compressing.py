"""Compression of a model by a recipe, each stage measured on a board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt

from tinycompress._owner import owned_directory
from tinycompress._progress import Progress, no_progress, say_nothing
from tinycompress.artifacts import Activations, ExactTo, LayerAgreement, Optimize
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions
from tinycompress.compression.run.recipe import (
    Recipe,
    load_recipe,
    parse_recipe,
    with_activations,
    with_optimize,
)
from tinycompress.compression.run.result import CompressionResult, RowListener, no_listener
from tinycompress.compression.run.runner import RunOptions
from tinycompress.compression.run.runner import compress as run
from tinycompress.compression.synthetic.asked import asks_for_no_data
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.compare import compare_layers
from tinycompress.conversion.early import check_training_data
from tinycompress.conversion.load import load_model, wrap_model
from tinycompress.deploy.deployment import figures_or_misfit, measured_on
from tinycompress.deploy.without_data import training_data
from tinycompress.errors import ConfigError


def compress(
    model: Any,
    recipe: str | Path | Mapping[str, Any] | Recipe,
    data: Any,
    *,
    val: Any = None,
    teacher: Any = None,
    student: Any = None,
    assistant: Any = None,
    board: str | Path | None = None,
    output: str | Path | None = None,
    activations: Activations | None = None,
    optimize: Optimize | None = None,
    exact_to: ExactTo = "tflm",
    evaluation_samples: int | None = RunOptions.evaluation_samples,
    keep_going: bool = False,
    progress: Progress = no_progress,
    on_row: RowListener = no_listener,
    say: Callable[[str], None] = say_nothing,
) -> CompressionResult:
    """Take a trained Keras model through the stages of a recipe, down to an integer ``.tflite``.

    Args:
        model: A trained Keras 3 or tf_keras model, or its ``.keras`` or ``.h5`` file.
        recipe: Name of a shipped recipe, a ``.toml``, its tables as a mapping, or a ``Recipe``.
        data: Training data; the string ``none``, ``zeroq`` or ``dfqf`` has samples made of what
            ``model`` has kept of its data, and labelled by it. Else: an ``.npz`` with samples ``x``
            and labels ``y``, ``(x, y)``, ``{"x": ..., "y": ...}``, a ``tf.data.Dataset``, a Keras
            ``Sequence``, or a finite generator of batches.
        val: Data in one of these forms that accuracy is counted on; None puts a part of ``data``
            aside.
        teacher: Model or file that distillation learns from, or a list of them, whose outputs are
            averaged; None takes ``model`` as it is.
        student: Model or file that the stages begin with in the place of ``model``, which then
            teaches it and is what it is measured against. It may be untrained where the recipe
            begins with ``train``.
        assistant: Model or file, or a list of them, that the scheme ``assistant`` trains on the
            way, the largest first.
        board: Board that every stage's file is built for and measured on. What a recipe leaves to
            the kernels of the core is as they like it.
        output: Directory that keeps every stage and the result; an interrupted run resumes there.
            Stages that differ and the result of another run are removed, the user's files never.
        activations: Of every stage's file: int8 or int16; None takes what the recipe says.
        optimize: What the firmware is built for that every stage is measured in, as in ``build``;
            None takes what the recipe says.
        exact_to: Whose arithmetic its accuracy is counted with.
        evaluation_samples: At most so many samples, spread over ``val``, are run on every
            file; None runs all of them.
        keep_going: Whether the stages go on after one that lost more than the recipe allows on the
            way.
        progress: Told what is under way.
        on_row: Told of every finished stage, before the next one starts.
        say: Told, in a sentence, what was removed, tried, or lost on the way.

    Raises:
        ConfigError: The recipe, the data or the model file are unusable, or another run writes
            into ``output``.
        ModelError: The model cannot be rebuilt or exported.
        MismatchError: A stage broke what it promised, or accuracy fell too far.
    """
    wanted = with_optimize(with_activations(_recipe(recipe), activations), optimize)
    options = convert_options(wanted, exact_to)
    target = None if board is None else load_board(str(board))
    measure = None
    if target is not None:
        measure = partial(
            figures_or_misfit,
            board=target,
            exact_to=exact_to,
            optimize=wanted.firmware.optimize,
        )
    core = CodegenOptions() if target is None else CodegenOptions.for_board(target)
    directory = None if output is None else Path(output)
    # Before TensorFlow starts, which takes seconds: another run may own the directory.
    with owned_directory(directory):
        if isinstance(model, str | Path):
            given = [one for one in (data, val) if not asks_for_no_data(one)]
            files = [Path(one) for one in given if isinstance(one, str | Path)]
            check_training_data(Path(model), files)
        progress("start TensorFlow and load the model")
        loaded = _model(model)
        notes: tuple[str, ...] = ()
        if asks_for_no_data(data):
            data, told = training_data(loaded, data, val, wanted.seed, progress)
            notes = (told,)
        return run(
            loaded,
            wanted,
            data,
            export=partial(export, options=options),
            validation=val,
            teachers=_models(teacher),
            student=None if student is None else _model(student),
            assistants=_models(assistant),
            evaluate=measure,
            compare=partial(_compare, exact_to=exact_to),
            directory=directory,
            options=RunOptions(
                evaluation_samples=evaluation_samples,
                exact_to=exact_to,
                measured_on="" if target is None else measured_on(target, wanted.firmware.optimize),
                channel_multiple=core.channel_multiple,
                keep_going=keep_going,
                notes=notes,
            ),
            progress=progress,
            on_row=on_row,
            say=say,
        )


def convert_options(recipe: Recipe, exact_to: ExactTo) -> ConvertOptions:
    """How the files of a recipe are made."""
    said = recipe.conversion
    return ConvertOptions(
        activations=said.activations, exact_to=exact_to, calibrator=said.calibrator,
        symmetric_activations=said.symmetric_activations,
        per_tensor_weights=said.per_tensor_weights,
    )  # fmt: skip


def _recipe(recipe: str | Path | Mapping[str, Any] | Recipe) -> Recipe:
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, Mapping):
        return parse_recipe(dict(recipe))
    return load_recipe(recipe)


def _model(model: Any) -> Any:
    return load_keras_model(Path(model)) if isinstance(model, str | Path) else model


def _models(given: Any) -> list[Any]:
    """One model or file, several of them, or None."""
    if given is None:
        return []
    return [_model(one) for one in (given if isinstance(given, (list, tuple)) else [given])]


def load_keras_model(path: Path) -> Any:
    """A trained Keras model from its file.

    Raises:
        ConfigError: The file cannot be read, or holds no Keras model.
    """
    source = load_model(path)
    if source.kind not in ("keras", "tf_keras"):
        raise ConfigError(
            f"{path} is a {source.kind} model; compression takes a Keras model",
            hint="save the trained model with model.save('model.keras')",
        )
    return source.model


def _compare(
    model: Any, tflite: bytes, samples: tuple[npt.NDArray[Any], ...], *, exact_to: ExactTo
) -> tuple[LayerAgreement, ...]:
    return compare_layers(wrap_model(model), tflite, _named(samples), exact_to=exact_to)


def export(
    model: Any, calibration: tuple[npt.NDArray[Any], ...], *, options: ConvertOptions
) -> bytes:
    """The integer file of a model; ``calibration`` has one array per input, batch first.

    It is not judged here: whoever asks has the samples that count.

    Raises:
        ModelError: The model cannot be made fully integer.
    """
    unjudged = replace(options, judge=False)
    return convert_model(model, _named(calibration), options=unjudged).tflite


def _named(samples: tuple[npt.NDArray[Any], ...]) -> dict[str, npt.NDArray[Any]]:
    names = ["x"] if len(samples) == 1 else [f"x{i}" for i in range(len(samples))]
    return dict(zip(names, samples, strict=True))
