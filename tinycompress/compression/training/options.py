"""What a recipe can say of training: how long, how, and with which teacher."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from tinycompress._strict_toml import near_miss
from tinycompress.compression.distillation import methods
from tinycompress.compression.distillation.base import FeatureLoss, OutputLoss
from tinycompress.compression.options import Options

Pair = Annotated[tuple[str, str], Field(strict=False)]
"""A layer of a teacher and one of the student, by name."""
_NONE = "none"


class FineTune(Options):
    """How the weights are trained after a stage changed them.

    ``epochs`` may be 0: no training. ``learning_rate`` is the optimizer's: constant, or with
    ``decay = "cosine"`` falling to zero over the steps as a cosine does.
    ``weight_decay``: share of a kernel that goes with every step of a rate of 1 (Loshchilov and
    Hutter, Decoupled Weight Decay Regularization, 2019). Weights that the loss does not need
    shrink, which tells pruning which these are; biases and the like stay.
    ``entropy_weight``: what a bit in every weight of the int8 file adds to the loss (``entropy``).
    ``label_smoothing``: share of a label that is spread evenly over all classes (Szegedy et al.,
    Rethinking the Inception Architecture, 2016), of outputs that tell classes. What a teacher says
    stays as it is.
    ``dropout``: rate of the model's Dropout layers while this stage trains; None leaves them. A
    pruned layer has fewer inputs to lose: Han et al. (Learning both Weights and Connections, 2015)
    take the rate times the root of the share of weights that is left.
    ``early_stop_epochs``: stop after so many epochs without a better validation loss, and take the
    best weights; None trains all epochs.
    """

    epochs: Annotated[int, Field(ge=0, le=10_000)] = 2
    optimizer: Literal["adam", "sgd", "rmsprop"] = "adam"
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 1e-3
    decay: Literal["none", "cosine"] = "none"
    weight_decay: Annotated[float, Field(ge=0, le=100)] = 0.0
    entropy_weight: Annotated[float, Field(ge=0, le=100)] = 0.0
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64
    early_stop_epochs: Annotated[int, Field(ge=1, le=10_000)] | None = None


class Distill(Options):
    """A teacher, or several, guide the fine-tuning.

    ``method`` is a loss of `distillation.methods`: of outputs (``soft`` is Hinton's cross-entropy
    of outputs softened by ``temperature``, ``logits`` Ba and Caruana's squared error of logits), or
    of features. ``weight`` is the teacher's share of the loss; the labels have the rest.
    ``pairs``: layers whose features are compared, the teacher's and the student's name each; a
    feature is what comes out behind the layer's own BatchNormalization and activation. None pairs
    by shape.
    ``outputs``: the loss of outputs that goes with one of features, or ``none``.
    ``feature_epochs``: how many epochs at the start learn features alone, and outputs in those that
    follow; with 0 both are learnt together all along. None is what the method's paper does: a third
    of the epochs for ``hints`` and ``fsp``, 0 for the others.
    ``shift``: every time a sample is seen it is moved along each of its axes by up to so many
    positions, its edge repeated; the teacher is asked about what the student sees.
    """

    method: str = "soft"
    temperature: Annotated[float, Field(gt=0, le=100)] = 4.0
    weight: Annotated[float, Field(gt=0, le=1)] = 0.5
    pairs: Annotated[tuple[Pair, ...], Field(strict=False)] | None = None
    outputs: str | None = None
    feature_epochs: Annotated[int, Field(ge=0, le=10_000)] | None = None
    shift: Annotated[int, Field(ge=0, le=1000)] = 0

    @property
    def features(self) -> FeatureLoss | None:
        """The loss of features, None for a method of outputs."""
        loss = methods.METHODS[self.method]
        return loss if isinstance(loss, FeatureLoss) else None

    @property
    def of_outputs(self) -> OutputLoss | None:
        """The loss of outputs; None where only the labels teach these."""
        name = self.method
        if self.features is not None:
            name = self.outputs or self.features.outputs or _NONE
        loss = methods.METHODS.get(name)
        return loss if isinstance(loss, OutputLoss) else None

    def alone_for(self, epochs: int) -> int:
        """How many of so many epochs learn features alone."""
        if self.features is None:
            return 0
        if self.feature_epochs is not None:
            return self.feature_epochs
        return -(-epochs // 3) if self.features.alone_first and epochs > 1 else 0

    @model_validator(mode="after")
    def _known(self) -> Distill:
        _require_known("method", self.method, tuple(methods.METHODS))
        if self.outputs is not None:
            _require_known("outputs", self.outputs, (*methods.output_methods(), _NONE))
        given = sorted(self.model_fields_set & {"pairs", "outputs", "feature_epochs"})
        if self.features is None and given:
            raise ValueError(
                f"{given[0]} goes with a method that compares features:"
                f" {', '.join(methods.feature_methods())}"
            )
        needs = self.features.least_pairs if self.features else 0
        if self.pairs is not None and len(self.pairs) < max(needs, 1):
            raise ValueError(f"method {self.method!r} needs {max(needs, 1)} or more pairs")
        if self.features and self.weight == 1 and not self.of_outputs:
            raise ValueError(
                f"method {self.method!r} with weight 1 teaches the outputs nothing: lower it, or"
                f" set outputs to {' or '.join(map(repr, methods.output_methods()))}"
            )
        return self


def _require_known(key: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ValueError(f"there is no {key} {name!r}; {near_miss(name, known)}")
