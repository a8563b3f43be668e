"""How good outputs are, and how well an integer model's agree with its float model's."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any

from tinycompress.artifacts.choices import QualityKind, ScoreName


@dataclass(frozen=True)
class ClassQuality:
    """How well one class, or one label of several, is told.

    ``samples`` are of it (pixels, where every pixel has a class). ``precision`` is the share of
    them among those that are said to be, None where none is; ``recall`` the share of them that is
    said to be, None where there are none; ``f1`` their harmonic mean.
    """

    samples: int
    precision: float | None
    recall: float | None
    f1: float


@dataclass(frozen=True)
class ChannelQuality:
    """How well one channel of a regression, a place on the output's last axis, is told.

    ``r2`` is None where all its labels are the same; the error is in the unit of the labels.
    """

    r2: float | None
    mean_absolute_error: float


@dataclass(frozen=True)
class OutputQuality:
    """How good one output is: on the device for `BenchResult`, else of a model file on this PC.

    Attributes:
        index: Of the output.
        name: Of the output.
        kind: What it is judged as.
        score: The figure that ``score_name`` names, at most 1; None where labels that are all the
            same give none.
        score_name: What ``score`` is.
        host_score: The same of the same model on the host; None where the oracle cannot run it.
        chance: What an answer that ignores the samples reaches (`OutputAccuracy`); of classes only.
        confusion: How many samples of each class (row) are said to be of each (column); of classes
            only, and not of very many.
        class_names: In the order of the classes or labels; None where the samples have none.
        per_class: Each class or label; empty for values, and for very many classes.
        mean_absolute_error: In the unit of the labels; of values only. The labels of a
            reconstruction are the model's input.
        float_score: The same of the float model that the file was made from; None where that is
            not known.
        float_mean_absolute_error: Likewise.
        mean_iou: Intersection over union of what is of a class and what is said to be, the mean
            over the classes; where every position has a class.
        mean_squared_error: Of a reconstruction; of the normal samples alone, where labels tell.
        channels: Each channel of a regression; empty for one, and for very many.
        float_channels: Likewise of the float model.
    """

    index: int
    name: str
    kind: QualityKind
    score: float | None
    score_name: ScoreName
    host_score: float | None = None
    chance: float | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    class_names: tuple[str, ...] | None = None
    per_class: tuple[ClassQuality, ...] = ()
    mean_absolute_error: float | None = None
    float_score: float | None = None
    float_mean_absolute_error: float | None = None
    mean_iou: float | None = None
    mean_squared_error: float | None = None
    channels: tuple[ChannelQuality, ...] = ()
    float_channels: tuple[ChannelQuality, ...] = ()

    @staticmethod
    def from_json(value: dict[str, Any]) -> OutputQuality:
        """The inverse of `dataclasses.asdict`, also after a way through JSON."""
        confusion, names = value["confusion"], value["class_names"]
        return OutputQuality(
            **{
                **value,
                "confusion": None if confusion is None else tuple(map(tuple, confusion)),
                "class_names": None if names is None else tuple(names),
                "per_class": tuple(ClassQuality(**one) for one in value["per_class"]),
                **{
                    name: tuple(ChannelQuality(**one) for one in value[name])
                    for name in ("channels", "float_channels")
                },
            }
        )


@dataclass(frozen=True)
class ChannelAgreement:
    """One channel of an integer output beside the float model's.

    ``snr_db`` as in `OutputAgreement`; ``low`` and ``high`` bound the float model's values;
    ``used_values`` is how many different integers the file answered, of ``float_values`` that the
    float model's answers are, as integers of the output.
    """

    snr_db: float
    low: float
    high: float
    used_values: int
    float_values: int


@dataclass(frozen=True)
class OutputAgreement:
    """How an integer model's output agrees with the float model's, on the same samples.

    ``snr_db`` is the power of the float values over that of the difference, infinite where nothing
    differs. ``clipped`` is the share of the float values that the output's integers cannot reach.
    ``channels`` are those of its last axis: one for an output without channels, none for very many.
    """

    index: int
    name: str
    samples: int
    snr_db: float
    clipped: float
    channels: tuple[ChannelAgreement, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.snr_db == inf

    @staticmethod
    def from_json(value: dict[str, Any]) -> OutputAgreement:
        """The inverse of `dataclasses.asdict`, also after a way through JSON."""
        channels = tuple(ChannelAgreement(**one) for one in value["channels"])
        return OutputAgreement(**{**value, "channels": channels})
