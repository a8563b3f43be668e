"""What a stage trains with: data, tasks, seed, teacher."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tinycompress._progress import Progress, no_progress, say_nothing
from tinycompress.artifacts import OutputQuality
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, mean_of, qualities
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.options import FineTune


@dataclass(frozen=True, eq=False)
class Trainer:
    """Everything that training needs besides the model.

    ``teachers`` are models of either Keras with the same inputs and outputs; where there are
    several, their outputs are averaged. ``assistants`` are networks between teacher and student in
    size, that one trains on the way. ``cost`` says
    what the int8 file of a network takes where it is to run: one figure, by its name; None if
    nothing is known of that place. ``channel_multiple`` is of which number that place would like
    the channels of a layer to be a multiple. ``per_tensor_weights`` is whether the int8
    file has one weight scale for every layer. ``say`` is told, in a sentence, what is worth it.
    """

    train: Data
    validation: Data
    tasks: tuple[Task, ...]
    seed: int = 0
    teachers: tuple[Any, ...] = ()
    assistants: tuple[Network, ...] = ()
    progress: Progress = no_progress
    cost: Callable[[Network, str], float] | None = None
    channel_multiple: int = 1
    per_tensor_weights: bool = False
    say: Callable[[str], None] = say_nothing

    def accuracy(self, model: Any) -> float:
        """Mean score of a model of either Keras on the validation data."""
        return mean_of(self.qualities(predict(model, self.validation.inputs)))

    def qualities(self, outputs: tuple[Array, ...]) -> tuple[OutputQuality, ...]:
        """How good outputs on the validation data are, each by itself."""
        return qualities(self.tasks, self.validation, outputs)


def steps_per_epoch(trainer: Trainer, options: FineTune) -> int:
    """Optimizer steps of one epoch."""
    return -(-len(trainer.train) // options.batch_size)
