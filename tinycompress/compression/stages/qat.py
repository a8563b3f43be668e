"""Stage ``qat``: TF-MOT's quantisation-aware training on folded kernels, earlier work kept.

BatchNormalization is folded before the training: what is trained is what the int8 file holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from tinycompress import _tf
from tinycompress.compression.checks.promises import projections
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.kernels import OUTPUT_AXES
from tinycompress.compression.network.lower import relus_apart
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.network.one_dimensional import as_two_dimensional
from tinycompress.compression.stages.base import StageSpec, State, Table
from tinycompress.compression.stages.options import TrainedStage
from tinycompress.compression.stages.quantize_configs import (
    custom_objects,
    quantize_config,
    supported_kinds,
)
from tinycompress.compression.training.entropy import coded_kernels
from tinycompress.compression.training.fine_tune import fine_tune
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ModelError

_NOISE = ("GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization")
_RANGE_BATCHES = 30
_MOVING_SHARE = 0.001
"""Share of the way that TF-MOT's moving averages go in one step."""


class Qat(TrainedStage):
    """Fine-tuning with int8 rounding in the loop; zeros and clusters of earlier stages are kept."""

    kind: Literal["qat"] = "qat"


def qat(state: State, options: Qat, trainer: Trainer) -> State:
    """Fine-tune a network with int8 rounding in the loop.

    Args:
        state: The model and what was promised of it.
        options: How to train.
        trainer: Data and teacher.

    Returns:
        The network with the trained weights; ``export_model`` is the model to convert.

    Raises:
        ModelError: A layer that TF-MOT cannot train so; all are named.
    """
    network = _prepared(state.network)
    model = _quantized(network, trainer)
    variables = dict(_kernel_variables(model))
    _require_all_kernels(network, variables)
    kept = projections(network, state.promises, trainer.seed)
    _find_ranges(model, trainer, options)
    fine_tune(
        model,
        trainer,
        options.fine_tune,
        options.distill,
        kernels={name: (variables[name], project) for name, project in kept.items()},
        coded=coded_kernels(network, variables.__getitem__),
        label="qat",
    )
    _refresh_weight_ranges(model)
    return State(
        _trained_network(network, model, variables), state.promises, (), export_model=model
    )


def _prepared(network: Network) -> Network:
    network = relus_apart(as_two_dimensional(fold_batch_norms(network)))
    for layer in tuple(network.layers.values()):
        if layer.kind in _NOISE:
            for _ in network.calls_of(layer.name):
                network = network.without_call(network.calls_of(layer.name)[0])
    supported = supported_kinds()
    problems = tuple(
        f"layer {layer.name!r} ({layer.kind}): cannot be trained with int8 rounding"
        for layer in network.layers.values()
        if layer.kind not in supported
    )
    shared = tuple(
        f"layer {layer.name!r} ({layer.kind}): it is shared, and its uses differ in range"
        for layer in network.layers.values()
        if layer.weights and len(network.calls_of(layer.name)) > 1
    )
    if problems or shared:
        raise ModelError(
            f"qat does not work for model {network.name!r}",
            reasons=problems + shared,
            hint="leave qat out of the recipe: the model is then quantised after training",
        )
    return network


def _quantized(network: Network, trainer: Trainer) -> Any:
    _tf.make_deterministic(trainer.seed)
    tfmot = _tf.tfmot().quantization.keras
    plain = build_model(network, "tf_keras")

    def annotate(layer: Any) -> Any:
        if type(layer).__name__ == "InputLayer":
            return layer
        config = quantize_config(network.layers[layer.name], network)
        if type(layer).__name__ == "ReLU":
            layer = custom_objects()["FusedReLU"].from_config(layer.get_config())
        return tfmot.quantize_annotate_layer(layer, quantize_config=config)

    try:
        with _tf.quiet(), tfmot.quantize_scope(custom_objects()):
            annotated = _tf.tf_keras().models.clone_model(plain, clone_function=annotate)
            return tfmot.quantize_apply(annotated)
    except (ValueError, RuntimeError, NotImplementedError) as error:
        raise ModelError(
            f"TF-MOT cannot prepare model {network.name!r} for qat: {error}",
            hint="leave qat out of the recipe: the model is then quantised after training",
        ) from error


def _wrappers(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "_weight_vars") and hasattr(layer, "quantize_config"):
            yield layer


def _kernel_variables(model: Any) -> Iterator[tuple[str, Any]]:
    for wrapper in _wrappers(model):
        for variable, _, _ in wrapper._weight_vars:
            yield wrapper.layer.name, variable


def _require_all_kernels(network: Network, variables: dict[str, Any]) -> None:
    missing = tuple(
        f"layer {layer.name!r} ({layer.kind}): TF-MOT would not round its kernel"
        for layer in network.layers.values()
        if layer.kind in OUTPUT_AXES and layer.name not in variables
    )
    if missing:
        raise ModelError(
            f"qat does not work for model {network.name!r}",
            reasons=missing,
            hint="leave qat out of the recipe: the model is then quantised after training",
        )


def _find_ranges(model: Any, trainer: Trainer, options: Qat) -> None:
    """Start the activation ranges from data.

    TF-MOT starts all of them at [-6, 6] and lets them drift by a thousandth per step: after a
    short training the int8 grid of the export would still be mostly unused.
    """
    for layer in model.layers:
        if hasattr(layer, "quantizer_vars") and hasattr(layer, "quantizer"):
            # An input's range only ever widens, so it starts at what the data span.
            source = layer._inbound_nodes[0].inbound_layers.name
            values = trainer.train.inputs[list(model.input_names).index(source)]
            layer.quantizer_vars["min_var"].assign(min(float(values.min()), 0.0))
            layer.quantizer_vars["max_var"].assign(max(float(values.max()), 0.0))
    ranges = list(_activation_ranges(model))
    generator = np.random.default_rng(trainer.seed)
    size = min(options.fine_tune.batch_size, len(trainer.train))
    settled: list[Array] = []
    for turn in range(_RANGE_BATCHES):
        batch = trainer.train.take(generator.choice(len(trainer.train), size, replace=False))
        before = [variable.numpy().astype(np.float64) for variable in ranges]
        model(list(batch.inputs) if len(batch.inputs) > 1 else batch.inputs[0], training=True)
        # The quantizers move by a fixed small share of the way; this is where they move to.
        aims = [
            old + (variable.numpy() - old) / _MOVING_SHARE
            for old, variable in zip(before, ranges, strict=True)
        ]
        _assign(ranges, aims)
        if turn >= _RANGE_BATCHES // 2:
            settled.append(np.array(aims))
    _assign(ranges, list(np.mean(settled, axis=0)))


def _assign(ranges: list[Any], values: list[Any]) -> None:
    for variable, value in zip(ranges, values, strict=True):
        low = variable.name.endswith("min:0")
        variable.assign(min(float(value), 0.0) if low else max(float(value), 0.0))


def _activation_ranges(model: Any) -> Iterator[Any]:
    """The variables of all ranges that follow a moving average: those of activations."""
    for wrapper in _wrappers(model):
        of_weights = {
            id(variable) for _, _, ranges in wrapper._weight_vars for variable in ranges.values()
        }
        for variable in wrapper.non_trainable_weights:
            if variable.name.endswith(("min:0", "max:0")) and id(variable) not in of_weights:
                yield variable


def _refresh_weight_ranges(model: Any) -> None:
    """Let the weights' ranges be those of the weights after the last step, as the export rounds."""
    for wrapper in _wrappers(model):
        for variable, quantizer, ranges in wrapper._weight_vars:
            # Calling it in training mode is what makes a LastValueQuantizer take the range over.
            quantizer(variable, training=True, weights=ranges)


def _trained_network(network: Network, model: Any, variables: dict[str, Any]) -> Network:
    wrapped = {wrapper.layer.name: wrapper.layer for wrapper in _wrappers(model)}
    changed = []
    for layer in network.layers.values():
        if layer.kind not in OUTPUT_AXES:
            continue
        weights = [variables[layer.name].numpy()]
        if layer.config.get("use_bias", True):
            weights.append(wrapped[layer.name].bias.numpy())
        changed.append(
            Layer(
                layer.name,
                layer.kind,
                layer.config,
                tuple(np.array(weight, np.float32) for weight in weights),
                layer.trainable,
            )
        )
    for layer in network.layers.values():
        if layer.kind == "PReLU":
            alpha = np.array(wrapped[layer.name].alpha.numpy(), np.float32)
            changed.append(Layer(layer.name, layer.kind, layer.config, (alpha,), layer.trainable))
    return network.with_layers(changed)


def _trains_for_int8(tables: Sequence[Table], index: int) -> str:
    if any(t.get("kind") == "convert" and t.get("activations") == "int16" for t in tables):
        return "trains for int8 activations; with int16 leave qat out: they need no training"
    return ""


SPEC = StageSpec(
    Qat,
    summary="trains with int8 rounding in the loop",
    run=qat,
    promises="the file computes what was trained",
    last="qat trains for the int8 grid and must be the last training",
    conflict=_trains_for_int8,
)
