"""A model as one frozen graph with batch 1: what every kind of source becomes before conversion.

``TFLiteConverter.from_keras_model`` exports a dynamic batch, which costs SHAPE, STRIDED_SLICE and
PACK operators around every Flatten of a Keras 3 model. Tracing with a fixed batch of 1 and turning
the variables into constants avoids that for Keras 3, tf_keras and SavedModels alike, needs no
temporary files, and yields a graph that another process can convert without the user's classes.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress.conversion.graphs.rewrites import rewrite
from tinycompress.conversion.load import SourceModel
from tinycompress.conversion.pure import require_pure
from tinycompress.conversion.recurrent import fusing, unrolling
from tinycompress.errors import ConfigError, ModelError
from tinycompress.ir.steps import is_first_state

_SIGNATURE = "serving_default"
# The converter of TensorFlow 2.21 ends the process (segmentation fault) when it quantises these.
_LOOP_OPS = re.compile(r"^(Stateless)?(While|If)$|^TensorList")
_INDEX_TYPES = ("int32", "int64")
_CALL_SCOPES = re.compile(r"^(?:(?:Stateful)?PartitionedCall(?:_\d+)?/)+")
_BOLD = re.compile(r"\x1b\[1m(.+?)\x1b\[0m")
_NOT_IN_A_SCOPE = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True)
class InputSpec:
    """An input as the model declares it; the first dimension is the batch, None is unknown.

    ``dtype`` is ``int32`` where the model takes integers as they are, such as the indices of an
    Embedding, else ``float32``.
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class FrozenGraph:
    """A TensorFlow graph without variables: float32 with int32 indices, batch 1.

    ``graph_def`` is the serialised GraphDef; inputs and outputs are names of its tensors (such as
    ``x:0``) in the model's order. ``unrolled`` has the time steps of recurrent layers that were
    loops in the model, by layer, and ``not_fused`` why each is no operator. ``keeps_functions``
    says that nodes call functions which the converter must find as they are, since it makes an
    operator of each: LSTM layers, whose state begins at 0 with every sample. ``states`` are the
    tensors of the first states of layers whose steps are nodes of their own: zeros, unless they are
    fed.
    """

    graph_def: bytes
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    unrolled: Mapping[str, int] = field(default_factory=dict)
    not_fused: Mapping[str, str] = field(default_factory=dict)
    keeps_functions: bool = False
    states: tuple[str, ...] = ()

    def function(self) -> Any:
        """The graph as a TensorFlow concrete function."""
        tf = _tf.tensorflow()
        graph_def = tf.compat.v1.GraphDef.FromString(self.graph_def)
        wrapped = tf.compat.v1.wrap_function(
            lambda: tf.graph_util.import_graph_def(graph_def, name=""), []
        )
        tensor = wrapped.graph.get_tensor_by_name
        return wrapped.prune([tensor(n) for n in self.inputs], [tensor(n) for n in self.outputs])

    def typed(self, samples: Sequence[npt.NDArray[Any]]) -> list[npt.NDArray[Any]]:
        """Samples, an array for every input, in the type that each input takes."""
        tf = _tf.tensorflow()
        graph_def = tf.compat.v1.GraphDef.FromString(self.graph_def)
        kinds = {
            f"{node.name}:0": node.attr["dtype"].type or node.attr["T"].type
            for node in graph_def.node
        }
        return [
            values.astype(tf.as_dtype(kinds[name]).as_numpy_dtype)
            for name, values in zip(self.inputs, samples, strict=True)
        ]

    def nodes(self) -> tuple[tuple[str, str], ...]:
        """Name and TensorFlow op of every node."""
        graph_def = _tf.tensorflow().compat.v1.GraphDef.FromString(self.graph_def)
        return tuple((node.name, node.op) for node in graph_def.node)


def input_specs(source: SourceModel) -> tuple[InputSpec, ...]:
    """What a model expects.

    The inputs of a SavedModel are ordered by name, since its signature has no order of its own.

    Raises:
        ModelError: An input has no shape, or a fixed batch other than 1.
    """
    if source.kind == "saved_model":
        _, keywords = _signature(source).structured_input_signature
        specs = [
            InputSpec(name, _shape(source, name, keywords[name]), _dtype(keywords[name]))
            for name in sorted(keywords)
        ]
    else:
        specs = []
        for tensor in source.model.inputs:
            name = tensor.name.split(":")[0]
            specs.append(InputSpec(name, _shape(source, name, tensor), _dtype(tensor)))
    for spec in specs:
        if spec.shape and spec.shape[0] not in (None, 1):
            raise ModelError(
                f"input {spec.name!r} of {source.name} has the fixed batch {spec.shape[0]};"
                " the firmware takes one sample at a time",
                hint="build the model with batch size 1 or None",
            )
    return tuple(specs)


def freeze(
    source: SourceModel,
    shapes: tuple[tuple[int, ...], ...],
    *,
    unroll_because: str | None = None,
    stateful: bool = False,
) -> FrozenGraph:
    """Trace a model with batch 1 and freeze its variables.

    Args:
        source: A Keras model or SavedModel.
        shapes: Shape of one sample for every input, without the batch.
        unroll_because: Why no LSTM may become one operator; None: those may that can.
        stateful: Whether layers may be stateful: who asks lets state be kept between invocations.

    Raises:
        ModelError: The model cannot be traced, or its graph has loops.
    """
    tf = _tf.tensorflow()
    specs = input_specs(source)
    signature = [
        tf.TensorSpec((1, *shape), spec.dtype, name=scope_name(spec.name))
        for spec, shape in zip(specs, shapes, strict=True)
    ]
    call = _call(source, [spec.name for spec in specs])
    if source.kind == "saved_model":
        require_pure(source.name, _signature(source))
    try:
        with (
            _tf.quiet(),
            unrolling.without_loops(source, unroll_because, stateful=stateful) as recurrent,
            _layer_scopes(source),
        ):
            traced = tf.function(call, input_signature=signature, autograph=False)
            constant = _tf.variables_to_constants(traced.get_concrete_function())
    except ModelError:
        raise
    # The model's own code runs here, and it may raise whatever it likes.
    except Exception as error:
        raise ModelError(
            f"{source.name} cannot be traced with a batch of 1: {_said(error)}",
            hint="check that model(x, training=False) works for x of batch size 1",
        ) from error
    frozen = _without_call_scopes(constant)
    _refuse_loops(source, frozen, recurrent)
    return replace(frozen, unrolled=recurrent.steps, not_fused=recurrent.reasons)


def _said(error: Exception) -> str:
    """What went wrong in a line; Keras says it in bold, between where and with which arguments."""
    text = str(error).strip()
    bold = _BOLD.search(text)
    return bold[1] if bold else text.splitlines()[0] if text else repr(error)


def predict(
    frozen: FrozenGraph, inputs: tuple[npt.NDArray[np.float32], ...]
) -> tuple[npt.NDArray[np.float32], ...]:
    """Run the float model.

    Args:
        frozen: The model.
        inputs: One float32 array of shape (n, ...) for every input.

    Returns:
        One float32 array of shape (n, ...) for every output.
    """
    tf = _tf.tensorflow()
    function = frozen.function()
    rows: list[list[Any]] = []
    for sample in zip(*frozen.typed(inputs), strict=True):
        outputs = function(*(tf.constant(value[np.newaxis]) for value in sample))
        rows.append([np.asarray(output)[0] for output in outputs])
    return tuple(np.stack(column).astype(np.float32) for column in zip(*rows, strict=True))


def _shape(source: SourceModel, name: str, tensor: Any) -> tuple[int | None, ...]:
    try:
        return tuple(None if size is None else int(size) for size in tensor.shape)
    except ValueError as error:  # TensorFlow's "unknown rank"
        raise ModelError(
            f"input {name!r} of {source.name} has no shape",
            hint="export the model with a fixed input shape",
        ) from error


def _dtype(tensor: Any) -> str:
    return "int32" if getattr(tensor.dtype, "name", tensor.dtype) in _INDEX_TYPES else "float32"


def _signature(source: SourceModel) -> Any:
    signatures = dict(source.model.signatures) if hasattr(source.model, "signatures") else {}
    if _SIGNATURE in signatures:
        return signatures[_SIGNATURE]
    if len(signatures) == 1:
        return next(iter(signatures.values()))
    raise ConfigError(
        f"the SavedModel {source.name} has no signature {_SIGNATURE!r}; it has:"
        f" {', '.join(sorted(signatures)) or 'none'}",
        hint="model.export(directory) writes one; or pass signatures= to tf.saved_model.save",
    )


def _call(source: SourceModel, names: list[str]) -> Callable[..., list[Any]]:
    tf = _tf.tensorflow()
    if source.kind == "saved_model":
        signature = _signature(source)

        def call_signature(*inputs: Any) -> list[Any]:
            outputs = signature(**dict(zip(names, inputs, strict=True)))
            return [outputs[name] for name in sorted(outputs)]

        return call_signature

    def call_model(*inputs: Any) -> list[Any]:
        argument = inputs[0] if len(inputs) == 1 else list(inputs)
        return list(tf.nest.flatten(source.model(argument, training=False)))

    return call_model


@contextlib.contextmanager
def _layer_scopes(source: SourceModel) -> Iterator[None]:
    """Name the operators of a Keras 3 model after its layers while it is traced.

    Keras 3 opens each layer's name scope twice, for building and for calling, so that TensorFlow
    calls what belongs to the layer ``conv2d`` ``conv2d_1``, which may well be another layer's name.
    Every report downstream shows these names. tf_keras gets them right by itself.
    """
    if source.kind != "keras":
        yield
        return
    stack: list[str] = []
    layers = list({id(layer): layer for layer in _layers(source.model)}.values())
    before = [layer.__dict__.get("call") for layer in layers]
    try:
        for layer in layers:
            # Past Keras's own __setattr__, which would track the wrapper as state of the layer.
            object.__setattr__(layer, "call", _scoped(layer, stack))
        yield
    finally:
        for layer, call in zip(layers, before, strict=True):
            if call is None:
                layer.__dict__.pop("call", None)
            else:
                object.__setattr__(layer, "call", call)


def _layers(model: Any) -> Iterator[Any]:
    yield model
    for layer in getattr(model, "layers", ()):
        yield from _layers(layer)


def scope_name(name: str) -> str:
    """The name with what TensorFlow does not allow in the name of an operator replaced."""
    return _NOT_IN_A_SCOPE.sub("_", name).lstrip("_-") or "unnamed"


def _scoped(layer: Any, stack: list[str]) -> Callable[..., Any]:
    tf = _tf.tensorflow()
    original = layer.call
    name = scope_name(layer.name)

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        stack.append(name)
        try:
            # The final slash makes the name absolute: a shared layer enters its scope again.
            with tf.name_scope("/".join(stack) + "/"):
                return original(*args, **kwargs)
        finally:
            stack.pop()

    return call


def _without_call_scopes(constant: Any) -> FrozenGraph:
    """The graph under names that do not tell how TensorFlow called and numbered its parts."""
    graph_def = constant.graph.as_graph_def()
    renamed = _shorter_names(graph_def)
    for node in graph_def.node:
        node.name = renamed[node.name]
        for position, reference in enumerate(node.input):
            mark = "^" if reference.startswith("^") else ""
            name, colon, index = reference.removeprefix("^").partition(":")
            node.input[position] = f"{mark}{renamed[name]}{colon}{index}"

    keeps_functions = fusing.mark(graph_def)
    parts = rewrite(graph_def)

    def tensor_name(tensor: Any) -> str:
        while tensor.op.type == "Identity":
            tensor = tensor.op.inputs[0]
        name = f"{renamed[tensor.op.name]}:{tensor.value_index}"
        return parts.get(name, name)

    return FrozenGraph(
        graph_def.SerializeToString(deterministic=True),
        tuple(tensor_name(tensor) for tensor in constant.inputs),
        tuple(tensor_name(tensor) for tensor in constant.outputs),
        keeps_functions=keeps_functions,
        states=tuple(f"{node.name}:0" for node in graph_def.node if is_first_state(node.name)),
    )


def _shorter_names(graph_def: Any) -> dict[str, str]:
    """New names of all nodes: without the scopes of inlined calls, where that is unambiguous.

    The constants of a SavedModel are named by numbers that differ from run to run; each gets the
    name of what first uses it.
    """
    wanted = {node.name: _CALL_SCOPES.sub("", node.name) for node in graph_def.node}
    for node in graph_def.node:
        for reference in node.input:
            name = reference.removeprefix("^").partition(":")[0]
            if wanted[name].isdigit():
                wanted[name] = f"{node.name}/value"
    times = Counter(wanted.values())
    return {old: new if times[new] == 1 else old for old, new in wanted.items()}


def _refuse_loops(source: SourceModel, frozen: FrozenGraph, recurrent: unrolling.Recurrent) -> None:
    loops = tuple(
        f"{op} {name!r}: loops and branches cannot be quantised"
        for name, op in frozen.nodes()
        if _LOOP_OPS.match(op)
    )
    if not loops:
        return
    long = [
        f"{name!r} ({steps} steps; {recurrent.reasons[name]})"
        for name, steps in recurrent.steps.items()
        if steps > unrolling.MAX_STEPS
    ]
    if long:
        hint = (
            f"recurrent layers are unrolled up to {unrolling.MAX_STEPS} time steps: shorten the"
            f" sequence before {' and '.join(long)}, for example with a strided Conv1D"
        )
    elif source.kind == "saved_model":
        hint = (
            "give the Keras model instead, whose recurrent layers are unrolled here; or build them"
            " with unroll=True before exporting"
        )
    else:
        hint = "replace the layers that these operators come from"
    raise ModelError(f"{source.name} has loops in its graph", reasons=loops, hint=hint)
