"""The table of sensitivities: what was changed in which layer, and what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

ChangeKind = Literal["prune", "cluster", "bits"]


@dataclass(frozen=True, order=True)
class Change:
    """One change of one kernel.

    Attributes:
        kind: ``prune`` makes weights of small magnitude zero, ``cluster`` lets the integers of the
            layer in the int8 file share values, ``bits`` puts the weights on a coarser grid.
        amount: Share of zeros, number of values, or bits of a weight.
    """

    kind: ChangeKind
    amount: float

    def __post_init__(self) -> None:
        if self.kind not in get_args(ChangeKind):
            raise ValueError(f"kind is {self.kind!r}; allowed: {', '.join(get_args(ChangeKind))}")

    def __str__(self) -> str:
        if self.kind == "prune":
            return f"{100 * self.amount:g} % zeros"
        what = "clusters" if self.kind == "cluster" else "bits" if self.amount > 1 else "bit"
        return f"{self.amount:g} {what}"


@dataclass(frozen=True)
class Point:
    """What one change of one layer costs, all other layers as they were.

    Attributes:
        change: What was done to the kernel.
        divergence: KL divergence of the outputs from those of the whole network, nats a sample.
        accuracy: Score with the change; None without labels.
        squared_error: Sum over the kernel of the squared differences that the change makes.
    """

    change: Change
    divergence: float
    accuracy: float | None
    squared_error: float


@dataclass(frozen=True)
class LayerSensitivity:
    """One layer with a kernel.

    Attributes:
        layer: Its name.
        kind: Its class.
        weights: Elements of its kernel.
        macs: Multiply-accumulates of one inference.
        points: What changes of it cost.
        hessian_trace: Trace of the Hessian of the loss by this kernel alone; None without labels.
        hessian_error: Standard error of that estimate; None without labels.
    """

    layer: str
    kind: str
    weights: int
    macs: int
    points: tuple[Point, ...]
    hessian_trace: float | None = None
    hessian_error: float | None = None

    def point(self, change: Change) -> Point:
        """What a change costs.

        Raises:
            KeyError: It was not measured.
        """
        for point in self.points:
            if point.change == change:
                return point
        raise KeyError(f"{self.layer}: {change}")

    def perturbation(self, change: Change) -> float:
        """What a change adds to the loss by the trace of the Hessian.

        This is HAWQ-V2's measure (Dong et al., 2020): the mean eigenvalue of the Hessian times the
        squared error of the kernel. Curvature is taken to be 0 where the estimate is negative.

        Raises:
            KeyError: It was not measured.
            ValueError: There is no trace.
        """
        if self.hessian_trace is None:
            raise ValueError(f"{self.layer}: the Hessian needs labels, and there were none")
        return max(self.hessian_trace, 0.0) / self.weights * self.point(change).squared_error


@dataclass(frozen=True)
class SensitivityTable:
    """The sensitivities of all layers with a kernel, in order of first use.

    Attributes:
        model: Name of the network.
        samples: On so many samples everything but the Hessian was measured.
        hessian_samples: On so many the Hessian was; 0 without labels.
        seed: Which samples were drawn, and the probes of the Hessian.
        accuracy: Score of the network as it is on these samples; None without labels.
        layers: One each.
        notes: What a reader must know.
    """

    model: str
    samples: int
    hessian_samples: int
    seed: int
    accuracy: float | None
    layers: tuple[LayerSensitivity, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was done to every layer, in the order in which it was."""
        return tuple(dict.fromkeys(p.change for layer in self.layers for p in layer.points))

    def layer(self, name: str) -> LayerSensitivity:
        """One layer by its name.

        Raises:
            KeyError: There is none of that name.
        """
        for layer in self.layers:
            if layer.layer == name:
                return layer
        raise KeyError(name)

    def ranked(self, change: Change) -> tuple[LayerSensitivity, ...]:
        """The layers, the one that a change hurts most by divergence first."""
        return tuple(sorted(self.layers, key=lambda layer: -layer.point(change).divergence))

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON file."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> SensitivityTable:
        """The inverse of :meth:`to_json`."""
        layers = tuple(_layer_from_json(layer) for layer in value["layers"])
        return SensitivityTable(**{**value, "layers": layers, "notes": tuple(value["notes"])})


def _layer_from_json(value: Mapping[str, Any]) -> LayerSensitivity:
    points = tuple(Point(**{**p, "change": Change(**p["change"])}) for p in value["points"])
    return LayerSensitivity(**{**value, "points": points})
