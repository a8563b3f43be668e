"""Read a Keras 3 or tf_keras model into a :class:`Network`, or say which parts cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._tf import KerasName
from tinycompress.compression.network.layer_types import (
    LAYER_TYPES,
    OPERATIONS,
    PASSED_ON,
    RECURRENT,
    SAME_IN_TRAINING,
    UntranslatableError,
    canonical_config,
)
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.errors import ConfigError, ModelError

_Key = tuple[int, int, int]


def read_network(model: Any) -> Network:
    """Read a built Sequential or Functional model; nested models are flattened.

    Args:
        model: A ``keras.Model`` or ``tf_keras.Model``; it is not changed.

    Returns:
        The network; layers keep their names (inner ones of nested models get the outer's name in
        front where they would clash).

    Raises:
        ConfigError: The object is no Keras model.
        ModelError: Not built, subclassed, or with layers that cannot cross; all are named.
    """
    kind = _tf.keras_of(model)
    if kind is None:
        raise ConfigError(
            f"{type(model).__module__}.{type(model).__name__} is no Keras model",
            hint="pass a keras.Model or a tf_keras.Model",
        )
    reader = _Reader(kind)
    functional = _functional(model, kind)
    inputs = []
    for tensor, name in zip(functional.inputs, _input_names(functional), strict=True):
        value = reader.new_value()
        shape = tuple(None if size is None else int(size) for size in tensor.shape[1:])
        inputs.append(Input(name, shape, value, _dtype(tensor)))
        reader.taken.add(name)
    outputs = reader.read(functional, [source.value for source in inputs], "")
    if reader.problems:
        raise ModelError(
            f"model {model.name!r} cannot be compressed: some layers cannot be rebuilt",
            reasons=tuple(dict.fromkeys(reader.problems)),
            hint=_RECURRENT_HINT
            if reader.recurrent
            else "replace these layers, or take them out of the model before compressing",
        )
    return Network(model.name, tuple(inputs), reader.layers, tuple(reader.calls), tuple(outputs))


_RECURRENT = frozenset({"Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN", "TimeDistributed"})
_RECURRENT_HINT = (
    "recurrent layers are not compressed; tinycompress convert takes the model as it is, with its"
    " weights once in flash: docs/converting.md"
)


@dataclass
class _Reader:
    keras: KerasName
    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    values: int = 0
    recurrent: bool = False

    def new_value(self) -> int:
        self.values += 1
        return self.values - 1

    def read(self, model: Any, inputs: list[int], prefix: str) -> list[int]:
        """Append the calls of one (possibly nested) model; the values of its outputs."""
        known: dict[_Key, int] = {
            _key(tensor): value for tensor, value in zip(model.inputs, inputs, strict=True)
        }
        for node, layer in _nodes(model, self.keras):
            outputs = _tensors(_outputs(node, self.keras))
            keys = [_key(tensor) for tensor in outputs]
            if type(layer).__name__ == "InputLayer":
                if keys[0] not in known:
                    self.problems.append(f"layer {layer.name!r}: an input that is not connected")
                    known[keys[0]] = self.new_value()
                continue
            given = _inputs(node, self.keras, type(layer).__name__)
            sources = [known[_key(tensor)] for tensor in given]
            if _is_model(layer):
                inner = _functional(layer, self.keras)
                results = self.read(inner, sources, f"{prefix}{layer.name}_")
            else:
                results = self.call(node, layer, sources, outputs, prefix)
            known.update(zip(keys, results, strict=True))
        return [known[_key(tensor)] for tensor in model.outputs]

    def call(
        self, node: Any, layer: Any, sources: list[int], outputs: list[Any], prefix: str
    ) -> list[int]:
        if type(layer).__name__ in PASSED_ON and _is_kerass(layer) and len(outputs) == 1:
            return sources
        results = [self.new_value() for _ in outputs]
        kind = self.kind_of(layer, sources)
        problem = _call_problem(node, self.keras, kind, len(sources)) if kind else None
        if kind is None or problem or len(outputs) != 1:
            what = problem or f"class {type(layer).__name__} is not supported"
            self.recurrent = self.recurrent or type(layer).__name__ in _RECURRENT
            self.problems.append(f"layer {layer.name!r} ({type(layer).__name__}): {what}")
            return results
        name = self.layer_name(layer, kind, prefix)
        if name is not None:
            shape = tuple(None if s is None else int(s) for s in outputs[0].shape[1:])
            self.calls.append(Call(name, tuple(sources), results[0], shape))
        return results

    def kind_of(self, layer: Any, sources: list[int]) -> str | None:
        cls = type(layer)
        if not _is_kerass(layer):
            return None
        if self.keras == "keras" and ".ops." in cls.__module__:
            return OPERATIONS.get(cls.__name__) if len(sources) == 2 else None
        return cls.__name__ if cls.__name__ in LAYER_TYPES else None

    def layer_name(self, layer: Any, kind: str, prefix: str) -> str | None:
        if id(layer) in self.names:
            return self.names[id(layer)]
        try:
            made = self.layer(layer, kind, prefix)
        except UntranslatableError as error:
            self.problems.append(f"layer {layer.name!r} ({type(layer).__name__}): {error}")
            return None
        self.names[id(layer)] = made.name
        self.layers[made.name] = made
        self.taken.add(made.name)
        return made.name

    def layer(self, layer: Any, kind: str, prefix: str) -> Layer:
        is_operation = not hasattr(layer, "weights")
        config = {} if is_operation else canonical_config(kind, layer.get_config(), self.keras)
        compute = getattr(layer, "compute_dtype", "float32")
        if compute != "float32":
            raise UntranslatableError(f"it computes in {compute} (allowed: float32)")
        weights = () if is_operation else tuple(layer.weights)
        if kind == "Normalization":
            config, weights = _normalization(layer), ()
        return Layer(
            self.free_name(layer.name, prefix),
            kind,
            config,
            tuple(np.array(weight.numpy(), np.float32) for weight in weights),
            bool(getattr(layer, "trainable", True)),
        )

    def free_name(self, name: str, prefix: str) -> str:
        wishes = [name, f"{prefix}{name}", *(f"{prefix}{name}_{i}" for i in range(1, 10_000))]
        return next(
            wish.replace("/", "_") for wish in wishes if wish.replace("/", "_") not in self.taken
        )


def _normalization(layer: Any) -> dict[str, Any]:
    """Axis, mean and variance of a Normalization layer as they are, adapted or given."""
    if layer.mean is None or layer.variance is None:
        raise UntranslatableError("it was never adapted to data (allowed: after layer.adapt(data))")
    axis = layer.axis
    axes = (axis,) if isinstance(axis, int) else tuple(axis or ())

    def kept(statistic: Any) -> Any:
        # Keras keeps them ready to broadcast; only the sizes of the kept axes are the layer's.
        array = np.array(getattr(statistic, "numpy", lambda: statistic)(), np.float32)
        return array.reshape([array.shape[a] for a in axes])

    return {"axis": axes or None, "mean": kept(layer.mean), "variance": kept(layer.variance)}


def _functional(model: Any, keras: KerasName) -> Any:
    """The graph network behind a model; ModelError if it has none."""
    graph = model
    if type(model).__name__ == "Sequential" and keras == "keras":
        graph = getattr(model, "_functional", None)
    if graph is None or not hasattr(graph, "_nodes_by_depth"):
        built = getattr(model, "built", False)
        is_sequential = any(cls.__name__ == "Sequential" for cls in type(model).__mro__)
        why = (
            "it is a subclass of Model, whose graph is not known"
            if built and not is_sequential
            else "it is not built: its input shape is not known"
        )
        raise ModelError(
            f"model {model.name!r} cannot be compressed",
            reasons=(f"model {model.name!r} ({type(model).__name__}): {why}",),
            hint="use a Sequential or Functional model and call model.build(input_shape)",
        )
    return graph


def _is_kerass(layer: Any) -> bool:
    return type(layer).__module__.split(".")[0] in ("keras", "tf_keras")


def _is_model(layer: Any) -> bool:
    return any(cls.__name__ == "Model" for cls in type(layer).__mro__)


def _nodes(model: Any, keras: KerasName) -> Iterator[tuple[Any, Any]]:
    depths = model._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        for node in depths[depth]:
            yield node, node.operation if keras == "keras" else node.layer


def _tensors(nested: Any) -> list[Any]:
    if isinstance(nested, (list, tuple)):
        return [tensor for item in nested for tensor in _tensors(item)]
    if isinstance(nested, dict):
        return [tensor for key in sorted(nested) for tensor in _tensors(nested[key])]
    return [nested]


def _inputs(node: Any, keras: KerasName, kind: str) -> list[Any]:
    """The tensors that a layer is called with, those with names in the order of these."""
    names = LAYER_TYPES[kind].arguments if kind in LAYER_TYPES else ()
    if not names:
        return _tensors(node.input_tensors if keras == "keras" else node.keras_inputs)
    positional, by_name = _arguments(node, keras)
    given = {**dict(zip(names, positional, strict=False)), **by_name}
    return [given[name] for name in names if hasattr(given.get(name), "_keras_history")]


def _arguments(node: Any, keras: KerasName) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a layer is called with: by place, and by name."""
    if keras == "keras":
        return tuple(node.arguments.args), dict(node.arguments.kwargs)
    return tuple(node.call_args), dict(node.call_kwargs)


def _dtype(tensor: Any) -> str:
    """Of an input: an integer type as it is; all others are computed in float32."""
    name = str(getattr(tensor.dtype, "name", tensor.dtype))
    return name if np.dtype(name).kind in "iu" else "float32"


def _outputs(node: Any, keras: KerasName) -> Any:
    return node.output_tensors if keras == "keras" else node.outputs


def _key(tensor: Any) -> _Key:
    history = tensor._keras_history
    return id(history[0]), int(history[1]), int(history[2])


def _input_names(functional: Any) -> list[str]:
    return [tensor._keras_history[0].name for tensor in functional.inputs]


def _call_problem(node: Any, keras: KerasName, kind: str, sources: int) -> str | None:
    """Why one application of a layer is more than layer(inputs), None if it is not."""
    positional, kwargs = _arguments(node, keras)
    odd = {name: value for name, value in kwargs.items() if value is not None and name != "inputs"}
    if odd.pop("training", None) and kind not in SAME_IN_TRAINING:
        return "called with training=True (allowed: without)"
    odd = {
        name: value for name, value in odd.items()
        if value is not False and not hasattr(value, "_keras_history")
    }  # fmt: skip
    if odd and kind not in OPERATIONS:
        return f"called with {', '.join(f'{n}={v!r}' for n, v in sorted(odd.items()))}"
    if kind in RECURRENT and sources > 1:
        return "called with an initial state (allowed: without)"
    constants = [
        item for item in _tensors(list(positional))
        if item is not None and not hasattr(item, "_keras_history")
    ]  # fmt: skip
    return f"called with a constant {constants[0]!r}" if constants else None
