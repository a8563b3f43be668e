"""What a distillation loss is: adding one is a file with such a function, and its line in methods.

A loss compares outputs, or features: what layers in the middle put out. Everything else, from
finding the layers to the training, is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Shape = tuple[int, ...]
"""Of a feature without its batch: positions along each axis, then channels. Axes of one position
are left out."""

OutputKind = Literal["classes", "binary"]

OutputFunction = Callable[[Any, Any, OutputKind, float], Any]
"""``loss(teacher, student, kind, temperature)``: of logits, float32 ``[samples, positions,
classes]``; one number for each sample."""

FeatureFunction = Callable[[Sequence[Any], Sequence[Any]], Any]
"""``loss(teacher, student)``: of paired features, float32 ``[samples, positions…, channels]``; one
number for the batch. It does not change if the features of both are scaled, and counts against the
labels' loss as in the method's paper, so that one ``weight`` goes with every method and network."""


@dataclass(frozen=True)
class OutputLoss:
    """A loss of outputs.

    Attributes:
        loss: Compares logits. Outputs that are plain values are compared by their squared error,
            whatever the method.
    """

    loss: OutputFunction


@dataclass(frozen=True)
class FeatureLoss:
    """A loss of features.

    Attributes:
        loss: Compares features.
        refusal: Why features of two shapes, the teacher's and the student's, cannot be paired;
            empty if they can.
        refusal_together: The same of all pairs of shapes in their order.
        by_shape: Which layers are paired where the recipe names none: the last of each number of
            positions that both networks have, or only the last hidden ones of both.
        regressor: Whether the student's features go through a learnt linear map of their channels
            to as many as the teacher has. It is no part of the student.
        least_pairs: How many pairs the loss needs.
        alone_first: Whether features are learnt alone in the first third of the epochs, and
            outputs in the others, unless the recipe says so.
        outputs: What loss of outputs goes with it, unless the recipe says so; None is only that of
            the labels.
        same_channels: Whether the student must keep as many channels as the teacher has.
    """

    loss: FeatureFunction
    refusal: Callable[[Shape, Shape], str]
    refusal_together: Callable[[Sequence[tuple[Shape, Shape]]], str] = lambda shapes: ""
    by_shape: Literal["positions", "last"] = "positions"
    regressor: bool = False
    least_pairs: int = 1
    alone_first: bool = False
    outputs: str | None = None
    same_channels: bool = False


Loss = OutputLoss | FeatureLoss
