"""``fit``, ``fit join``, ``fit show`` and ``inspect --sensitivity``, with ``--json``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tinycompress.schemas.base import Count, Output, Part


class LayerOfCost(Part):
    """What one layer takes in the firmware."""

    name: str
    op: str
    macs: Count
    instructions: int | None
    cycles: int | None


class Cost(Part):
    """What a file takes on the board."""

    figures: dict[str, float]
    layers: list[LayerOfCost]
    problem: str
    """Why it could not be measured, empty if it was."""


class Trial(Part):
    """One finished trial of a study."""

    number: Count
    verdict: Literal["within", "outside", "rejected", "stopped", "failed"]
    parameters: dict[str, Any]
    before: dict[str, float]
    """Figures before the training, by which it was rejected or not."""
    figures: dict[str, float]
    """Figures after it; empty where there was none."""
    excess: dict[str, float]
    """By limit, the share by which it is missed; not above 0 where it is kept."""
    message: str
    seconds: float
    recipe: dict[str, Any]
    files: dict[str, Any]


class FitAnswer(Output):
    """What a search has found."""

    schema_: Literal["tinycompress.fit"] = Field(alias="schema")
    study: str
    board: str
    method: str
    sampler: str
    seed: int
    objectives: list[str]
    limits: dict[str, Any]
    space: dict[str, dict[str, Any]]
    """The effective space: each parameter with its choices, or its range."""
    reference: dict[str, float] | None
    """Accuracy of the model as it is, in float and as integers, on the validation samples."""
    original: Cost | None
    trials: dict[str, int]
    """How many ended in which way."""
    best: Count | None
    """Number of the best trial within the limits."""
    nearest: Count | None
    """Where none is within: that which misses them least."""
    blocking: list[str]
    """Which limits it misses."""
    front: list[Count]
    rows: list[Trial]
    importances: dict[str, dict[str, float]]
    """By objective, the share of its variance that each parameter explains."""
    cost_before_training_off_by: dict[str, float]
    """By figure, the largest share by which measuring before training missed that after it."""
    layers_added_up_off_by: float | None
    directory: str | None = None
    pareto: dict[str, str] | None = None
    """Directory of each trial of the front."""
    firmware: str | None = None
    page: str | None = None


class Change(Part):
    """What is done to the weights of a layer."""

    kind: Literal["prune", "cluster", "bits"]
    amount: float
    """Share of zeros, number of clusters, bits of a weight."""


class SensitivityPoint(Part):
    """What one change of one layer costs, all others as they were."""

    change: Change
    divergence: float
    """KL divergence of the outputs from those of the whole network, nats a sample."""
    accuracy: float | None
    squared_error: float


class SensitiveLayer(Part):
    """A layer with weights."""

    layer: str
    kind: str
    weights: Count
    macs: Count
    points: list[SensitivityPoint]
    hessian_trace: float | None
    hessian_error: float | None


class SensitivityAnswer(Output):
    """What pruning, clusters and fewer bits cost, layer by layer."""

    schema_: Literal["tinycompress.sensitivity"] = Field(alias="schema")
    model: str
    samples: Count
    """On so many samples everything but the Hessian was measured."""
    hessian_samples: Count
    """0 without labels."""
    seed: int
    accuracy: float | None
    """Of the network as it is."""
    notes: list[str]
    layers: list[SensitiveLayer]
