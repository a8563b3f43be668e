"""From a model to firmware: convert, generate, render, compile."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tinycompress import _files
from tinycompress._owner import owned_beside
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import (
    Activations,
    ConvertedModel,
    ExactTo,
    TflmCompression,
    WeightType,
)
from tinycompress.boards import Board, load_board
from tinycompress.codegen.tflm import encode_weights
from tinycompress.compression.synthetic.asked import asks_for_no_data
from tinycompress.conversion import ConvertOptions, convert_model, pass_on
from tinycompress.conversion.carray import Style, write_c_array
from tinycompress.conversion.early import check_samples
from tinycompress.conversion.joining.cascade_file import is_cascade_file, read_cascade
from tinycompress.conversion.load import is_tflite
from tinycompress.firmware.writing import require_place
from tinycompress.options import BuildKeywords, BuildOptions
from tinycompress.pipeline.engines.aot import build_aot
from tinycompress.pipeline.engines.tflm import build_tflm, measures_decode
from tinycompress.pipeline.files import read_file
from tinycompress.pipeline.frameworks import build_in_framework, build_library
from tinycompress.pipeline.job import Build, Job
from tinycompress.pipeline.names import default_directory, model_name
from tinycompress.pipeline.verdict import require_engine, unchecked
from tinycompress.pipeline.without_data import samples_of

if TYPE_CHECKING:
    from typing_extensions import Unpack


def convert(
    model: str | Path,
    data: str | Path | None,
    output: str | Path | None = None,
    *,
    val: str | Path | None = None,
    activations: Activations | None = None,
    calibrator: str = "minmax",
    symmetric_activations: bool = False,
    per_tensor_weights: bool = False,
    exact_to: ExactTo = "tflm",
    weights: WeightType = "int8",
    tflm_compression: TflmCompression = "none",
    max_accuracy_drop: float | None = None,
    streaming: bool = False,
    progress: Progress = no_progress,
) -> ConvertedModel:
    """Turn a Keras model into a fully integer ``.tflite``; a ``.tflite`` is checked and passed on.

    Args:
        model: ``.keras`` (Keras 3 or tf_keras), ``.h5``, SavedModel directory or ``.tflite``; or a
            ``.toml`` that joins such files: docs/cascades.md.
        data: ``.npz`` with the calibration samples ``x`` (and, for accuracy, labels ``y``); needed
            for everything but a ``.tflite``. The string ``none``, ``zeroq`` or ``dfqf`` instead
            has samples made of what the model has kept of its data: docs/converting.md.
        output: File to write; None writes nothing.
        val: ``.npz`` with samples ``x`` and labels ``y`` that quality before and after is counted
            on; None takes ``data``.
        activations: Type of activations, inputs and outputs; weights are int8 with either. None
            is int8, and takes a ``.tflite`` with what it has.
        calibrator: What sets the ranges of int8 activations: ``minmax``, ``percentile``, ``mse``,
            ``kl``, ..., or ``auto``, which tries them; see docs/converting.md.
        symmetric_activations: Whether the zero point of every int8 activation is 0.
        per_tensor_weights: Whether a convolution's weights have one scale in all, instead of one
            for every output channel.
        exact_to: Runtime that accuracy is counted on; int16 operators must be among its own.
        weights: ``int4`` rounds the weights of convolutions and dense layers to -7 to 7; the file
            holds them as int8, and gives the outputs of an int4 file of the same values.
        tflm_compression: How weights are stored for TFLite Micro's DECODE operator: ``auto`` takes
            the smallest of ``lut``, ``huffman`` and ``prune`` for each layer.
        max_accuracy_drop: Largest drop of the file's score below the float model's, 0 to 1, of
            every output with labels: of accuracy, F1, R² or AUC. None allows any.
        streaming: Whether the file takes one time step per invocation and keeps its state, instead
            of a whole window; it gives the bytes of the window's file. docs/streaming.md.
        progress: Told what is under way.

    Raises:
        ConfigError: The model file or the data are unusable, or there is nothing to count a drop
            with.
        ModelError: The model cannot be made fully integer, or encoded weights do not gain what
            DECODE costs.
        MismatchError: A score fell further than is allowed; nothing is written.
    """
    options = ConvertOptions(
        activations=activations, weights=weights, exact_to=exact_to, calibrator=calibrator,
        symmetric_activations=symmetric_activations, per_tensor_weights=per_tensor_weights,
        max_accuracy_drop=max_accuracy_drop, streaming=streaming,
    )  # fmt: skip
    converted = _integers(Path(model), data, val, options, progress)
    converted = _encoded(converted, tflm_compression, progress)
    if output is not None:
        _files.write_bytes(Path(output), converted.tflite)
    return converted


def _encoded(
    converted: ConvertedModel,
    compression: TflmCompression,
    progress: Progress,
    *,
    code_is_measured: bool = False,
) -> ConvertedModel:
    if compression == "none":
        return converted
    progress("encode the weights")
    return encode_weights(converted, compression, code_is_measured=code_is_measured)


def _integers(
    model: Path,
    data: str | Path | None,
    val: str | Path | None,
    options: ConvertOptions,
    progress: Progress,
) -> ConvertedModel:
    wanted = options.activations or "int8"
    if is_cascade_file(model):
        progress("join the stages")
        labelled = data if val is None else val
        samples = None if labelled is None else Path(labelled)
        return pass_on(model.name, read_cascade(model), options, samples)
    evaluation = None if val is None else Path(val)
    if asks_for_no_data(data) and not is_tflite(model):
        if evaluation is not None:
            check_samples(model, [evaluation])
        samples, told = samples_of(model, data, options.seed, progress)
        progress(f"convert to {wanted}")
        made = convert_model(model, samples, evaluation=evaluation, options=options)
        return replace(made, warnings=(told, *made.warnings))
    progress("check the model" if model.suffix == ".tflite" else f"convert to {wanted}")
    file = None if data is None or asks_for_no_data(data) else Path(data)
    return convert_model(model, file, evaluation=evaluation, options=options)


def build(
    model: str | Path,
    board: str | Path,
    options: BuildOptions | None = None,
    *,
    progress: Progress = no_progress,
    **keywords: Unpack[BuildKeywords],
) -> Build:
    """Build firmware that runs a model on a board.

    Args:
        model: A ``.keras`` or ``.h5`` file, a SavedModel directory, or a ``.tflite``; or a
            ``.toml`` that joins such files to a cascade: docs/cascades.md.
        board: Id, alias or file of the board; for a framework, its file must say what that calls
            the board.
        options: What is chosen about the build; None takes the defaults.
        progress: Told what is under way.
        **keywords: The fields of `tinycompress.options.BuildOptions`, which documents them: each
            replaces that of ``options``.

    Returns:
        The model, the project and its firmware; in an earlier project, files that the user added or
        edited stay, and ``project.update`` names the edited ones.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    chosen = replace(options or BuildOptions(), **keywords)
    target = load_board(str(board)).within(chosen.framework).over_chosen(chosen.transport)
    named = chosen.output
    directory = default_directory(model, target) if named is None else Path(named)
    with owned_beside(directory):
        require_place(directory, target, chosen)
        converted = _to_build(Path(model), target, chosen, progress)
        job = Job(converted, model_name(model), target, directory, chosen, progress)
        if chosen.framework == "library":
            return build_library(job)
        if chosen.framework != "cmake":
            return build_in_framework(job)
        return build_tflm(job) if chosen.engine == "tflm" else build_aot(job)


def _to_build(
    model: Path, board: Board, chosen: BuildOptions, progress: Progress
) -> ConvertedModel:
    """The integer model; of a ``.tflite``, the engine says whether it takes it."""
    cascade = is_cascade_file(model)
    given = cascade or is_tflite(model)
    if given:
        require_engine(read_cascade(model) if cascade else read_file(model), board, chosen)
    options = ConvertOptions(
        activations=chosen.activations, exact_to=chosen.exact_to, require_integers=not given,
        calibrator=chosen.calibrator, symmetric_activations=chosen.symmetric_activations,
        per_tensor_weights=chosen.per_tensor_weights,
        max_accuracy_drop=chosen.max_accuracy_drop,
    )  # fmt: skip
    converted = _integers(model, chosen.data, chosen.val, options, progress)
    measured = measures_decode(board, chosen)
    converted = _encoded(converted, chosen.tflm_compression, progress, code_is_measured=measured)
    if chosen.engine == "aot":
        progress(f"run the model on {chosen.exact_to}")
        told = unchecked(converted.tflite, chosen.exact_to)
        converted = replace(converted, warnings=(*converted.warnings, *told))
    return converted


def carray(
    model: str | Path,
    output: str | Path,
    *,
    name: str | None = None,
    alignment: int = 16,
    style: Style = "c",
) -> tuple[Path, Path]:
    """Write a ``.tflite`` as an aligned C array; the paths of the source and the header.

    Args:
        model: The ``.tflite`` file.
        output: Directory for both.
        name: Of the array and the files; None takes the model file's.
        alignment: Of the array, in bytes.
        style: C, C++, or C++ for an Arduino sketch.

    Raises:
        ConfigError: The file cannot be read, or the directory not written.
        ModelError: The file is no TFLite model.
    """
    path = Path(model)
    return write_c_array(
        read_file(path), name or model_name(path), Path(output), alignment=alignment, style=style
    )
