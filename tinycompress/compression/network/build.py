"""Build a Keras 3 or tf_keras model from a :class:`Network`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._tf import KerasName
from tinycompress.compression.network.bidirectional import make_bidirectional
from tinycompress.compression.network.layer_types import LAYER_TYPES, keras_config
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.network.whole import (
    TF_KERAS_CLASS,
    called,
    is_whole,
    keras_3_object,
    tf_keras_layer,
)
from tinycompress.errors import ModelError


def build_model(network: Network, keras: KerasName) -> Any:
    """Build a functional model with the network's layer names and weights, not compiled.

    Args:
        network: What to build.
        keras: Which Keras to build it in.

    Returns:
        A ``keras.Model`` or ``tf_keras.Model``.

    Raises:
        ModelError: A layer type that this Keras does not have; it is named.
    """
    module = _tf.keras() if keras == "keras" else _tf.tf_keras()
    missing = tuple(
        f"layer {layer.name!r} ({layer.kind}): {keras} {module.__version__} has no such layer"
        for layer in network.layers.values()
        if not is_whole(layer) and not hasattr(module.layers, layer.kind)
    )
    if missing:
        raise ModelError(
            f"model {network.name!r} cannot be built",
            reasons=missing,
            hint=f"pip install --upgrade {keras}, or replace these layers",
        )
    values: dict[int, Any] = {source.value: made_input(module, source) for source in network.inputs}
    made = {name: _make(module, layer, keras) for name, layer in network.layers.items()}
    with warnings.catch_warnings():
        # Keras said so when the model was first made.
        warnings.filterwarnings("ignore", ".*destroy the mask information")
        for call in network.calls:
            sources = [values[value] for value in call.inputs]
            layer = network.layers[call.layer]
            values[call.output] = applied(made[call.layer], layer, call, sources)
    inputs = [values[source.value] for source in network.inputs]
    outputs = [values[value] for value in network.outputs]
    model = module.Model(
        inputs[0] if len(inputs) == 1 else inputs,
        outputs[0] if len(outputs) == 1 else outputs,
        name=network.name,
    )
    for name, layer in network.layers.items():
        if layer.weights:
            made[name].set_weights(list(layer.weights))
        made[name].trainable = layer.trainable
    return model


def made_input(module: Any, source: Input) -> Any:
    """The symbolic tensor of an input, in the Keras of ``module``."""
    return module.layers.Input(source.shape, name=source.name, dtype=source.dtype)


def applied(made: Any, layer: Layer, call: Call, sources: Sequence[Any]) -> Any:
    """What a layer makes of symbolic tensors, given one by one or as a list.

    Args:
        made: The layer in some Keras.
        layer: What it was made from.
        call: The call that is meant.
        sources: What the call reads.
    """
    options = dict(call.options)
    if is_whole(layer):
        in_tf_keras = type(made).__name__ == TF_KERAS_CLASS
        return made(list(sources)) if in_tf_keras else called(layer, made, sources)
    if len(sources) == 1 or LAYER_TYPES[layer.kind].arguments:
        return made(*sources, **options)
    return made(list(sources), **options)


def _make(module: Any, layer: Layer, keras: KerasName) -> Any:
    if is_whole(layer):
        return keras_3_object(layer) if keras == "keras" else tf_keras_layer(layer)
    if layer.kind == "Bidirectional":
        return make_bidirectional(
            module, layer.name, layer.config,
            lambda name, kind, config: _make(module, Layer(name, kind, config), keras),
        )  # fmt: skip
    arguments = keras_config(layer.kind, layer.config, keras)
    for key, value in arguments.items():
        if value is None:
            continue
        if key.endswith("_regularizer"):
            arguments[key] = module.regularizers.deserialize(dict(value))
        elif key.endswith("_constraint"):
            arguments[key] = module.constraints.deserialize(dict(value))
        elif isinstance(value, np.ndarray):
            arguments[key] = value.tolist()
    return getattr(module.layers, layer.kind)(name=layer.name, **arguments)


def weights_of(model: Any, network: Network) -> Network:
    """The network with the weights that a model built from it has now.

    Args:
        model: A model with a layer of the same name for every layer with weights.
        network: The network that it was built from.
    """
    return network.with_layers(
        Layer(
            layer.name,
            layer.kind,
            layer.config,
            tuple(np.array(w, np.float32) for w in model.get_layer(layer.name).get_weights()),
            layer.trainable,
        )
        for layer in network.layers.values()
        if layer.weights
    )
