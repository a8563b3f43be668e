"""How good outputs are, in every answer that tells it: docs/measuring.md."""

from __future__ import annotations

from pydantic import Field

from tinycompress.artifacts import QualityKind, ScoreName
from tinycompress.schemas.base import Count, Part, Share


class ClassQuality(Part):
    """How well one class or label is told."""

    samples: Count
    precision: Share | None
    recall: Share | None
    f1: Share


class ChannelQuality(Part):
    """How well one channel of a regression is told; the error in the unit of the labels."""

    r2: float | None
    mean_absolute_error: float


class Quality(Part):
    """How good one output is that has labels, or that reconstructs the input."""

    output: str
    index: Count
    kind: QualityKind
    score: float | None
    """Of the device, or of the integer file on this PC."""
    score_name: ScoreName
    host_score: float | None
    """Of the same file on this PC, where ``score`` is the device's."""
    chance: Share | None
    confusion: list[list[Count]] | None
    """Samples of each class (row) that are said to be of each (column)."""
    class_names: list[str] | None
    per_class: list[ClassQuality]
    mean_absolute_error: float | None
    """In the unit of the labels."""
    float_score: float | None = None
    """Of the float model that the file was made from; null where that is not known."""
    float_mean_absolute_error: float | None = None
    mean_iou: Share | None = None
    """Over the classes; where every position of the output has a class."""
    mean_squared_error: float | None = None
    """Of a reconstruction; of its normal samples, where labels tell."""
    channels: list[ChannelQuality] = Field(default_factory=list)
    """Places on the last axis of a regression's output; empty for one, and for very many."""
    float_channels: list[ChannelQuality] = Field(default_factory=list)


class ChannelAgreement(Part):
    """One channel of an integer output beside the float model's."""

    snr_db: float | None
    """Null where nothing differs."""
    low: float
    high: float
    """Of the float model's values."""
    used_values: Count
    """Different integers that the file answered."""
    float_values: Count
    """Different integers that the float model's answers are."""


class Agreement(Part):
    """How one output of an integer file agrees with the float model's."""

    output: str
    index: Count
    samples: Count
    equal: bool
    snr_db: float | None
    """Null where nothing differs."""
    clipped: Share
    """Of the float model's values, those beyond what the output's integers reach."""
    channels: list[ChannelAgreement]


class Judged(Part):
    """How good an integer model is beside its float model; empty where nothing can tell."""

    judged_samples: Count
    quality: list[Quality]
    agreement: list[Agreement]
