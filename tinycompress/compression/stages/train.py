"""Stage ``train``: nothing but fine-tuning, by itself or with a teacher."""

from __future__ import annotations

from typing import Literal

from tinycompress.compression.checks.promises import projections
from tinycompress.compression.stages.base import StageSpec, State
from tinycompress.compression.stages.options import TrainedStage
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.trainer import Trainer


class Train(TrainedStage):
    """Nothing but fine-tuning, by itself or with a teacher."""

    kind: Literal["train"] = "train"


def train(state: State, options: Train, trainer: Trainer) -> State:
    """Fine-tune a network and keep what was promised of it.

    Args:
        state: The model and what was promised of it.
        options: How to train.
        trainer: Data and teacher.

    Returns:
        The trained model.
    """
    kept = projections(state.network, state.promises)
    network = train_network(
        state.network, trainer, options.fine_tune, options.distill, kept, label="train"
    )
    return State(network, state.promises)


SPEC = StageSpec(
    Train,
    summary="trains and changes nothing else",
    run=train,
    takes_untrained=True,
)
