"""The five networks: their data, how they are trained, and the recipe that they go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.whole_networks import models, sets
from benchmarks.whole_networks.detection import mean_average_precision
from tinycompress.artifacts import Optimize

Stages = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Kind:
    """One network.

    Attributes:
        name: Of its directory and its figures.
        title: For the page.
        about: What it is and of what its data are, for the page.
        load: Its data.
        train: Makes and trains it.
        stages: Of its recipe.
        optimize: What its firmware is built for.
        detects: Whether its outputs together are boxes, scores and classes.
        max_drop: What any output's score may lose.
    """

    name: str
    title: str
    about: str
    load: Callable[[], sets.Set]
    train: Callable[[sets.Arrays], Any]
    stages: Stages
    optimize: Optimize = "speed"
    detects: bool = False
    max_drop: float = 0.05

    @property
    def recipe(self) -> Mapping[str, Any]:
        """Its recipe."""
        return {
            "schema": 1, "name": self.name.replace("_", "-"), "description": self.title,
            "limits": {
                "max_accuracy_drop": self.max_drop, "max_stage_drop": max(0.2, self.max_drop),
            },
            "firmware": {"optimize": self.optimize},
            "stage": [dict(stage) for stage in self.stages],
        }  # fmt: skip

    def more_scores(self, labels: Sequence[Any], said: Sequence[Any]) -> dict[str, float]:
        """What only all outputs together tell."""
        if not self.detects:
            return {}
        return {"mean average precision": mean_average_precision(labels, said)}


def _tuned(epochs: int, rate: float = 1e-3) -> Mapping[str, Any]:
    return {"epochs": epochs, "learning_rate": rate, "decay": "cosine"}


KINDS = (
    Kind(
        "keyword_transformer", "Keyword transformer",
        "A convolution of stride 2 over 49 frames of 40 log-mel features, two blocks of"
        " LayerNormalization, MultiHeadAttention of two heads and two dense layers, 12 words. The"
        " recordings are those of Speech Commands' test set, without a speaker in both parts.",
        sets.keywords, models.keyword_transformer,
        (
            {"kind": "prune_channels", "ratio": 0.25, "fine_tune": _tuned(6)},
            {"kind": "cluster", "clusters": 16, "shared": True, "fine_tune": _tuned(4, 3e-4)},
        ),
        optimize="flash",
    ),
    Kind(
        "gru_anomalies", "GRU anomaly detector",
        "An autoencoder of two GRUs over 16 steps of acceleration and turning, trained on windows"
        " of people who walk. A faulty sensor is to give a greater reconstruction error. The test"
        " windows are of other people who walk; in every other one a channel has the opposite"
        " sign.",
        sets.walking, models.gru_anomalies,
        ({"kind": "prune_channels", "ratio": 0.3, "fine_tune": _tuned(6)},),
        optimize="flash",
    ),
    Kind(
        "unet", "U-Net in one dimension",
        "Three levels of convolutions over 128 samples of acceleration and turning; the activity at"
        " each sample. A window is two real ones of different activities or the same, cut and"
        " joined at a random place; those of the test are of other people.",
        sets.stitched, models.unet,
        ({"kind": "prune_channels", "ratio": 0.2, "fine_tune": _tuned(3, 2e-3)},),
    ),
    Kind(
        "detector", "Detector with separate heads",
        "Convolutions down to a grid of 5 x 5 cells, and a head each for boxes, scores and classes."
        " A picture of 40 x 40 pixels has one to three digits of MNIST, of two sizes, on noise. The"
        " classes of a cell are the ten digits and none. Cells with a digit count most in its"
        " training; what it says of boxes in other cells is never read, but is part of R². Labels"
        " alone would train that, and undo the boxes that count (a mean average precision of 0.10):"
        " so the network is taught by itself, and a limit of 0.05 does not hold R² of all cells.",
        sets.scenes, models.detector,
        ({"kind": "prune_channels", "ratio": 0.2, "distill": {"weight": 1.0},
          "fine_tune": _tuned(5, 2e-3)},),
        detects=True, max_drop=0.25,
    ),
    Kind(
        "tabular", "Tabular network with embeddings",
        "Four indices of int32 (hour, day, month, weather), each with an Embedding, beside three"
        " values, and two dense layers. The table is made up: bicycles rented in an hour, in"
        " hundreds, by a formula of these with noise of 0.1.",
        sets.rentals, models.tabular,
        ({"kind": "prune_channels", "ratio": 0.25, "fine_tune": _tuned(8)},),
        optimize="flash",
    ),
)  # fmt: skip
