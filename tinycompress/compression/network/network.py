"""A model as plain data: layers, their weights in numpy, and who feeds whom.

Both Kerases are read into this form and built from it, and every change of topology (folding,
splitting, thinning) is made on it. Nested models are flattened; a shared layer is called twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer: ``kind`` is Keras's class name, ``config`` only what both Kerases agree on.

    ``weights`` are float32 and in Keras's order (kernel before bias; gamma, beta, mean, variance).
    """

    name: str
    kind: str
    config: Mapping[str, Any]
    weights: tuple[Array, ...] = ()
    trainable: bool = True

    def with_config(self, **changes: Any) -> Layer:
        """The layer with some configuration entries replaced."""
        return replace(self, config={**self.config, **changes})


@dataclass(frozen=True)
class Input:
    """An input of the network; ``shape`` is without the batch dimension.

    ``dtype`` is float32, or an integer type for indices such as the tokens of an Embedding.
    """

    name: str
    shape: tuple[int | None, ...]
    value: int
    dtype: str = "float32"

    @property
    def is_integer(self) -> bool:
        """Whether it takes indices."""
        return np.dtype(self.dtype).kind in "iu"


@dataclass(frozen=True)
class Call:
    """One application of a layer to values; it makes the value ``output``.

    ``shape`` is that of the output without the batch dimension, ``options`` what the layer is told
    with this call, such as ``use_causal_mask``.
    """

    layer: str
    inputs: tuple[int, ...]
    output: int
    shape: tuple[int | None, ...]
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Network:
    """A directed acyclic graph of calls in executable order; values are numbered."""

    name: str
    inputs: tuple[Input, ...]
    layers: Mapping[str, Layer]
    calls: tuple[Call, ...]
    outputs: tuple[int, ...]

    @property
    def parameters(self) -> int:
        """Number of all weights, shared ones counted once."""
        return sum(int(w.size) for layer in self.layers.values() for w in layer.weights)

    @property
    def nonzero_parameters(self) -> int:
        """Number of all weights that are not exactly zero."""
        return sum(
            int(np.count_nonzero(w)) for layer in self.layers.values() for w in layer.weights
        )

    def shape(self, value: int) -> tuple[int | None, ...]:
        """Shape of a value, without the batch dimension."""
        for source in self.inputs:
            if source.value == value:
                return source.shape
        return self.producer(value).shape

    def producer(self, value: int) -> Call:
        """The call that makes a value; KeyError for an input."""
        for call in self.calls:
            if call.output == value:
                return call
        raise KeyError(value)

    def producer_or_none(self, value: int) -> Call | None:
        """The call that makes a value, None for an input."""
        return next((call for call in self.calls if call.output == value), None)

    def consumers(self, value: int) -> tuple[Call, ...]:
        """The calls that read a value."""
        return tuple(call for call in self.calls if value in call.inputs)

    def calls_of(self, layer: str) -> tuple[Call, ...]:
        """All calls of a layer; more than one if it is shared."""
        return tuple(call for call in self.calls if call.layer == layer)

    def only_consumer(self, value: int) -> Call | None:
        """The one call that reads a value, None if there are several or it is an output."""
        users = self.consumers(value)
        return users[0] if len(users) == 1 and value not in self.outputs else None

    def new_value(self) -> int:
        """A value number that is not taken."""
        taken = [source.value for source in self.inputs] + [call.output for call in self.calls]
        return max(taken, default=-1) + 1

    def new_name(self, wish: str) -> str:
        """A layer name that is not taken, as near to the wish as can be."""
        taken = set(self.layers) | {source.name for source in self.inputs}
        name, number = wish, 1
        while name in taken:
            name, number = f"{wish}_{number}", number + 1
        return name

    def with_layers(self, changed: Iterable[Layer]) -> Network:
        """The network with some layers replaced by others of the same names."""
        return replace(self, layers={**self.layers, **{layer.name: layer for layer in changed}})

    def live(self) -> Network:
        """The network without what no output depends on; its inputs stay."""
        needed, calls = set(self.outputs), []
        for call in reversed(self.calls):
            if call.output in needed:
                needed.update(call.inputs)
                calls.append(call)
        used = {call.layer for call in calls}
        layers = {name: layer for name, layer in self.layers.items() if name in used}
        return replace(self, calls=tuple(reversed(calls)), layers=layers)

    def without_call(self, call: Call) -> Network:
        """The network with a one-input call bypassed; an unused layer goes too."""
        (source,) = call.inputs
        calls = tuple(
            replace(c, inputs=tuple(source if v == call.output else v for v in c.inputs))
            for c in self.calls
            if c is not call
        )
        outputs = tuple(source if value == call.output else value for value in self.outputs)
        used = {c.layer for c in calls}
        layers = {name: layer for name, layer in self.layers.items() if name in used}
        return replace(self, calls=calls, outputs=outputs, layers=layers)

    def replace_call(
        self, call: Call, chain: Iterable[tuple[Layer, tuple[int | None, ...]]]
    ) -> Network:
        """The network with a one-input call replaced by a chain of new layers.

        Args:
            call: The call to replace.
            chain: New layers in order, each with the shape of its output; the last one makes the
                value that ``call`` made.
        """
        (source,) = call.inputs
        links = list(chain)
        fresh = self.new_value()
        calls: list[Call] = []
        for position, (layer, shape) in enumerate(links):
            last = position == len(links) - 1
            output = call.output if last else fresh + position
            calls.append(Call(layer.name, (source,), output, shape))
            source = output
        at = self.calls.index(call)
        all_calls = (*self.calls[:at], *calls, *self.calls[at + 1 :])
        layers = {**self.layers, **{layer.name: layer for layer, _ in links}}
        used = {c.layer for c in all_calls}
        layers = {name: layer for name, layer in layers.items() if name in used}
        return replace(self, calls=all_calls, layers=layers)


def elements(shape: tuple[int | None, ...]) -> int:
    """Number of elements of a value per sample; unknown dimensions count as 1."""
    return prod(1 if size is None else size for size in shape)
