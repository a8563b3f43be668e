"""The stage without integers: a trained model becomes a ``.tflite`` that computes on float32."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tinycompress.artifacts import ConvertedModel, Precision
from tinycompress.conversion.accuracy import judged
from tinycompress.conversion.calibrate import Samples, SampleSource, choose, read_samples
from tinycompress.conversion.convert import converted_model
from tinycompress.conversion.early import check_samples
from tinycompress.conversion.floats.half_weights import with_half_weights
from tinycompress.conversion.frozen import FrozenGraph, InputSpec, freeze, input_specs
from tinycompress.conversion.load import SourceModel, is_tflite, load_model, wrap_model
from tinycompress.conversion.options import ConvertOptions
from tinycompress.conversion.quantize import to_floats
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.foreign import use_original
from tinycompress.ir.graph import DType, Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs as tflite_inputs
from tinycompress.ir.summary import activation_types
from tinycompress.quality.judging import Judgement


def convert_to_floats(
    source: Path | str | object,
    data: SampleSource | None,
    *,
    precision: Precision,
    evaluation: SampleSource | None = None,
    options: ConvertOptions | None = None,
) -> ConvertedModel:
    """Convert a model to a float ``.tflite``, its weights in single or half precision.

    Args:
        source: Path of a ``.keras``, ``.h5``, SavedModel or float ``.tflite``; or a Keras model.
        data: Samples that quality is counted on where ``evaluation`` names none. Nothing is
            calibrated: None is for models whose inputs have known shapes.
        precision: ``float32``, or ``float16`` for weights in half precision.
        evaluation: Labelled samples to count accuracy on.
        options: How many samples quality is counted on; what is about integers is not looked at.

    Raises:
        ConfigError: No model at the path, unusable data, or no TensorFlow.
        ModelError: The model is damaged, has integers already, or cannot be converted.
    """
    chosen = replace(options or ConvertOptions(), exact_to="litert")
    given = data if evaluation is None else evaluation
    opened = _opened(source, given)
    if opened.kind == "tflite":
        frozen, tflite = None, _float_file(opened, precision)
        specs = [InputSpec(s.name, s.shape) for s in tflite_inputs(read_model(tflite).main)]
        samples = None if given is None else read_samples(given, specs)
    else:
        samples = None if given is None else read_samples(given, input_specs(opened))
        frozen = freeze(opened, _shapes(opened, samples))
        tflite = to_floats(frozen)
    if precision == "float16":
        tflite = with_half_weights(tflite)
    model = read_model(tflite)
    found, count = _judged(frozen, tflite, model, samples, chosen)
    return replace(
        converted_model(tflite, model, found, count, ()),
        activations="float32", not_integer=(), precision=precision,
    )  # fmt: skip


def _opened(source: Path | str | object, samples: SampleSource | None) -> SourceModel:
    if not isinstance(source, str | Path):
        return wrap_model(source)
    path = Path(source)
    if isinstance(samples, Path):
        if not samples.is_file():
            raise ConfigError(f"there is no data file at {samples}", hint="check the path")
        if path.exists() and not is_tflite(path):
            check_samples(path, [samples])
    return load_model(path)


def _float_file(source: SourceModel, precision: Precision) -> bytes:
    """A ``.tflite`` that computes on floats alone, with weights of at least that precision."""
    tflite: bytes = source.model
    model = read_model(tflite)
    kinds = activation_types(model)
    if kinds:
        raise ModelError(
            f"{source.name} computes on {' and '.join(kinds)} already, not on float32",
            hint=use_original(model) or "leave --precision out, or give the Keras model",
        )
    if precision == "float32" and _has_halves(model):
        raise ModelError(
            f"{source.name} has weights in half precision", hint="build it with --precision float16"
        )
    return tflite


def _has_halves(model: Model) -> bool:
    return any(tensor.dtype is DType.FLOAT16 for tensor in model.main.tensors)


def _shapes(source: SourceModel, samples: Samples | None) -> tuple[tuple[int, ...], ...]:
    """The shape of one sample for every input."""
    if samples is not None:
        return tuple(values.shape[1:] for values in samples.inputs)
    return tuple(_known_shape(source, spec) for spec in input_specs(source))


def _known_shape(source: SourceModel, spec: InputSpec) -> tuple[int, ...]:
    sizes: list[Any] = list(spec.shape[1:])
    if None in sizes:
        raise ConfigError(
            f"input {spec.name!r} of {source.name} has the open shape {sizes}",
            hint="samples say what it is: --data samples.npz",
        )
    return tuple(int(size) for size in sizes)


def _judged(
    frozen: FrozenGraph | None,
    tflite: bytes,
    model: Model,
    samples: Samples | None,
    options: ConvertOptions,
) -> tuple[Judgement, int]:
    if samples is None or not options.judge:
        return Judgement(), 0
    drawn = choose(samples, options.evaluation_samples, options.seed)
    return judged(
        frozen, tflite, model, drawn, exact_to="litert", drop_warning=options.accuracy_drop_warning
    )
