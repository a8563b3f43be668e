"""Layers and costs of a Keras model or SavedModel, and the operations that are converted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from tinycompress.conversion.frozen import FrozenGraph, InputSpec, freeze, input_specs, scope_name
from tinycompress.conversion.load import ModelKind, SourceModel, load_model
from tinycompress.conversion.recurrent.fusing import CALL, LSTM_OPERANDS, SEQUENCE
from tinycompress.errors import ModelError

_NO_WORK = frozenset({"Const", "Placeholder", "Identity", "NoOp", "ReadVariableOp"})


@dataclass(frozen=True)
class SourceLayer:
    """One layer; of a SavedModel, whose layers are not known, one name scope.

    ``operators`` are the TensorFlow operations that inference needs of it, which the converter gets
    to see; a layer without any is nothing at inference. ``macs`` are of one sample.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int
    macs: int
    operators: tuple[str, ...]


@dataclass(frozen=True)
class SourceSummary:
    """A float model. ``refused`` are the reasons why it cannot be converted; empty if it can.

    Then there are neither ``operators`` nor MACs in ``layers``.
    """

    path: Path
    kind: ModelKind
    inputs: tuple[InputSpec, ...]
    layers: tuple[SourceLayer, ...]
    parameters: int
    macs: int
    refused: tuple[str, ...]


@dataclass(frozen=True)
class _Node:
    name: str
    op: str
    shape: tuple[int | None, ...]
    macs: int
    constants: int


def describe(path: Path) -> SourceSummary:
    """Open a ``.keras``, ``.h5`` or SavedModel and say what is in it.

    Raises:
        ConfigError: There is no model.
        ModelError: It cannot be opened.
    """
    source = load_model(path)
    inputs = input_specs(source)
    try:
        nodes = _nodes(_frozen(source, inputs))
        refused: tuple[str, ...] = ()
    except ModelError as error:
        nodes, refused = (), error.reasons or (error.message,)
    if source.kind == "saved_model":
        layers = tuple(_scopes(nodes))
    else:
        layers = tuple(_layers(source, nodes))
    return SourceSummary(
        path=path,
        kind=source.kind,
        inputs=inputs,
        layers=layers,
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        refused=refused,
    )


def _frozen(source: SourceModel, inputs: tuple[InputSpec, ...]) -> FrozenGraph:
    unknown = tuple(
        f"input {spec.name!r} has the shape {spec.shape}: only the batch may be unknown"
        for spec in inputs
        if None in spec.shape[1:]
    )
    if unknown:
        raise ModelError(
            f"{source.name} has inputs of unknown size",
            reasons=unknown,
            hint="build the model with sizes, such as keras.Input((32, 32, 3)); or convert it:"
            " its sizes are then those of the calibration samples",
        )
    shapes = tuple(tuple(int(s or 1) for s in spec.shape[1:]) for spec in inputs)
    try:
        # Behind a call of a function TensorFlow knows no shapes.
        return freeze(source, shapes, unroll_because="its steps are looked at one by one")
    except ModelError:
        return freeze(source, shapes)


def _nodes(frozen: FrozenGraph) -> tuple[_Node, ...]:
    found = []
    for operation in frozen.function().graph.get_operations():
        if operation.type in _NO_WORK or not operation.outputs:
            continue
        constants = sum(
            _elements(source)
            for source in map(_origin, operation.inputs)
            if source.op.type == "Const" and source.dtype.name == "float32"
        )
        shape = _shape(operation.outputs[0])
        kind = "LSTM" if operation.type == CALL else operation.type
        found.append(_Node(operation.name, kind, shape, _macs(operation), constants))
    return tuple(found)


def _origin(tensor: Any) -> Any:
    while tensor.op.type == "Identity":
        tensor = tensor.op.inputs[0]
    return tensor


def _shape(tensor: Any) -> tuple[int | None, ...]:
    return () if tensor.shape.rank is None else tuple(tensor.shape.as_list())


def _elements(tensor: Any) -> int:
    return prod(size or 1 for size in _shape(tensor))


def _macs(operation: Any) -> int:
    """Multiply-accumulates of one operation on one sample."""
    outputs = _elements(operation.outputs[0])
    if operation.type == "Conv2D":
        return outputs * prod(_shape(operation.inputs[1])[:3])  # type: ignore[arg-type]
    if operation.type == "DepthwiseConv2dNative":
        return outputs * prod(_shape(operation.inputs[1])[:2])  # type: ignore[arg-type]
    if operation.type == "Conv2DBackpropInput":
        height_and_width = _shape(operation.inputs[2])[1:3]
        return prod(size or 1 for size in height_and_width) * _elements(operation.inputs[1])
    if operation.type == "MatMul":
        inner = _shape(operation.inputs[1])[1 if operation.get_attr("transpose_b") else 0]
        return outputs * int(inner or 1)
    if operation.type == CALL:
        x, kernel, recurrent = (operation.inputs[index] for index in LSTM_OPERANDS)
        steps = (_shape(x) or _shape(operation.outputs[SEQUENCE]) or (1, 1))[1]
        return int(steps or 1) * (_elements(kernel) + _elements(recurrent))
    if operation.type in ("BatchMatMul", "BatchMatMulV2"):
        inner = _shape(operation.inputs[0])[-2 if operation.get_attr("adj_x") else -1]
        return outputs * int(inner or 1)
    return 0


def _layers(source: SourceModel, nodes: tuple[_Node, ...]) -> Iterator[SourceLayer]:
    leaves = list(_leaves(source.model, ()))
    paths = [tuple(scope_name(part) for part in path) for path, _ in leaves]
    owned: dict[int, list[_Node]] = {}
    for node in nodes:
        parts = tuple(node.name.split("/"))
        inside = [index for index, path in enumerate(paths) if _contains(parts, path)]
        if inside:
            owner = max(inside, key=lambda index: len(paths[index]))
            owned.setdefault(owner, []).append(node)
    for index, (path, layer) in enumerate(leaves):
        mine = owned.get(index, [])
        yield SourceLayer(
            name="/".join(path),
            kind=type(layer).__name__,
            output_shape=_output_shape(layer, mine),
            parameters=int(layer.count_params()) if hasattr(layer, "count_params") else 0,
            macs=sum(node.macs for node in mine),
            operators=tuple(dict.fromkeys(node.op for node in mine)),
        )


def _leaves(model: Any, parents: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _leaves(layer, (*parents, layer.name))
        else:
            yield (*parents, layer.name), layer


def _contains(parts: tuple[str, ...], path: tuple[str, ...]) -> bool:
    size = len(path)
    return any(parts[at : at + size] == path for at in range(len(parts) - size + 1))


def _output_shape(layer: Any, nodes: list[_Node]) -> tuple[int | None, ...]:
    try:
        shape = layer.output.shape
    # Both Kerases raise for a layer that is shared or was never called on its own.
    except (AttributeError, ValueError, RuntimeError):
        return nodes[-1].shape if nodes else ()
    return tuple(None if size is None else int(size) for size in shape)


def _scopes(nodes: tuple[_Node, ...]) -> Iterator[SourceLayer]:
    grouped: dict[str, list[_Node]] = {}
    for node in nodes:
        grouped.setdefault(node.name.rpartition("/")[0] or node.name, []).append(node)
    for name, mine in grouped.items():
        yield SourceLayer(
            name=name,
            kind="",
            output_shape=mine[-1].shape,
            parameters=sum(node.constants for node in mine),
            macs=sum(node.macs for node in mine),
            operators=tuple(dict.fromkeys(node.op for node in mine)),
        )
