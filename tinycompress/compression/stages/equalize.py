"""Stage ``equalize``: channels of all layers get weights of like size; the function stays.

Source: Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction (2019):
cross-layer equalisation. Channel i of a kernel is divided by ``s_i = sqrt(r1_i / r2_i)`` and the
kernel that reads it multiplied, where r1 and r2 are its largest weights in the two: both are then
``sqrt(r1_i r2_i)``. Here for any graph: where several kernels make or read a channel, as at an Add,
the largest of each side counts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tinycompress.compression.checks.same_function import require_same_function
from tinycompress.compression.network.channels import Channels
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.homogeneous import couple_scales, input_axis
from tinycompress.compression.network.kernels import OUTPUT_AXES
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.stages.base import StageSpec, State, chosen
from tinycompress.compression.stages.options import LayerChoice
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

_SETTLED = 1e-3
_LARGEST_FACTOR = 1e4
"""In one round; what is more has a channel that is as good as dead."""


class Equalize(LayerChoice):
    """Weights of like size in all channels, without changing what the model computes.

    ``rounds``: at most so often all channels are gone through; it ends before if nothing changes.
    """

    kind: Literal["equalize"] = "equalize"
    rounds: Annotated[int, Field(ge=1, le=1000)] = 40


def equalize(state: State, options: Equalize, trainer: Trainer) -> State:
    """Fold BatchNormalization and equalise the channels between layers.

    Args:
        state: The model and what was promised of it.
        options: How often, and which layers not.
        trainer: Samples that the function is compared on.

    Returns:
        A model with the same outputs, as far as float32 goes.

    Raises:
        ConfigError: No channel can be scaled.
        MismatchError: The outputs changed.
    """
    folded = fold_batch_norms(state.network)
    channels = couple_scales(folded)
    left = _left(folded, channels, options)
    work = _Kernels(folded, channels, left)
    if not work.free.any():
        raise ConfigError(
            "equalize: no channel between two layers can be scaled",
            hint="ReLU and linear layers let a factor through; ReLU6, sigmoid and the like do not",
        )
    before = work.spread()
    for _ in range(options.rounds):
        if work.equalized() < _SETTLED:
            break
    network = work.network()
    worst = require_same_function(folded, network, trainer.train, stage="equalize")
    return State(
        network,
        state.promises,
        (
            f"equalized {int(work.free.sum())} of {work.free.size} channels between layers; the"
            f" largest weights of a layer's channels differ {before:.1f} times before,"
            f" {work.spread():.1f} after (geometric mean); outputs differ by {worst:.1g}",
        ),
    )


def _left(network: Network, channels: Channels, options: Equalize) -> frozenset[int]:
    """Coupled channels that layers make or read that are to be left alone."""
    kept = {layer.name for layer in chosen(tuple(network.layers.values()), options)}
    left: set[int] = set()
    for call in network.calls:
        if call.layer not in kept and network.layers[call.layer].kind in OUTPUT_AXES:
            for value in (*call.inputs, call.output):
                left.update(int(atom) for atom in channels.of_value[value])
    return frozenset(left)


class _Kernels:
    """Kernels and biases of a network while their channels are scaled; float64."""

    def __init__(self, network: Network, channels: Channels, left: frozenset[int]) -> None:
        self._network = network
        self._made: dict[str, Array] = dict(channels.of_layer)
        self._read = {
            call.layer: channels.of_value[call.inputs[0]]
            for call in network.calls
            if call.layer in self._made
        }
        self._weights = {
            name: [weight.astype(np.float64) for weight in network.layers[name].weights]
            for name in self._made
        }
        atoms = np.concatenate([*self._made.values(), *self._read.values(), [0]])
        size = int(atoms.max()) + 1
        known: Array = np.unique(np.concatenate([np.zeros(0, np.int64), *self._made.values()]))
        stay = channels.fixed | left
        self.free = np.array([int(atom) not in stay for atom in known], bool)
        self._is_free = np.zeros(size, bool)
        self._is_free[known[self.free]] = True

    def equalized(self) -> float:
        """Go through all layers once; the largest step, as a logarithm."""
        return max((self._step(atoms) for atoms in self._made.values()), default=0.0)

    def network(self) -> Network:
        """The network with the kernels as they are now."""
        return self._network.with_layers(
            replace(layer, weights=tuple(w.astype(np.float32) for w in self._weights[layer.name]))
            for layer in (self._network.layers[name] for name in self._made)
        )

    def spread(self) -> float:
        """How far the largest weights of a kernel's output channels differ: geometric mean."""
        ratios = []
        for name in self._made:
            largest = self._largest(name, self._outputs(name))
            some = largest[largest > 0]
            if some.size > 1:
                ratios.append(np.log(some.max() / some.min()))
        return float(np.exp(np.mean(ratios))) if ratios else 1.0

    def _step(self, atoms: Array) -> float:
        making, reading = np.zeros(self._is_free.size), np.zeros(self._is_free.size)
        for name in self._made:
            np.maximum.at(making, self._made[name], self._largest(name, self._outputs(name)))
            np.maximum.at(reading, self._read[name], self._largest(name, self._inputs(name)))
        factors = np.ones(self._is_free.size)
        now = np.unique(atoms)
        now = now[self._is_free[now] & (making[now] > 0) & (reading[now] > 0)]
        factors[now] = np.sqrt(making[now] / reading[now])
        factors = np.clip(factors, 1.0 / _LARGEST_FACTOR, _LARGEST_FACTOR)
        self._scale(factors)
        return float(np.max(np.abs(np.log(factors))))

    def _scale(self, factors: Array) -> None:
        for name, weights in self._weights.items():
            kernel = weights[0]
            over = factors[self._made[name]]
            axes = self._outputs(name)
            shape = [size if axis in axes else 1 for axis, size in enumerate(kernel.shape)]
            kernel = kernel / over.reshape(shape)
            along = [-1 if axis in self._inputs(name) else 1 for axis in range(kernel.ndim)]
            weights[0] = kernel * factors[self._read[name]].reshape(along)
            weights[1:] = [bias / over for bias in weights[1:]]

    def _largest(self, name: str, axes: tuple[int, ...]) -> Array:
        kernel = np.abs(self._weights[name][0])
        others = tuple(axis for axis in range(kernel.ndim) if axis not in axes)
        largest: Array = kernel.max(axis=others).reshape(-1)
        return largest

    def _outputs(self, name: str) -> tuple[int, ...]:
        return OUTPUT_AXES[self._layer(name).kind]

    def _inputs(self, name: str) -> tuple[int, ...]:
        return (input_axis(self._layer(name)),)

    def _layer(self, name: str) -> Layer:
        return self._network.layers[name]


SPEC = StageSpec(
    Equalize,
    summary="makes the weights of all channels alike in size, so that one scale fits them; the"
    " model computes the same",
    run=equalize,
    promises="equal float outputs, checked once",
    precedes=dict.fromkeys(
        ("cluster", "weight_bits", "split_outliers", "correct_bias", "adaround"),
        "scaling would move weights off their values",
    ),
)
