"""The stage: a trained model becomes a fully integer ``.tflite``, and that file is checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tinycompress.artifacts import Activations, ConvertedModel
from tinycompress.conversion.accuracy import judged, require_labels
from tinycompress.conversion.advice import instead_of
from tinycompress.conversion.calibrate import (
    Samples,
    SampleSource,
    choose,
    read_samples,
    thin_warnings,
)
from tinycompress.conversion.calibrated import Calibration, calibrated_integers
from tinycompress.conversion.early import check_samples
from tinycompress.conversion.fixed_point.model import FixedPoint, exact_file, frozen_fixed_point
from tinycompress.conversion.frozen import FrozenGraph, InputSpec, freeze, input_specs
from tinycompress.conversion.int4_weights import with_int4_weights
from tinycompress.conversion.int16_operators import require_int16
from tinycompress.conversion.load import (
    SourceModel,
    is_tflite,
    load_model,
    require_keras_file,
    wrap_model,
)
from tinycompress.conversion.options import ConvertOptions
from tinycompress.conversion.quantize import to_integers
from tinycompress.conversion.recurrent.unrolling import unrolled_warnings, why_unrolled
from tinycompress.conversion.streaming.streams import stream_of
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.foreign import CONVERT_AGAIN, use_original
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs as tflite_inputs
from tinycompress.ir.specs import output_specs as tflite_outputs
from tinycompress.ir.summary import (
    activation_types,
    is_integer_inside,
    not_integer_reasons,
    unlike_integer,
)
from tinycompress.quality.judging import Judgement
from tinycompress.quality.limits import require_drop

_REPLACE_LAYERS = "replace the layers that these operators come from; see docs/converting.md"


@dataclass(frozen=True, eq=False)
class PreparedModel:
    """Everything that conversion needs, without the user's model: it can go to another process."""

    name: str
    frozen: FrozenGraph
    calibration: Samples
    evaluation: Samples
    warnings: tuple[str, ...]
    fixed: FixedPoint | None = None


def convert_model(
    source: Path | str | object,
    calibration: SampleSource | None,
    *,
    evaluation: SampleSource | None = None,
    options: ConvertOptions | None = None,
) -> ConvertedModel:
    """Convert a model to integers and verify the result; a ``.tflite`` is verified and passed on.

    The same model, samples and options give the same bytes.

    Args:
        source: Path of a ``.keras``, ``.h5``, SavedModel or ``.tflite``; or a Keras 3 or tf_keras
            model.
        calibration: Samples that set the ranges; see `calibrate.read_samples`. None is for a
            ``.tflite`` only.
        evaluation: Labelled samples to count accuracy on; None takes the calibration samples if
            they have labels.
        options: How to convert.

    Raises:
        ConfigError: No model at the path, unusable data or options, or no TensorFlow.
        ModelError: The model is damaged, or cannot be made fully integer: lists every reason.
        MismatchError: A score fell by more than ``max_accuracy_drop``.
    """
    chosen = options or ConvertOptions()
    opened = open_source(source, calibration, evaluation)
    if opened.kind == "tflite":
        labelled = calibration if evaluation is None else evaluation
        return pass_on(opened.name, opened.model, chosen, labelled)
    return convert_prepared(prepare(opened, calibration, evaluation, chosen), chosen)


def open_source(
    source: Path | str | object,
    calibration: SampleSource | None,
    evaluation: SampleSource | None,
) -> SourceModel:
    """Open a path, or take a Keras model; says what is missing before TensorFlow is loaded.

    Raises:
        ConfigError: No model there, no calibration data for a model that needs them, or samples in
            a file that do not fit.
        ModelError: The model is damaged or incomplete.
    """
    if not isinstance(source, str | Path):
        return wrap_model(source)
    path = Path(source)
    if calibration is None and path.exists() and not is_tflite(path):
        if path.is_file():
            require_keras_file(path)
        raise _needs_data(str(path))
    files = [one for one in (calibration, evaluation) if isinstance(one, Path)]
    for file in files:
        if not file.is_file():
            raise ConfigError(f"there is no data file at {file}", hint="check the path")
    check_samples(path, files)
    return load_model(path)


def _needs_data(name: str) -> ConfigError:
    return ConfigError(
        f"{name} needs calibration data to become integer",
        hint="pass an .npz with typical samples as x: --data calib.npz; or --data none, which makes"
        " samples of what the model has kept of its training",
    )


def prepare(
    source: SourceModel,
    calibration: SampleSource | None,
    evaluation: SampleSource | None,
    options: ConvertOptions,
) -> PreparedModel:
    """Check and draw the samples and freeze the model.

    Raises:
        ConfigError: The data are missing or unusable.
        ModelError: The model cannot be traced.
    """
    if calibration is None:
        raise _needs_data(source.name)
    specs = input_specs(source)
    given = read_samples(calibration, specs)
    labelled = given if evaluation is None else read_samples(evaluation, specs)
    if options.max_accuracy_drop is not None:
        require_labels(labelled)
    shapes = tuple(values.shape[1:] for values in given.inputs)
    unroll_because = why_unrolled(options.activations, options.chooses_ranges)
    frozen, fixed = frozen_fixed_point(
        source,
        partial(freeze, source, shapes, unroll_because=unroll_because, stateful=options.streaming),
        options,
    )
    return PreparedModel(
        name=source.name,
        frozen=frozen,
        calibration=choose(given, options.calibration_samples, options.seed),
        evaluation=choose(labelled, options.evaluation_samples, options.seed),
        warnings=(
            *thin_warnings(given),
            *(() if options.streaming else unrolled_warnings(frozen.unrolled, frozen.not_fused)),
        ),
        fixed=fixed,
    )


def convert_prepared(prepared: PreparedModel, options: ConvertOptions) -> ConvertedModel:
    """Quantise a frozen model, verify the file and count accuracy.

    Raises:
        ConfigError: A limit on accuracy, and labels that tell none.
        ModelError: The model cannot be made fully integer.
        MismatchError: A score fell by more than ``max_accuracy_drop``.
    """
    activations = options.activations or "int8"
    if activations == "int16":
        require_int16(prepared.frozen, options.exact_to)
    tflite, ranges = _quantised(prepared, activations, options)
    tflite, told = _narrowed(tflite, options)
    model = _verified(prepared.name, tflite)
    trained = prepared.frozen if prepared.fixed is None else prepared.fixed.reference
    found, count = _judged(trained, tflite, model, prepared.evaluation, options)
    if options.streaming:
        samples = prepared.calibration.inputs
        tflite = stream_of(prepared.name, tflite, samples, options.exact_to)
        model = read_model(tflite)
    return converted_model(tflite, model, found, count, (*prepared.warnings, *ranges, *told))


def _quantised(
    prepared: PreparedModel, activations: Activations, options: ConvertOptions
) -> tuple[bytes, tuple[str, ...]]:
    """The integer file, and what to tell of its ranges."""
    frozen, samples = prepared.frozen, prepared.calibration
    if not options.chooses_ranges:
        tflite = to_integers(
            frozen,
            samples,
            activations=activations,
            per_channel_dense=options.per_channel_dense,
            per_tensor_weights=options.per_tensor_weights,
            exact_to=options.exact_to,
        )
        if prepared.fixed is None:
            return tflite, ()
        exact = exact_file(tflite, frozen, prepared.fixed, options.exact_to)
        return exact.tflite, exact.notes
    if any(kind.startswith("FakeQuant") for _, kind in frozen.nodes()):
        raise ConfigError(
            f"{prepared.name} was trained with int8 ranges of its own: no calibrator chooses them",
            hint="leave the calibrator and symmetric activations out",
        )
    return calibrated_integers(
        frozen,
        samples,
        Calibration(options.calibrator, options.symmetric_activations, options.exact_to),
        per_channel_dense=options.per_channel_dense,
        per_tensor_weights=options.per_tensor_weights,
    )


def _narrowed(tflite: bytes, options: ConvertOptions) -> tuple[bytes, tuple[str, ...]]:
    """The file with the weights that are asked for, and what to tell of it."""
    if options.weights == "int8":
        return tflite, ()
    rounded = with_int4_weights(tflite)
    if not rounded.int8_weights:
        return rounded.tflite, ()
    return rounded.tflite, (
        f"{rounded.int8_weights:,} of {rounded.int4_weights + rounded.int8_weights:,} weights stay"
        " int8: those of depthwise and transposed convolutions",
    )


def _verified(name: str, tflite: bytes) -> Model:
    model = read_model(tflite)
    reasons = not_integer_reasons(model)
    if reasons:
        graph = model.main
        floats = [op.kind for op in graph.ops if unlike_integer(graph, op)]
        # A mask is made of integers, and cast to floats further on.
        instead = instead_of(floats) or instead_of(op.kind for op in graph.ops)
        hint = _REPLACE_LAYERS if instead is None else f"instead of these layers: {instead}"
        raise ModelError(f"{name} is not fully integer", reasons=reasons, hint=hint)
    return model


def _judged(
    frozen: FrozenGraph | None,
    tflite: bytes,
    model: Model,
    samples: Samples,
    options: ConvertOptions,
) -> tuple[Judgement, int]:
    if not options.judge:
        return Judgement(), 0
    found, count = judged(
        frozen, tflite, model, samples,
        exact_to=options.exact_to, drop_warning=options.accuracy_drop_warning,
    )  # fmt: skip
    if options.max_accuracy_drop is not None:
        require_drop(found, options.max_accuracy_drop, " and ".join(activation_types(model)))
    return found, count


def pass_on(
    name: str, tflite: bytes, options: ConvertOptions, labelled: SampleSource | None = None
) -> ConvertedModel:
    """Check a file, which messages call by its name, as `convert_model` does."""
    model = read_model(tflite)
    if options.max_accuracy_drop is not None:
        raise ConfigError(
            f"max_accuracy_drop compares with a float model, and {name} has none beside it",
            hint="give the Keras model that it was made from; or hold the file's accuracy against"
            " a limit of its own: docs/budgets.md",
        )
    # Float inputs and outputs are converted on the device.
    if options.require_integers and not is_integer_inside(model):
        raise ModelError(
            f"{name} is not fully integer",
            reasons=not_integer_reasons(model),
            hint=use_original(model) or CONVERT_AGAIN,
        )
    found = activation_types(model)
    if options.activations is not None and found != (options.activations,):
        raise ConfigError(
            f"{name} has {' and '.join(found)} activations, not"
            f" {options.activations}; a .tflite is checked, not converted",
            hint=f"{CONVERT_AGAIN} --activations {options.activations}",
        )
    if options.chooses_ranges or options.per_tensor_weights:
        raise ConfigError(
            f"{name} has its ranges already; a .tflite is checked, not converted",
            hint=f"{CONVERT_AGAIN} these options",
        )
    tflite, told = _narrowed(tflite, options)
    model = read_model(tflite)
    if labelled is None:
        return converted_model(tflite, model, Judgement(), 0, told)
    specs = [InputSpec(spec.name, spec.shape) for spec in tflite_inputs(model.main)]
    samples = choose(read_samples(labelled, specs), options.evaluation_samples, options.seed)
    return converted_model(tflite, model, *_judged(None, tflite, model, samples, options), told)


def converted_model(
    tflite: bytes,
    model: Model,
    found: Judgement,
    judged_samples: int,
    warnings: tuple[str, ...],
) -> ConvertedModel:
    """What conversion hands on of a file, ``model`` being the same file, read."""
    return ConvertedModel(
        tflite=tflite,
        sha256=hashlib.sha256(tflite).hexdigest(),
        inputs=tflite_inputs(model.main),
        outputs=tflite_outputs(model.main),
        activations=" and ".join(activation_types(model)),
        quality=found.quality,
        agreement=found.agreement,
        judged_samples=judged_samples,
        warnings=(*warnings, *found.warnings),
        not_integer=not_integer_reasons(model),
        integer_inside=is_integer_inside(model),
    )
