"""What a recipe can say of training: how long, how, and with which teacher."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tinycompress.compression.options import Options


class FineTune(Options):
    """How the weights are trained after a stage changed them.

    ``epochs`` may be 0: no training. ``learning_rate`` is the optimizer's: constant, or with
    ``decay = "cosine"`` falling to zero over the steps as a cosine does.
    ``weight_decay``: share of a kernel that goes with every step of a rate of 1 (Loshchilov and
    Hutter, Decoupled Weight Decay Regularization, 2019). Weights that the loss does not need
    shrink, which tells pruning which these are; biases and the like stay.
    ``entropy_weight``: what a bit in every weight of the int8 file adds to the loss (``entropy``).
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
    dropout: Annotated[float, Field(ge=0, lt=1)] | None = None
    batch_size: Annotated[int, Field(ge=1, le=65_536)] = 64
    early_stop_epochs: Annotated[int, Field(ge=1, le=10_000)] | None = None


class Distill(Options):
    """A teacher guides the fine-tuning.

    ``soft`` is Hinton's cross-entropy of outputs softened by ``temperature``, ``logits`` is Ba and
    Caruana's squared error of logits. ``weight`` is the teacher's share of the loss; the labels
    have the rest.
    """

    method: Literal["soft", "logits"] = "soft"
    temperature: Annotated[float, Field(gt=0, le=100)] = 4.0
    weight: Annotated[float, Field(gt=0, le=1)] = 0.5
