"""Full-integer post-training quantisation by TensorFlow's converter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.artifacts import Activations, ExactTo
from tinycompress.conversion.advice import instead_of
from tinycompress.conversion.calibrate import Samples
from tinycompress.conversion.files.pointwise import (
    may_have_functions,
    with_placeholders,
    with_tables,
)
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.conversion.recurrent.fused_file import finished
from tinycompress.conversion.recurrent.stepped_file import with_equal_steps
from tinycompress.errors import ModelError

_UNSUPPORTED_OP = re.compile(r"'tf\.(\w+)' op is neither a custom op nor a flex op")
_UNSUPPORTED_LIST = re.compile(r"^(?:TF Select|Custom) ops: (.+)$", re.MULTILINE)

_OPS: Mapping[Activations, str] = MappingProxyType(
    {
        "int8": "TFLITE_BUILTINS_INT8",
        "int16": "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8",
    }
)
"""What TensorFlow calls the set of operators of a quantisation."""


def to_integers(
    frozen: FrozenGraph,
    calibration: Samples,
    *,
    activations: Activations,
    per_channel_dense: bool,
    per_tensor_weights: bool = False,
    exact_to: ExactTo | None = None,
) -> bytes:
    """Convert a float graph to a ``.tflite`` with int8 weights and integer inputs and outputs.

    Args:
        frozen: The model.
        calibration: Samples whose activations set the ranges.
        activations: Type of everything that moves, inputs and outputs included.
        per_channel_dense: One scale for every output of a Dense layer instead of one in all.
        per_tensor_weights: One scale for the weights of any layer, convolutions too.
        exact_to: Runtime for which functions of one element that it lacks in int8 become tables of
            int8 activations; None leaves them to TensorFlow.

    Returns:
        The file. TensorFlow may have left float operators in it; see `verify`.

    Raises:
        ModelError: TensorFlow cannot convert the model; names the operators.
    """

    def quantize(ranged: bytes) -> bytes:
        made = quantized(
            ranged, per_channel_dense=per_channel_dense, per_tensor_weights=per_tensor_weights
        )
        return finished(made) if frozen.keeps_functions else made

    if activations == "int8":
        tables_for = exact_to if exact_to and may_have_functions(frozen) else None
        equal = _with_equal_steps(frozen, calibration, quantize, tables_for)
        if equal is not None:
            return equal
        if tables_for is not None:
            file, functions = with_placeholders(to_calibrated(frozen, calibration), tables_for)
            return with_tables(quantize(file), functions)

    def quantised(converter: Any) -> None:
        _set_integers(converter, frozen, calibration, activations)
        converter._experimental_disable_per_channel = per_tensor_weights
        converter._experimental_disable_per_channel_quantization_for_dense_layers = (
            not per_channel_dense
        )

    return _converted(frozen, quantised)


def _with_equal_steps(
    frozen: FrozenGraph,
    calibration: Samples,
    quantize: Callable[[bytes], bytes],
    tables_for: ExactTo | None,
) -> bytes | None:
    """The int8 file whose recurrent layers have equal steps; None: none are, or not equal."""
    if not frozen.states:
        return None
    function = frozen.function()
    sizes = [function.graph.get_tensor_by_name(name).shape for name in frozen.states]
    first = [np.zeros((len(calibration), *size[1:]), np.float32) for size in sizes]
    calibrated = to_calibrated(
        replace(frozen, inputs=(*frozen.inputs, *frozen.states), states=()),
        replace(calibration, inputs=(*calibration.inputs, *first)),
    )
    if tables_for is None:
        return with_equal_steps(calibrated, quantize)
    file, functions = with_placeholders(calibrated, tables_for)
    equal = with_equal_steps(file, quantize)
    return None if equal is None else with_tables(equal, functions)


def to_calibrated(frozen: FrozenGraph, calibration: Samples) -> bytes:
    """Convert a float graph to a float ``.tflite`` that knows the extreme values of every tensor.

    Its operators are those of the int8 file that `quantized` makes of it.

    Args:
        frozen: The model.
        calibration: Samples whose activations are looked at.

    Raises:
        ModelError: TensorFlow cannot convert the model; names the operators.
    """

    def calibrated(converter: Any) -> None:
        _set_integers(converter, frozen, calibration, "int8")
        converter._experimental_calibrate_only = True

    return _converted(frozen, calibrated, finish=lambda tflite: tflite)


def quantized(calibrated: bytes, *, per_channel_dense: bool, per_tensor_weights: bool) -> bytes:
    """Make the int8 file of a calibrated one, by the ranges that stand in it.

    It is what the converter itself does next: `to_integers` gives the same operators and values.

    Args:
        calibrated: What `to_calibrated` made, with the same ranges or others.
        per_channel_dense: As in `to_integers`.
        per_tensor_weights: As in `to_integers`.

    Raises:
        ModelError: TensorFlow cannot quantise the file.
    """
    tf, module = _tf.tensorflow(), _tf.quantizer()
    try:
        with _tf.quiet():
            made = module.mlir_quantize(
                calibrated,
                disable_per_channel=per_tensor_weights,
                input_data_type=tf.int8,
                output_data_type=tf.int8,
                disable_per_channel_for_dense_layers=not per_channel_dense,
            )
            return bytes(module.deduplicate_readonly_buffers(bytes(made)))
    except (_tf.converter_error(), RuntimeError, ValueError) as error:
        raise _explained(None, error) from error


def _set_integers(
    converter: Any, frozen: FrozenGraph, calibration: Samples, activations: Activations
) -> None:
    tf = _tf.tensorflow()
    typed = frozen.typed(calibration.inputs)

    def representative() -> Iterator[list[Any]]:
        for index in range(len(calibration)):
            yield [values[index : index + 1] for values in typed]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.target_spec.supported_ops = [getattr(tf.lite.OpsSet, _OPS[activations])]
    converter.inference_input_type = tf.as_dtype(activations)
    converter.inference_output_type = tf.as_dtype(activations)


def to_floats(frozen: FrozenGraph) -> bytes:
    """Convert a float graph to a float ``.tflite``: its operators are those of a quantised one.

    Raises:
        ModelError: TensorFlow cannot convert the model; names the operators.
    """
    return _converted(frozen, lambda converter: None)


def _converted(
    frozen: FrozenGraph,
    prepare: Callable[[Any], None],
    finish: Callable[[bytes], bytes] = finished,
) -> bytes:
    try:
        with _tf.quiet():
            # No trackable object: that way would go through a SavedModel on disk, rename the
            # inputs and outputs, and find nothing more, since the graph has no variables.
            converter = _tf.tensorflow().lite.TFLiteConverter.from_concrete_functions(
                [frozen.function()]
            )
            prepare(converter)
            if not frozen.keeps_functions:
                return bytes(converter.convert())
            _keep_functions(converter)
            # It holds a hash of what `finished` evens out.
            converter.exclude_conversion_metadata = True
            with _tf.calibration_from_zero():
                return finish(bytes(converter.convert()))
    except (_tf.converter_error(), RuntimeError, ValueError) as error:
        raise _explained(frozen, error) from error


def _keep_functions(converter: Any) -> None:
    """Take the graph as it is: freezing it once more would forget what its functions stand for."""
    (function,) = converter._funcs
    graph_def = function.graph.as_graph_def()
    converter._freeze_concrete_function = lambda: (
        graph_def, list(function.inputs), list(function.outputs), function,
    )  # fmt: skip


def _explained(frozen: FrozenGraph | None, error: Exception) -> ModelError:
    text = str(error)
    kinds = set(_UNSUPPORTED_OP.findall(text))
    for listed in _UNSUPPORTED_LIST.findall(text):
        kinds |= {kind.strip() for kind in listed.split(",")}
    reasons = tuple(
        f"{op} {name!r}: TensorFlow Lite has no such operator"
        for name, op in (() if frozen is None else frozen.nodes())
        if op in kinds
    )
    if reasons:
        instead = instead_of(sorted(kinds))
        return ModelError(
            "the model cannot be converted to TensorFlow Lite",
            reasons=reasons,
            hint="replace these layers by ones that TensorFlow Lite has"
            if instead is None
            else f"instead of these layers: {instead}",
        )
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return ModelError(
        f"TensorFlow cannot quantise the model: {lines[0] if lines else type(error).__name__}",
        hint="tinycompress --debug shows the converter's own output",
    )
