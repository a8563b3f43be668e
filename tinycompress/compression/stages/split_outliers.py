"""Stage ``split_outliers``: channels with the largest weights are there twice, each with half.

Source: Zhao et al., Improving Neural Network Quantization without Retraining using Outlier Channel
Splitting (2019). The channel that a kernel reads with its largest weight is made twice by the layer
before; the kernel reads each copy with half of the weight, and its scale falls. An integer n of
the int8 file becomes floor(n / 2) and ceil(n / 2), of k copies floor((n + j) / k), which add up to
n: nothing is rounded that was not rounded before. What rounding leaves is shared by the copies in
float, so that the float model stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from tinycompress.compression.checks.same_function import require_same_function
from tinycompress.compression.network.channels import (
    INPUT_AXES,
    Channels,
    couple_channels,
    taken,
    with_copies,
)
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.integers import LARGEST
from tinycompress.compression.network.kernels import (
    GATES,
    OUTPUT_AXES,
    kernel_layers,
    with_kernel,
)
from tinycompress.compression.network.network import Array, Layer, Network
from tinycompress.compression.stages.base import StageSpec, State, chosen, left_as_they_are
from tinycompress.compression.stages.options import LayerChoice
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError


class SplitOutliers(LayerChoice):
    """Channels that kernels read with their largest weights are there more than once.

    ``ratio``: share of the channels that a layer reads that it gets more, one at least.
    """

    kind: Literal["split_outliers"] = "split_outliers"
    ratio: Annotated[float, Field(gt=0, le=1)] = 0.05


@dataclass(frozen=True, eq=False)
class _Reader:
    """A kernel that mixes channels.

    ``atoms`` are the coupled channels that it reads, and ``largest`` the largest weights of each
    row of one scale by which it reads them: float64 ``[rows, inputs]``.
    """

    layer: Layer
    atoms: Array
    largest: Array

    def scales(self, copies: Mapping[int, int]) -> Array:
        """float64, one a row, with so many copies of its channels."""
        divisors = np.array([divisor(copies.get(int(atom), 1)) for atom in self.atoms])
        found: Array = (self.largest / divisors).max(axis=1)
        return found


def divisor(copies: int) -> int:
    """Into how many steps the largest weight is cut that so many copies share.

    One step less than would fit for each further copy, so that none of them gets more than 127
    steps with its share of what rounding leaves.
    """
    return LARGEST if copies == 1 else (LARGEST - 1) * copies + 1


def split_outliers(state: State, options: SplitOutliers, trainer: Trainer) -> State:
    """Fold BatchNormalization and split channels.

    Args:
        state: The model and what was promised of it.
        options: How many channels, of which layers.
        trainer: Samples that the function is compared on; how the file scales weights.

    Returns:
        A wider model with the same outputs, as far as float32 goes.

    Raises:
        ConfigError: No channel can be split.
        MismatchError: The outputs changed.
    """
    network = fold_batch_norms(state.network)
    channels = couple_channels(network)
    free = _free(network, channels)
    layers = chosen(kernel_layers(network), options)
    readers = _readers(network, channels, layers, per_tensor=trainer.per_tensor_weights)
    readers = tuple(one for one in readers if free & {int(atom) for atom in one.atoms})
    if not readers:
        raise ConfigError(
            "split_outliers: no layer reads channels that can be there twice",
            hint="those of inputs and outputs cannot; see skip and skip_types",
        )
    copies: dict[int, int] = {}
    for reader in readers:
        for _ in range(ceil(options.ratio * np.unique(reader.atoms).size)):
            atom = _worst(reader, free, copies)
            copies[atom] = copies.get(atom, 1) + 1
    wide = _divided(network, channels, copies, per_tensor=trainer.per_tensor_weights)
    require_same_function(network, wide, trainer.train, stage="split_outliers")
    notes = tuple(
        f"{one.layer.name}: scales {np.mean(one.scales(copies) / one.scales({})):.0%} of what they"
        " were"
        for one in readers
        if one.scales({}).all()
    )
    added = wide.parameters - network.parameters
    return State(
        wide,
        state.promises,
        (
            f"{len(copies)} channels split, {added:,} parameters more",
            *notes,
            *left_as_they_are(network, [one.layer for one in readers]),
        ),
    )


def _free(network: Network, channels: Channels) -> frozenset[int]:
    """Coupled channels that can be there more than once."""
    every = {int(atom) for atoms in channels.of_layer.values() for atom in atoms}
    fixed = set(channels.fixed)
    for call in network.calls:
        layer = network.layers[call.layer]
        if layer.kind in GATES:  # It reads its own units, whose copies would count twice.
            fixed.update(int(atom) for atom in channels.of_value[call.output])
        multiplies = layer.kind.startswith("Depthwise") and layer.weights[0].shape[-1] > 1
        if multiplies or layer.config.get("activation") == "softmax":
            fixed.update(int(atom) for atom in channels.of_value[call.output])
    return frozenset(every - fixed)


def _readers(
    network: Network, channels: Channels, layers: tuple[Layer, ...], *, per_tensor: bool
) -> tuple[_Reader, ...]:
    found = []
    for layer in layers:
        if layer.kind in INPUT_AXES and layer.config.get("groups", 1) == 1:
            atoms = channels.of_value[network.calls_of(layer.name)[0].inputs[0]]
            found.append(_Reader(layer, atoms, _largest(layer, per_tensor=per_tensor)))
    return tuple(found)


def _largest(layer: Layer, *, per_tensor: bool) -> Array:
    """Largest weight of each row of one scale and each input: float64 ``[rows, inputs]``."""
    inputs, outputs = INPUT_AXES[layer.kind], OUTPUT_AXES[layer.kind][0]
    kernel = np.abs(layer.weights[0].astype(np.float64))
    matrix = np.moveaxis(kernel, (outputs, inputs), (0, 1))
    largest: Array = matrix.reshape(*matrix.shape[:2], -1).max(axis=2)
    whole = layer.kind == "Dense" or per_tensor
    return np.max(largest, axis=0, keepdims=True) if whole else largest


def _worst(reader: _Reader, free: frozenset[int], copies: Mapping[int, int]) -> int:
    """The channel with whose next copy the squared scales are least; of equal ones the largest."""

    def cost(atom: int) -> tuple[float, float]:
        more = {**copies, atom: copies.get(atom, 1) + 1}
        now = reader.largest[:, reader.atoms == atom] / divisor(copies.get(atom, 1))
        return float(np.sum(reader.scales(more) ** 2)), -float(now.max())

    return min((int(atom) for atom in np.unique(reader.atoms) if int(atom) in free), key=cost)


def _divided(
    network: Network, channels: Channels, copies: Mapping[int, int], *, per_tensor: bool
) -> Network:
    """The network with copies of channels, and the weights of their readers divided among them."""
    wide = with_copies(network, channels, copies)
    changed = []
    for reader in _readers(network, channels, kernel_layers(network), per_tensor=per_tensor):
        if any(int(atom) in copies for atom in reader.atoms):
            layer = wide.layers[reader.layer.name]
            made = taken(channels.of_layer[layer.name], copies)
            changed.append(with_kernel(layer, _shares(reader, copies, layer.weights[0], made)))
    return wide.with_layers(changed)


def _shares(reader: _Reader, copies: Mapping[int, int], wide: Array, made: Array) -> Array:
    """The wide kernel of a reader: each copy's share of what the one channel was read by.

    Args:
        reader: The kernel before.
        copies: By coupled channel.
        wide: The kernel with equal weights for all copies.
        made: Which output channel of the kernel before each one is.
    """
    kernel, axis = wide.astype(np.float64), INPUT_AXES[reader.layer.kind]
    source = taken(reader.atoms, copies)
    counts = np.array([copies.get(int(atom), 1) for atom in reader.atoms])[source]
    # Copies lie side by side: the first of each has number 0.
    numbers = np.arange(source.size) - np.searchsorted(source, source)
    k, j = _along(counts, axis, kernel.ndim), _along(numbers, axis, kernel.ndim)
    rows = reader.scales(copies)
    rows = np.where(rows > 0, rows, 1.0)
    outputs = OUTPUT_AXES[reader.layer.kind][0]
    scales = _along(rows if rows.size == 1 else rows[made], outputs, kernel.ndim)
    integers = np.rint(kernel / scales)
    left = kernel - scales * integers
    return np.where(k > 1, scales * np.floor((integers + j) / k) + left / k, kernel)


def _along(values: Array, axis: int, rank: int) -> Array:
    """Values along one axis of an array of some rank."""
    return values.reshape([-1 if place == axis else 1 for place in range(rank)])


SPEC = StageSpec(
    SplitOutliers,
    summary="gives channels that are read by the largest weights a copy, and each half of the"
    " weight; the model computes the same",
    run=split_outliers,
    promises="equal float outputs, checked once",
    precedes=dict.fromkeys(
        ("prune", "cluster", "weight_bits", "correct_bias", "adaround"),
        "halves of weights are not the values that were promised",
    ),
)
