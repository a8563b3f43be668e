"""Read a Keras 3 or tf_keras model into a :class:`Network`, or say which parts cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._tf import KerasName
from tinycompress.compression.network.layer_types import (
    EACH_STEP_ALONE,
    LAYER_TYPES,
    OPERATIONS,
    PASSED_ON,
    RECURRENT,
    SAME_IN_TRAINING,
    UntranslatableError,
    canonical_config,
)
from tinycompress.compression.network.network import Call, Input, Layer, Network
from tinycompress.compression.network.nodes import (
    Key,
    arguments_of,
    dtype_of,
    flat,
    given_options,
    inputs_of,
    is_symbolic,
    key_of,
    nodes_of,
    outputs_of,
    shape_of,
)
from tinycompress.compression.network.scalars import as_rescaling
from tinycompress.compression.network.whole import (
    TF_KERAS_CLASS,
    has_loop,
    keras_3_object,
    whole_config,
    whole_of,
)
from tinycompress.errors import ConfigError, ModelError


def read_network(model: Any) -> Network:
    """Read a built Sequential or Functional model; nested models are flattened.

    Args:
        model: A ``keras.Model`` or ``tf_keras.Model``; it is not changed.

    Returns:
        The network; layers keep their names (inner ones of nested models get the outer's name in
        front where they would clash). What no output depends on is left out.

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
        inputs.append(Input(name, shape_of(tensor), value, dtype_of(tensor)))
        reader.taken.add(name)
    outputs = reader.read(functional, [source.value for source in inputs], "")
    reader.problems += _output_problems(functional)
    if reader.problems:
        raise ModelError(
            f"model {model.name!r} cannot be compressed: some layers cannot be rebuilt",
            reasons=tuple(dict.fromkeys(reader.problems)),
            hint="; ".join(dict.fromkeys(reader.hints)) or _HINT,
        )
    calls = tuple(reader.calls)
    return Network(model.name, tuple(inputs), reader.layers, calls, tuple(outputs)).live()


_HINT = "replace these layers, or take them out of the model before compressing"
_HINTS = {
    "stateful": "build the model with stateful=False and the same weights, compress that, and"
    " convert the result with --streaming: the device then keeps the state",
    "RNN": "use the layers LSTM, GRU or SimpleRNN instead of cells and of recurrent convolutions",
}


@dataclass
class _Reader:
    keras: KerasName
    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    names: dict[tuple[int, int | None], str] = field(default_factory=dict)
    values: int = 0

    def new_value(self) -> int:
        self.values += 1
        return self.values - 1

    def refuse(self, layer: Any, what: str) -> None:
        """Note that a layer cannot be rebuilt, and what helps."""
        kind = type(layer).__name__
        self.problems.append(f"layer {layer.name!r} ({kind}): {what}")
        loop = what.startswith("class ") and _is_kerass(layer) and has_loop(layer)
        found = "stateful" if what.startswith("stateful=True") else "RNN" if loop else None
        if found:
            self.hints.append(_HINTS[found])

    def read(self, model: Any, inputs: list[int], prefix: str) -> list[int]:
        """Append the calls of one (possibly nested) model; the values of its outputs."""
        known: dict[Key, int] = {
            key_of(tensor): value for tensor, value in zip(model.inputs, inputs, strict=True)
        }
        for node, layer in nodes_of(model, self.keras):
            outputs = outputs_of(node, self.keras)
            keys = [key_of(tensor) for tensor in outputs]
            if type(layer).__name__ == "InputLayer":
                if keys[0] not in known:
                    self.problems.append(f"layer {layer.name!r}: an input that is not connected")
                    known[keys[0]] = self.new_value()
                continue
            entry = LAYER_TYPES.get(type(layer).__name__)
            given = inputs_of(node, self.keras, entry.arguments if entry else ())
            sources = [known[key_of(tensor)] for tensor in given]
            if _is_model(layer):
                inner = _functional(layer, self.keras)
                results = self.read(inner, sources, f"{prefix}{layer.name}_")
            else:
                results = self.call(node, _unwrapped(layer), sources, outputs, prefix, layer.name)
            known.update(zip(keys, results, strict=True))
        return [known[key_of(tensor)] for tensor in model.outputs]

    def call(
        self, node: Any, layer: Any, sources: list[int], outputs: list[Any], prefix: str, name: str
    ) -> list[int]:
        """The values that a call makes.

        Args:
            node: The call.
            layer: What computes it, out of its wrapper.
            sources: The values that it reads.
            outputs: The tensors that it makes.
            prefix: Name of the models that it is in.
            name: Of the layer in the model.
        """
        if type(layer).__name__ in PASSED_ON and _is_kerass(layer) and len(outputs) == 1:
            return sources
        results = [self.new_value() for _ in outputs]
        several = len(outputs) > 1
        for position, (result, tensor) in enumerate(zip(results, outputs, strict=True)):
            try:
                made = self.layer_of(node, layer, len(sources), position if several else None)
            except UntranslatableError as error:
                self.refuse(layer, str(error))
                break
            options = _options(node, self.keras, made.kind)
            known = self.named(layer, made, name, prefix, position if several else None)
            self.calls.append(Call(known, tuple(sources), result, shape_of(tensor), options))
        return results

    def named(self, layer: Any, made: Layer, name: str, prefix: str, position: int | None) -> str:
        """The name that a layer has in the network; at its first call it is taken in."""
        key = (id(layer), position)
        if key not in self.names:
            found = self.free_name(name if position is None else f"{name}_{position}", prefix)
            self.names[key] = found
            self.taken.add(found)
            self.layers[found] = Layer(found, made.kind, made.config, made.weights, made.trainable)
        return self.names[key]

    def layer_of(self, node: Any, layer: Any, sources: int, output: int | None) -> Layer:
        """What a node computes, not named yet.

        Raises:
            UntranslatableError: That cannot be rebuilt.
        """
        cls = type(layer)
        kind = cls.__name__
        if kind == TF_KERAS_CLASS and hasattr(layer, "held"):
            kind, config = whole_of(layer)
            return self.layer(layer, kind, config)
        if not _is_kerass(layer):
            raise UntranslatableError(f"class {kind} is not supported")
        if self.keras == "keras" and ".ops." in cls.__module__:
            return self.operation(node, layer, sources, output)
        if kind not in LAYER_TYPES:
            return self.whole(node, layer, output)
        problem = _call_problem(node, self.keras, kind, sources)
        if problem:
            raise UntranslatableError(problem)
        if kind == "Normalization":
            return Layer(layer.name, kind, _normalization(layer), (), layer.trainable)
        config = canonical_config(kind, layer.get_config(), self.keras)
        if output is not None:
            raise UntranslatableError("it gives several outputs (allowed: one)")
        return self.layer(layer, kind, config)

    def operation(self, node: Any, operation: Any, sources: int, output: int | None) -> Layer:
        """An operation of Keras 3: a layer that every stage knows, or kept whole."""
        kind = type(operation).__name__
        positional, kwargs = arguments_of(node, self.keras)
        if kind in OPERATIONS and sources == 2:
            return Layer(operation.name, OPERATIONS[kind], {})
        scaling = _scaling(node, kind, [*positional, *kwargs.values()])
        if scaling is not None:
            return Layer(operation.name, "Rescaling", scaling)
        return self.whole(node, operation, output)

    def whole(self, node: Any, layer: Any, output: int | None) -> Layer:
        """A layer or operation that is kept as it is."""
        kind = type(layer).__name__
        if self.keras != "keras" or has_loop(layer):
            raise UntranslatableError(f"class {kind} is not supported")
        args, kwargs = arguments_of(node, self.keras)
        kwargs = {name: value for name, value in kwargs.items() if name != "training"}
        try:
            config = whole_config(layer, (args, kwargs), output)
            made = self.layer(layer, kind, config)
            keras_3_object(made)
        except UntranslatableError:
            raise
        except (AttributeError, NotImplementedError, TypeError, ValueError) as error:
            raise UntranslatableError(f"class {kind} cannot be made again") from error
        return made

    def layer(self, layer: Any, kind: str, config: dict[str, Any]) -> Layer:
        """With the weights of one."""
        compute = getattr(layer, "compute_dtype", None) or "float32"
        if compute != "float32":
            raise UntranslatableError(f"it computes in {compute} (allowed: float32)")
        weights = tuple(getattr(layer, "weights", ()))
        return Layer(
            layer.name,
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


def _input_names(functional: Any) -> list[str]:
    return [tensor._keras_history[0].name for tensor in functional.inputs]


def _output_problems(functional: Any) -> list[str]:
    return [
        f"layer {tensor._keras_history[0].name!r}: the model ends with it, and it gives"
        f" {dtype_of(tensor)} (allowed: float32)"
        for tensor in functional.outputs
        if dtype_of(tensor) != "float32"
    ]


def _unwrapped(layer: Any) -> Any:
    """What a wrapper computes at inference, if that is a layer by itself.

    SpectralNormalization only changes the kernel while a model is trained; TimeDistributed does
    nothing to a layer that treats each step alone.
    """
    inner = getattr(layer, "layer", None)
    if not _is_kerass(layer) or inner is None:
        return layer
    kind = type(layer).__name__
    each_alone = kind == "TimeDistributed" and type(inner).__name__ in EACH_STEP_ALONE
    if not _is_kerass(inner) or not (kind == "SpectralNormalization" or each_alone):
        return layer
    return inner


def _scaling(node: Any, kind: str, arguments: list[Any]) -> dict[str, Any] | None:
    """The Rescaling that an operation on floats is, if it is one and changes no shape."""
    tensors, (made, *_) = [one for one in arguments if is_symbolic(one)], flat(node.outputs)
    if len(tensors) != 1 or {str(tensors[0].dtype), str(made.dtype)} != {"float32"}:
        return None
    if tuple(tensors[0].shape) != tuple(made.shape):
        return None
    return as_rescaling(kind, arguments, made.shape[-1])


def _options(node: Any, keras: KerasName, kind: str) -> tuple[tuple[str, Any], ...]:
    """What a layer is told with a call, of what its type may be told."""
    entry = LAYER_TYPES.get(kind)
    given = given_options(arguments_of(node, keras)[1])
    return tuple((name, given[name]) for name in (entry.options if entry else ()) if name in given)


def _call_problem(node: Any, keras: KerasName, kind: str, sources: int) -> str | None:
    """Why one application of a layer is more than layer(inputs), None if it is not."""
    positional, kwargs = arguments_of(node, keras)
    odd = given_options(kwargs)
    if odd.pop("training", None) and kind not in SAME_IN_TRAINING:
        return "called with training=True (allowed: without)"
    odd = {name: value for name, value in odd.items() if name not in LAYER_TYPES[kind].options}
    masks = sorted(name for name in kwargs if name.endswith("mask") and kwargs[name] is not None
                   and any(is_symbolic(one) for one in flat(kwargs[name])))  # fmt: skip
    if masks and keras == "keras":
        return f"called with a tensor as {', '.join(masks)} (allowed: the mask of its input)"
    if odd:
        return f"called with {', '.join(f'{n}={v!r}' for n, v in sorted(odd.items()))}"
    if kind in RECURRENT and sources > 1:
        return "called with an initial state (allowed: without)"
    constants = [
        item for item in flat(list(positional)) if item is not None and not is_symbolic(item)
    ]
    return f"called with a constant {constants[0]!r}" if constants else None
