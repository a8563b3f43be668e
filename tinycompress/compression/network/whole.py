"""Layers and operations of Keras 3 that are kept whole: what no table of layer types knows.

``x[:, 1:5]``, ``keras.ops.glu(x)`` or AdaptiveAveragePooling2D need no layer of tf_keras: Keras 3
runs on TensorFlow here, so that its own code computes inside a tf_keras layer, with variables of
tf_keras in the place of its weights. Stages change the layers around them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.network.network import Layer
from tinycompress.compression.network.nodes import is_symbolic

TF_KERAS_CLASS = "OfKeras3"
"""Name of the tf_keras class of such layers."""

POINTWISE = frozenset(
    {"Abs", "Celu", "Clip", "Elu", "Exp", "Gelu", "HardShrink", "HardTanh", "LeakyRelu",
     "LogSigmoid", "Mish", "Negative", "Selu", "SoftShrink", "Softplus", "Softsign", "SparsePlus",
     "SparseSigmoid", "Sqrt", "Square", "Squareplus", "TanhShrink", "Threshold"}
)  # fmt: skip
"""Operations on one element each."""

POOLING = frozenset(
    {f"Adaptive{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)}
    | {f"{kind}Pooling3D" for kind in ("Average", "Max")}
    | {f"Global{kind}Pooling3D" for kind in ("Average", "Max")}
)
"""Layers that pool every channel by itself."""

_RECURRENT_CLASSES = frozenset({"RNN", "Bidirectional", "ConvLSTM"})


@dataclass(frozen=True)
class Slot:
    """The place of a tensor in the arguments of a call."""

    index: int


def whole_config(
    operation: Any, arguments: tuple[Sequence[Any], Mapping[str, Any]], output: int | None
) -> dict[str, Any]:
    """Configuration of a layer that is kept whole.

    Args:
        operation: A layer or an operation of Keras 3.
        arguments: What it is called with, by place and by name; symbolic tensors are numbered in
            their order.
        output: Which of several outputs is meant; None: the only one.
    """
    numbers = iter(range(1_000_000))
    args, kwargs = arguments
    with _tf.quiet():
        serialized = _tf.keras().saving.serialize_keras_object(operation)
    return {
        "serialized": serialized,
        "args": tuple(_template(value, numbers) for value in args),
        "kwargs": {name: _template(value, numbers) for name, value in kwargs.items()},
        "output": output,
    }


def is_whole(layer: Layer) -> bool:
    """Whether a layer is kept whole."""
    return "serialized" in layer.config


def keeps_channels(layer: Layer, before: tuple[int | None, ...]) -> bool:
    """Whether the channels of what a whole layer makes are those that it gets, in their order.

    Args:
        layer: Kept whole.
        before: Shape of its input, without the batch dimension.
    """
    if layer.kind == "GetItem":
        return _keeps_last(layer.config["args"][1], len(before) + 1)
    return layer.kind in POINTWISE | POOLING


def has_loop(operation: Any) -> bool:
    """Whether a layer of Keras 3 takes a sequence step by step, or a layer inside it does."""
    if any(cls.__name__.startswith(tuple(_RECURRENT_CLASSES)) for cls in type(operation).__mro__):
        return True
    return any(has_loop(inner) for inner in getattr(operation, "_layers", ()))


def keras_3_object(layer: Layer) -> Any:
    """The layer or operation itself, not built."""
    serialized = layer.config["serialized"]
    config = dict(serialized["config"])
    if "name" in config:
        config["name"] = layer.name
    return _tf.keras().saving.deserialize_keras_object({**serialized, "config": config})


def called(layer: Layer, function: Callable[..., Any], sources: Sequence[Any]) -> Any:
    """What a layer's own arguments and tensors make of a function: the output that is meant."""
    found = function(
        *_filled(layer.config["args"], sources),
        **{name: _filled(value, sources) for name, value in layer.config["kwargs"].items()},
    )
    output = layer.config["output"]
    return found if output is None else list(found)[output]


def tf_keras_layer(layer: Layer) -> Any:
    """The tf_keras layer that computes it."""
    return _tf_keras_class()(layer, name=layer.name)


def whole_of(tf_keras_layer: Any) -> tuple[str, dict[str, Any]]:
    """Kind and configuration of what a tf_keras layer of `TF_KERAS_CLASS` computes."""
    held: Layer = tf_keras_layer.held.layer
    return held.kind, dict(held.config)


@dataclass(frozen=True, eq=False)
class _Held:
    """What tf_keras is not to look into for variables."""

    layer: Layer
    operation: Any


@cache
def _tf_keras_class() -> Any:
    tf_keras, keras = _tf.tf_keras(), _tf.keras()

    class OfKeras3(tf_keras.layers.Layer):  # type: ignore[name-defined, misc]
        """A layer or operation of Keras 3; it always infers, in training too."""

        def __init__(self, layer: Layer, **options: Any) -> None:
            super().__init__(**options)
            self.held = _Held(layer, keras_3_object(layer))
            self.supports_masking = True

        def build(self, input_shape: Any) -> None:
            for number, weight in enumerate(self.held.layer.weights):
                self.add_weight(f"weight_{number}", weight.shape, trainable=True)
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            sources = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
            operation = self.held.operation
            if not isinstance(operation, keras.Layer):
                return called(self.held.layer, operation.call, sources)
            shaped = [keras.KerasTensor(one.shape, one.dtype.name) for one in sources]
            if not operation.built:
                with _tf.tensorflow().init_scope():
                    called(self.held.layer, operation, shaped)
            pairs = list(zip(operation.weights, self.weights, strict=True))
            with keras.StatelessScope(state_mapping=pairs):
                return called(self.held.layer, operation, sources)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            handed_on = getattr(self.held.operation, "supports_masking", False)
            masks = mask if isinstance(mask, (list, tuple)) else [mask]
            return masks[0] if handed_on else None

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "layer": self.held.layer}

    return OfKeras3


def _template(value: Any, numbers: Iterator[int]) -> Any:
    if is_symbolic(value):
        return Slot(next(numbers))
    if isinstance(value, (list, tuple)):
        return type(value)(_template(item, numbers) for item in value)
    if hasattr(value, "numpy"):
        return np.asarray(value.numpy())
    return value


def _filled(template: Any, sources: Sequence[Any]) -> Any:
    if isinstance(template, Slot):
        return sources[template.index]
    if isinstance(template, (list, tuple)):
        return type(template)(_filled(item, sources) for item in template)
    return template


def _keeps_last(key: Any, rank: int) -> bool:
    """Whether an index of an array of a rank leaves its last axis as it is."""
    parts = list(key) if isinstance(key, (list, tuple)) else [key]
    if any(part is None for part in parts):
        return False
    if Ellipsis in parts:
        return parts[-1] is Ellipsis or parts[-1] == slice(None)
    return len(parts) < rank or parts[-1] == slice(None)
