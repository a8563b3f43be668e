"""The graph of a functional model of either Keras: its nodes, their tensors and arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tinycompress._tf import KerasName

Key = tuple[int, int, int]
"""Which output of which call of which layer a symbolic tensor is."""
Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""By place, and by name."""


def nodes_of(model: Any, keras: KerasName) -> Iterator[tuple[Any, Any]]:
    """The nodes of a functional model in executable order, each with its layer."""
    depths = model._nodes_by_depth
    for depth in sorted(depths, reverse=True):
        for node in depths[depth]:
            yield node, node.operation if keras == "keras" else node.layer


def flat(nested: Any) -> list[Any]:
    """All items of lists, tuples and dictionaries in each other."""
    if isinstance(nested, (list, tuple)):
        return [tensor for item in nested for tensor in flat(item)]
    if isinstance(nested, dict):
        return [tensor for key in sorted(nested) for tensor in flat(nested[key])]
    return [nested]


def is_symbolic(value: Any) -> bool:
    """Whether a value is a tensor of the graph."""
    return hasattr(value, "_keras_history")


def key_of(tensor: Any) -> Key:
    """Where a symbolic tensor comes from."""
    history = tensor._keras_history
    return id(history[0]), int(history[1]), int(history[2])


def outputs_of(node: Any, keras: KerasName) -> list[Any]:
    """The tensors that a call makes."""
    return flat(node.output_tensors if keras == "keras" else node.outputs)


def inputs_of(node: Any, keras: KerasName, names: tuple[str, ...]) -> list[Any]:
    """The tensors that a layer is called with; with names, those in the order of these."""
    positional, by_name = arguments_of(node, keras)
    if not names and keras == "tf_keras":
        return flat(node.keras_inputs)
    if names:
        given = {**dict(zip(names, positional, strict=False)), **by_name}
        return [given[name] for name in names if is_symbolic(given.get(name))]
    every = [*positional, *by_name.values()]
    return [tensor for item in every for tensor in flat(item) if is_symbolic(tensor)]


def arguments_of(node: Any, keras: KerasName) -> Arguments:
    """What a layer is called with, but for masks that Keras finds again by itself."""
    if keras == "tf_keras":
        return tuple(node.call_args), dict(node.call_kwargs)
    args, kwargs = node.arguments.args, node.arguments.kwargs
    carried = {
        _origin(tensor._keras_mask)
        for tensor in flat([*args, *kwargs.values()])
        if is_symbolic(tensor) and is_symbolic(getattr(tensor, "_keras_mask", None))
    }
    return tuple(args), {
        name: value for name, value in kwargs.items() if not _is_carried(name, value, carried)
    }


def _is_carried(name: str, value: Any, carried: set[tuple[str | Key, ...]]) -> bool:
    masks = [one for one in flat(value) if one is not None]
    found = all(is_symbolic(one) and _origin(one) in carried for one in masks)
    return name.endswith("mask") and bool(masks) and found


def _origin(mask: Any) -> tuple[str | Key, ...]:
    """What a mask is made of: in a model from a file it is made twice of the same tensor."""
    steps: list[str] = []
    while True:
        operation, index, _ = mask._keras_history
        kind = type(operation).__name__
        if kind not in ("NotEqual", "Any"):
            return (*steps, key_of(mask))
        steps.append(kind)
        mask = operation._inbound_nodes[index].input_tensors[0]


def dtype_of(tensor: Any) -> str:
    """Of an input: an integer type as it is; all others are computed in float32."""
    name = str(getattr(tensor.dtype, "name", tensor.dtype))
    return name if np.dtype(name).kind in "iu" else "float32"


def shape_of(tensor: Any) -> tuple[int | None, ...]:
    """Of a symbolic tensor, without the batch dimension."""
    return tuple(None if size is None else int(size) for size in tensor.shape[1:])


def given_options(kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by name that are no tensors, and neither None nor False."""
    return {
        name: value for name, value in kwargs.items()
        if value is not None and value is not False and name != "inputs" and not is_symbolic(value)
    }  # fmt: skip
