"""Which channels depend on each other through the graph, and the network without some of them.

Every output channel of a layer with a kernel is an atom, every unit of a recurrent layer too, which
reads it as its own state. Atoms are followed through the layers
that keep channels apart (BatchNormalization, depthwise, pooling, Flatten, Concatenate, ...) and
joined where a layer needs two of them alike (Add, Multiply, shared layers). What reaches an input,
an output or a layer that mixes channels otherwise is fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tinycompress.compression.network.kernels import GATES, OUTPUT_AXES
from tinycompress.compression.network.network import Array, Call, Layer, Network
from tinycompress.compression.network.whole import is_whole, keeps_channels

_PASSING = frozenset(
    {
        "BatchNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "MaxPooling1D",
        "MaxPooling2D", "AveragePooling1D", "AveragePooling2D", "GlobalMaxPooling1D",
        "GlobalMaxPooling2D", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "ZeroPadding1D",
        "ZeroPadding2D", "Cropping1D", "Cropping2D", "UpSampling1D", "UpSampling2D", "Dropout",
        "SpatialDropout1D", "SpatialDropout2D", "GaussianNoise", "GaussianDropout", "AlphaDropout",
        "ActivityRegularization", "Rescaling",
    }
)  # fmt: skip
_ELEMENTWISE = frozenset({"Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"})
INPUT_AXES: Mapping[str, int] = {"Dense": 0, "Conv1D": 1, "Conv2D": 2,
                                 "Conv1DTranspose": 2, "Conv2DTranspose": 3}  # fmt: skip
"""Axis of a kernel that numbers the input channels, of layers that mix them."""
_WIDTH_KEY = {"Dense": "units", "Conv1D": "filters", "Conv2D": "filters",
              "Conv1DTranspose": "filters", "Conv2DTranspose": "filters"}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Channels:
    """The coupling of channels.

    ``of_value``: by value, the coupled channel (an int) of each entry of the last axis.
    ``of_layer``: by layer with a kernel of its own width, that of each output channel.
    ``fixed``: coupled channels that must stay.
    """

    of_value: Mapping[int, Array]
    of_layer: Mapping[str, Array]
    fixed: frozenset[int]

    def families(self) -> tuple[tuple[frozenset[str], Array], ...]:
        """Layers whose channels are coupled, with the removable channels that they have."""
        parents = {name: name for name in self.of_layer}

        def root(name: str) -> str:
            while parents[name] != name:
                name = parents[name]
            return name

        owner: dict[int, str] = {}
        for name, channels in self.of_layer.items():
            for channel in channels:
                first = owner.setdefault(int(channel), name)
                parents[root(name)] = root(first)
        members: dict[str, set[str]] = {}
        for name in self.of_layer:
            members.setdefault(root(name), set()).add(name)
        found = []
        for names in members.values():
            everything = np.unique(np.concatenate([self.of_layer[name] for name in names]))
            free = np.array([c for c in everything if int(c) not in self.fixed], np.int64)
            if free.size:
                found.append((frozenset(names), free))
        return tuple(found)


def couple_channels(network: Network) -> Channels:
    """Follow every channel through a network.

    Args:
        network: With known channel counts.
    """
    return followed(Tracker(network))


def followed(tracker: Tracker) -> Channels:
    """The channels of a network, as a tracker follows them from its inputs to its outputs."""
    network = tracker.network
    for source in network.inputs:
        tracker.set_fixed(source.value, source.shape)
    for call in network.calls:
        tracker.follow(call)
    for value in network.outputs:
        tracker.fix(tracker.values[value])
    return tracker.channels()


@dataclass
class Tracker:
    """Follows the channels of values from call to call."""

    network: Network
    values: dict[int, Array] = field(default_factory=dict)
    layers: dict[str, Array] = field(default_factory=dict)
    inputs: dict[str, Array] = field(default_factory=dict)
    parents: list[int] = field(default_factory=list)
    fixed: set[int] = field(default_factory=set)

    def channels(self) -> Channels:
        """What was found, after all calls."""
        resolve = np.vectorize(self.find, otypes=[np.int64])
        return Channels(
            {value: resolve(atoms) for value, atoms in self.values.items()},
            {name: resolve(atoms) for name, atoms in self.layers.items()},
            frozenset(self.find(atom) for atom in self.fixed),
        )

    def new(self, count: int) -> Array:
        """So many atoms that nothing is coupled to."""
        start = len(self.parents)
        self.parents += range(start, start + count)
        return np.arange(start, start + count)

    def find(self, atom: int) -> int:
        """Which atom stands for all that one is coupled to."""
        while self.parents[atom] != atom:
            self.parents[atom] = self.parents[self.parents[atom]]
            atom = self.parents[atom]
        return int(atom)

    def join(self, one: Array, other: Array) -> None:
        """Couple atoms, one by one."""
        for a, b in zip(one, other, strict=True):
            self.parents[self.find(int(a))] = self.find(int(b))

    def fix(self, atoms: Array) -> None:
        """Say that atoms must stay as they are."""
        self.fixed.update(int(atom) for atom in atoms)

    def set_fixed(self, value: int, shape: tuple[int | None, ...]) -> None:
        """Give a value atoms of its own that must stay."""
        self.values[value] = self.new(shape[-1] or 1)
        self.fix(self.values[value])

    def follow(self, call: Call) -> None:
        """Find the atoms of what a call makes."""
        layer = self.network.layers[call.layer]
        sources = [self.values[value] for value in call.inputs]
        if layer.weights:
            self.join(sources[0], self.inputs.setdefault(layer.name, sources[0]))
        if layer.kind in GATES or (layer.kind in INPUT_AXES and layer.config.get("groups", 1) == 1):
            if layer.name not in self.layers:
                self.layers[layer.name] = self.new(call.shape[-1] or 1)
            self.values[call.output] = self.layers[layer.name]
        else:
            self.values[call.output] = self.passed(layer, call, sources)

    def passed(self, layer: Layer, call: Call, sources: list[Array]) -> Array:
        """The atoms of what a layer makes that has no width of its own."""
        rank = len(call.shape)
        if layer.kind in _PASSING and layer.config.get("activation") != "softmax":
            return sources[0]
        if layer.kind.startswith("Depthwise"):
            return np.repeat(sources[0], layer.weights[0].shape[-1])
        if layer.kind in _ELEMENTWISE and len({source.size for source in sources}) == 1:
            for other in sources[1:]:
                self.join(sources[0], other)
            return sources[0]
        if layer.kind == "Concatenate":
            if layer.config.get("axis", -1) in (-1, rank):
                return np.concatenate(sources)
            for other in sources[1:]:
                self.join(sources[0], other)
            return sources[0]
        if layer.kind in ("Flatten", "Reshape") and rank == 1 and call.shape[0] is not None:
            return np.tile(sources[0], call.shape[0] // sources[0].size)
        return self.mixed(layer, call, sources)

    def mixed(self, layer: Layer, call: Call, sources: list[Array]) -> Array:
        """The same of one that may mix channels."""
        before = self.network.shape(call.inputs[0])
        keeps_last = layer.kind == "Permute" and layer.config["dims"][-1] == len(before)
        if layer.kind == "Reshape" and before[-1] == call.shape[-1]:
            keeps_last = True
        if is_whole(layer) and not layer.weights and len(sources) == 1:
            keeps_last = keeps_channels(layer, before)
        if keeps_last:
            return sources[0]
        for source in sources:
            self.fix(source)
        self.set_fixed(call.output, call.shape)
        return self.values[call.output]


def without_channels(network: Network, channels: Channels, removed: frozenset[int]) -> Network:
    """The network without some coupled channels, shapes and all.

    Args:
        network: What ``channels`` was made from.
        channels: The coupling.
        removed: Coupled channels to leave out; none of them fixed.
    """
    return with_copies(network, channels, dict.fromkeys(removed, 0))


def with_copies(network: Network, channels: Channels, copies: Mapping[int, int]) -> Network:
    """The network with some coupled channels more than once, or not at all, shapes and all.

    Copies lie side by side. What reads a channel reads each copy with the same weights: the caller
    divides them. A depthwise layer with a multiplier orders its outputs otherwise, and no channel
    that passes one can have copies.

    Args:
        network: What ``channels`` was made from.
        channels: The coupling.
        copies: How often coupled channels are to be there, if not once; none of them fixed.
    """

    def kept(atoms: Array) -> Array:
        return taken(atoms, copies)

    def changes(value: int) -> bool:
        return any(copies.get(int(atom), 1) != 1 for atom in channels.of_value[value])

    layers: dict[str, Layer] = dict(network.layers)
    calls = []
    for call in network.calls:
        keep_out = kept(channels.of_value[call.output])
        shape = (*call.shape[:-1], keep_out.size) if call.shape else call.shape
        calls.append(replace(call, shape=shape))
        original = network.layers[call.layer]
        if layers[call.layer] is original:  # a shared layer is thinned once
            keep_in = kept(channels.of_value[call.inputs[0]])
            unchanged = not changes(call.inputs[0]) and not changes(call.output)
            if not unchanged:
                layers[call.layer] = _thinned(original, keep_in, keep_out)
    return replace(network, layers=layers, calls=tuple(calls))


def taken(atoms: Array, copies: Mapping[int, int]) -> Array:
    """Where in the last axis the channels come from that are to be there, in their order."""
    return np.repeat(np.arange(atoms.size), [copies.get(int(atom), 1) for atom in atoms])


def _thinned(layer: Layer, keep_in: Array, keep_out: Array) -> Layer:
    if layer.kind in GATES:
        return _fewer_units(layer, keep_in, keep_out)
    if layer.kind in INPUT_AXES and layer.config.get("groups", 1) == 1:
        kernel = np.take(layer.weights[0], keep_in, INPUT_AXES[layer.kind])
        kernel = np.take(kernel, keep_out, OUTPUT_AXES[layer.kind][0])
        rest = tuple(weight[keep_out] for weight in layer.weights[1:])
        width = {_WIDTH_KEY[layer.kind]: keep_out.size}
        return replace(layer.with_config(**width), weights=(kernel, *rest))
    if layer.kind.startswith("Depthwise"):
        kernel = np.take(layer.weights[0], keep_in, layer.weights[0].ndim - 2)
        return replace(layer, weights=(kernel, *(w[keep_out] for w in layer.weights[1:])))
    if layer.weights:  # BatchNormalization and PReLU: channels are the last axis of every weight
        return replace(layer, weights=tuple(np.take(w, keep_in, -1) for w in layer.weights))
    if layer.kind == "Reshape":
        target: Any = list(layer.config["target_shape"])
        target[-1] = -1 if len(target) == 1 else keep_out.size
        return layer.with_config(target_shape=tuple(target))
    return layer


def _fewer_units(layer: Layer, keep_in: Array, keep_out: Array) -> Layer:
    """A recurrent layer with some units: a unit has a column for every gate, in both kernels and
    the bias, and its own state is read by one row."""
    units = layer.weights[1].shape[0]

    def columns(weight: Array) -> Array:
        by_gate = weight.reshape(*weight.shape[:-1], -1, units)[..., keep_out]
        return by_gate.reshape(*weight.shape[:-1], -1)

    of_input, of_state, *biases = (columns(weight) for weight in layer.weights)
    weights = (of_input[keep_in], of_state[keep_out], *biases)
    return replace(layer.with_config(units=keep_out.size), weights=weights)
