"""The distillation losses that there are, by the names that recipes know them by."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.compression.distillation import relational, shapes
from tinycompress.compression.distillation.attention import attention
from tinycompress.compression.distillation.base import FeatureLoss, Loss, OutputLoss
from tinycompress.compression.distillation.fsp import fsp
from tinycompress.compression.distillation.hints import hints
from tinycompress.compression.distillation.logits import logits
from tinycompress.compression.distillation.similarity import similarity
from tinycompress.compression.distillation.soft import soft

METHODS: Mapping[str, Loss] = MappingProxyType(
    {
        "soft": OutputLoss(soft),
        "logits": OutputLoss(logits),
        "hints": FeatureLoss(
            hints, shapes.positions, regressor=True, alone_first=True, outputs="soft"
        ),
        "attention": FeatureLoss(attention, shapes.maps),
        "fsp": FeatureLoss(
            fsp, shapes.maps_of_equal_channels, refusal_together=shapes.neighbours,
            least_pairs=2, alone_first=True, same_channels=True,
        ),
        "relational": FeatureLoss(relational.relational, shapes.anything, by_shape="last"),
        "distance": FeatureLoss(relational.distance, shapes.anything, by_shape="last"),
        "angle": FeatureLoss(relational.angle, shapes.anything, by_shape="last"),
        "similarity": FeatureLoss(similarity, shapes.anything, by_shape="last"),
    }
)  # fmt: skip


def output_methods() -> tuple[str, ...]:
    """Names of the losses of outputs."""
    return tuple(name for name, loss in METHODS.items() if isinstance(loss, OutputLoss))


def feature_methods() -> tuple[str, ...]:
    """Names of the losses of features."""
    return tuple(name for name, loss in METHODS.items() if isinstance(loss, FeatureLoss))
