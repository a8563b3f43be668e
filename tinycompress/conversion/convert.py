"""The stage: a trained model becomes a fully integer ``.tflite``, and that file is checked."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from tinycompress.artifacts import Activations, ConvertedModel, ExactTo, WeightType
from tinycompress.conversion.accuracy import float_accuracy, labels_for, quantized_accuracy
from tinycompress.conversion.calibrate import (
    Samples,
    SampleSource,
    choose,
    read_samples,
    thin_warnings,
)
from tinycompress.conversion.early import check_samples
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
from tinycompress.conversion.narrow_parts import narrow_parts
from tinycompress.conversion.quantize import to_integers
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.foreign import CONVERT_AGAIN, use_original
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs as tflite_inputs
from tinycompress.ir.specs import output_specs as tflite_outputs
from tinycompress.ir.summary import activation_types, is_integer_inside, not_integer_reasons

_REPLACE_LAYERS = "replace the layers that these operators come from; see docs/converting.md"


@dataclass(frozen=True)
class ConvertOptions:
    """How to convert.

    Attributes:
        activations: Type of the activations, of inputs and outputs too; weights are int8 with
            either. None is int8 for a model that is converted, and whatever a ``.tflite`` has.
        weights: Integers of the weights: int8, or int4 from -7 to 7, which the file holds as int8;
            see `int4_weights`.
        calibration_samples: At most so many samples set the ranges.
        evaluation_samples: At most so many labelled samples are classified to count accuracy.
        seed: Which samples are drawn when there are more.
        per_channel_dense: One weight scale for every output of a Dense layer, as TensorFlow 2.16
            and newer do by default, instead of one for the layer. Convolutions have one for every
            channel either way.
        exact_to: Runtime that must have the operators, and that accuracy is counted on.
        require_integers: Whether a ``.tflite`` that is not fully integer is refused; who builds it
            asks the engine instead.
        accuracy_drop_warning: Warn if the file's accuracy is lower than float's by more than this.
    """

    activations: Activations | None = None
    weights: WeightType = "int8"
    calibration_samples: int = 500
    evaluation_samples: int = 500
    seed: int = 0
    per_channel_dense: bool = False
    exact_to: ExactTo = "tflm"
    require_integers: bool = True
    accuracy_drop_warning: float = 0.02

    def __post_init__(self) -> None:
        if self.activations not in (None, *get_args(Activations)):
            raise ConfigError(f"activations is {self.activations!r}; allowed: 'int8' or 'int16'")
        if self.weights not in get_args(WeightType):
            raise ConfigError(f"weights is {self.weights!r}; allowed: 'int8' or 'int4'")
        for name in ("calibration_samples", "evaluation_samples"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}; allowed: 1 or more")
        if self.seed < 0:
            raise ConfigError(f"seed is {self.seed}; allowed: 0 or more")
        if not 0 <= self.accuracy_drop_warning <= 1:
            raise ConfigError(
                f"accuracy_drop_warning is {self.accuracy_drop_warning}; allowed: 0 to 1"
            )


@dataclass(frozen=True, eq=False)
class PreparedModel:
    """Everything that conversion needs, without the user's model: it can go to another process."""

    name: str
    frozen: FrozenGraph
    calibration: Samples
    evaluation: Samples
    warnings: tuple[str, ...]


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
    """
    chosen = options or ConvertOptions()
    opened = open_source(source, calibration, evaluation)
    if opened.kind == "tflite":
        return _pass_on(opened, calibration if evaluation is None else evaluation, chosen)
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
        hint="pass an .npz with typical samples as x: --data calib.npz",
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
    shapes = tuple(values.shape[1:] for values in given.inputs)
    frozen = freeze(source, shapes, fuse=options.activations != "int16")
    return PreparedModel(
        name=source.name,
        frozen=frozen,
        calibration=choose(given, options.calibration_samples, options.seed),
        evaluation=choose(labelled, options.evaluation_samples, options.seed),
        warnings=(*thin_warnings(given), *_unrolled(frozen)),
    )


def _unrolled(frozen: FrozenGraph) -> tuple[str, ...]:
    return tuple(
        f"the loop of layer {name!r} was unrolled: {steps} time steps, each with operators of its"
        f" own on the same weights ({frozen.not_fused[name]})"
        for name, steps in frozen.unrolled.items()
    )


def convert_prepared(prepared: PreparedModel, options: ConvertOptions) -> ConvertedModel:
    """Quantise a frozen model, verify the file and count accuracy.

    Raises:
        ModelError: The model cannot be made fully integer.
    """
    activations = options.activations or "int8"
    if activations == "int16":
        require_int16(prepared.frozen, options.exact_to)
    tflite = to_integers(
        prepared.frozen,
        prepared.calibration,
        activations=activations,
        per_channel_dense=options.per_channel_dense,
    )
    tflite, told = _narrowed(tflite, options)
    model = _verified(prepared.name, tflite, _REPLACE_LAYERS)
    in_float, in_integers, notes = _accuracies(prepared, tflite, model, options)
    narrow = narrow_parts(prepared.frozen, prepared.calibration, model)
    warnings = (*prepared.warnings, *told, *narrow, *notes)
    return _converted(tflite, model, in_float, in_integers, warnings)


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


def _verified(name: str, tflite: bytes, hint: str) -> Model:
    model = read_model(tflite)
    reasons = not_integer_reasons(model)
    if reasons:
        raise ModelError(f"{name} is not fully integer", reasons=reasons, hint=hint)
    return model


def _accuracies(
    prepared: PreparedModel, tflite: bytes, model: Model, options: ConvertOptions
) -> tuple[float | None, float | None, tuple[str, ...]]:
    labels, problem = labels_for(prepared.evaluation, model)
    if labels is None:
        return None, None, () if problem is None else (problem,)
    in_float = float_accuracy(prepared.frozen, prepared.evaluation, labels, model)
    try:
        in_integers = quantized_accuracy(
            tflite, prepared.evaluation, labels, model, options.exact_to
        )
    except ModelError as error:  # the file is as good without; who builds it asks the engine
        return in_float, None, (f"no accuracy of the file: {error.message}",)
    notes = []
    if in_float - in_integers > options.accuracy_drop_warning:
        notes.append(
            f"{' and '.join(activation_types(model))} accuracy is {100 * in_integers:.1f} %,"
            f" {100 * (in_float - in_integers):.1f} points below float's {100 * in_float:.1f} % on"
            f" {len(labels)} samples: check the calibration samples, or train quantisation-aware"
        )
    common = max((labels == label).mean() for label in set(labels.tolist()))
    if len(set(labels.tolist())) > 1 and in_float <= common:
        low, high = _range(prepared.evaluation)
        notes.append(
            f"float accuracy is {100 * in_float:.1f} %, no better than always guessing the most"
            f" common class: is x (values from {low:g} to {high:g}) scaled as it was for training?"
        )
    return in_float, in_integers, tuple(notes)


def _range(samples: Samples) -> tuple[float, float]:
    return (
        min(float(values.min()) for values in samples.inputs),
        max(float(values.max()) for values in samples.inputs),
    )


def _pass_on(
    source: SourceModel, labelled: SampleSource | None, options: ConvertOptions
) -> ConvertedModel:
    tflite: bytes = source.model
    model = read_model(tflite)
    # Float inputs and outputs are converted on the device.
    if options.require_integers and not is_integer_inside(model):
        raise ModelError(
            f"{source.name} is not fully integer",
            reasons=not_integer_reasons(model),
            hint=use_original(model) or CONVERT_AGAIN,
        )
    found = activation_types(model)
    if options.activations is not None and found != (options.activations,):
        raise ConfigError(
            f"{source.name} has {' and '.join(found)} activations, not"
            f" {options.activations}; a .tflite is checked, not converted",
            hint=f"{CONVERT_AGAIN} --activations {options.activations}",
        )
    tflite, told = _narrowed(tflite, options)
    model = read_model(tflite)
    if labelled is None:
        return _converted(tflite, model, None, None, told)
    specs = [InputSpec(spec.name, spec.shape) for spec in tflite_inputs(model.main)]
    samples = choose(read_samples(labelled, specs), options.evaluation_samples, options.seed)
    labels, problem = labels_for(samples, model)
    if labels is None:
        notes = () if problem is None else (problem,)
        return _converted(tflite, model, None, None, (*told, *notes))
    in_integers = quantized_accuracy(tflite, samples, labels, model, options.exact_to)
    return _converted(tflite, model, None, in_integers, told)


def _converted(
    tflite: bytes,
    model: Model,
    in_float: float | None,
    in_integers: float | None,
    warnings: tuple[str, ...],
) -> ConvertedModel:
    return ConvertedModel(
        tflite=tflite,
        sha256=hashlib.sha256(tflite).hexdigest(),
        inputs=tflite_inputs(model.main),
        outputs=tflite_outputs(model.main),
        activations=" and ".join(activation_types(model)),
        float_accuracy=in_float,
        quantized_accuracy=in_integers,
        warnings=warnings,
        not_integer=not_integer_reasons(model),
        integer_inside=is_integer_inside(model),
    )
