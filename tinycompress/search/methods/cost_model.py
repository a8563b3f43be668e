"""What a thinned network costs, as a sum over its layers, fitted to measured firmware.

A layer costs its coefficient times the share of its input channels times that of its output
channels; what belongs to no layer is a constant. The coefficients are found from firmware that was
built and run: the whole network, each group of channels thinned alone, and all of them together.
Layers whose channels only go together cannot be told apart that way: one may get the cost of both.
What a thinned network costs is not touched by that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import nnls

from tinycompress.compression.network.channels import Channels, without_channels
from tinycompress.compression.network.kernels import kernel_layers
from tinycompress.compression.network.network import Network

Floats = npt.NDArray[np.float64]
_STAY = (0.75, 0.5, 0.25)
"""Shares of channels that stay in the networks that are measured."""


@dataclass(frozen=True, eq=False)
class Family:
    """Layers whose channels are coupled.

    Attributes:
        free: Their removable channels, the least important first.
        total: How many channels they have.
        multiple: Of which number the kernels like channels to be a multiple.
    """

    free: npt.NDArray[Any]
    total: int
    multiple: int

    def allowed(self, wish: int) -> int:
        """At most so many that go, so that what stays is a multiple, and not nothing."""
        stay = -(-max(self.total - wish, 1) // self.multiple) * self.multiple
        return max(min(self.total - stay, self.free.size), 0)

    def gone(self, share: float) -> frozenset[int]:
        """The channels that go where such a share is to stay."""
        count = self.allowed(round((1.0 - share) * self.total))
        return frozenset(int(channel) for channel in self.free[:count])


@dataclass(frozen=True, eq=False)
class Term:
    """A layer's part of the cost.

    ``inputs`` and ``outputs`` are coupled channels; a depthwise layer, whose inputs are its
    outputs, has no inputs here.
    """

    layer: str
    inputs: npt.NDArray[Any]
    outputs: npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class CostModel:
    """A fitted cost.

    Attributes:
        terms: The layers.
        coefficients: What each costs whole, in the order of ``terms``.
        constant: What belongs to none.
        error: By what share it misses what it was fitted to, at most.
    """

    terms: tuple[Term, ...]
    coefficients: Floats
    constant: float
    error: float

    def of(self, removed: frozenset[int]) -> float:
        """The cost without some coupled channels."""
        return self.constant + float(_row(self.terms, removed) @ self.coefficients)

    def table(self) -> dict[str, float]:
        """What each layer costs whole."""
        pairs = zip(self.terms, self.coefficients, strict=True)
        return {term.layer: float(coefficient) for term, coefficient in pairs}


def terms_of(network: Network, channels: Channels) -> tuple[Term, ...]:
    """The layers with kernels, and the channels that their cost goes with."""
    found = []
    for layer in kernel_layers(network):
        call = network.calls_of(layer.name)[0]
        outputs = channels.of_value[call.output]
        depthwise = layer.kind.startswith("Depthwise")
        inputs = np.zeros(0, np.int64) if depthwise else channels.of_value[call.inputs[0]]
        found.append(Term(layer.name, inputs, outputs))
    return tuple(found)


def fitted(
    network: Network,
    channels: Channels,
    families: Sequence[Family],
    measure: Callable[[Network], float],
) -> CostModel:
    """Measure thinned networks, and find what each layer costs.

    Args:
        network: The whole one.
        channels: Its coupling.
        families: What can be thinned.
        measure: What a network costs on the board.
    """
    terms = terms_of(network, channels)
    rows, costs = [], []
    for removed in _thinnings(families):
        rows.append(_row(terms, removed))
        costs.append(measure(without_channels(network, channels, removed)))
    known, wanted = np.array(rows), np.array(costs)
    weights = 1.0 / wanted
    system = np.concatenate([known, np.ones((len(known), 1))], axis=1) * weights[:, None]
    solution, _ = nnls(system, np.ones(len(known)))
    error = float(np.max(np.abs(system @ solution - 1.0)))
    return CostModel(terms, solution[:-1], float(solution[-1]), error)


def _thinnings(families: Sequence[Family]) -> tuple[frozenset[int], ...]:
    """What is measured: nothing gone, each family thinned alone, all of them together."""
    found = [frozenset[int]()]
    for share in _STAY:
        found += [family.gone(share) for family in families]
        found.append(frozenset[int]().union(*(family.gone(share) for family in families)))
    return tuple(dict.fromkeys(found))


def _row(terms: Sequence[Term], removed: frozenset[int]) -> Floats:
    gone = np.array(sorted(removed), np.int64)
    found = [_share(term.inputs, gone) * _share(term.outputs, gone) for term in terms]
    return np.array(found, np.float64)


def _share(atoms: npt.NDArray[Any], gone: npt.NDArray[Any]) -> float:
    return 1.0 if atoms.size == 0 else float(np.mean(~np.isin(atoms, gone)))


def as_table(model: CostModel) -> Mapping[str, Any]:
    """What is kept of a model: plain values."""
    return {"layers": model.table(), "constant": model.constant, "off_by_at_most": model.error}
