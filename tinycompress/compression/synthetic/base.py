"""What a way to make samples is: adding one is a file with such a function, and its line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tinycompress._progress import Progress, no_progress
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.network import Array, Network


@dataclass(frozen=True, eq=False)
class Known:
    """A trained model that samples are made for: its layers, and what each output tells."""

    network: Network
    tasks: tuple[Task, ...]

    @property
    def tells_classes(self) -> bool:
        """Whether any output is of classes or of binary labels."""
        return any(task.kind != "regression" for task in self.tasks)


@dataclass(frozen=True)
class Making:
    """How many samples are made, and for how long.

    Attributes:
        samples: How many.
        steps: Of the optimiser, for a generator or for each batch of samples.
        batch: Samples of a step; statistics are those of a batch.
        seed: The same gives the same samples on the same machine.
        progress: Told how far it is.
    """

    samples: int
    steps: int
    batch: int = 64
    seed: int = 0
    progress: Progress = no_progress


Method = Callable[[Sequence[Known], Making], tuple[Array, ...]]
"""``method(known, making)``: float32, one array per input, batch first.

All of ``known`` have inputs of the same shapes. Where there are several, samples suit all of them.
"""
