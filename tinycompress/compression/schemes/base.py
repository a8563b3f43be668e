"""What a scheme is: adding one is a file with such a function, its keys, and its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinycompress.compression.checks.promises import Projection
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Network
from tinycompress.compression.schemes.options import SchemeOptions
from tinycompress.compression.training.fine_tune import train_network
from tinycompress.compression.training.options import Distill, FineTune
from tinycompress.compression.training.trainer import Trainer


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a scheme trains with.

    Attributes:
        trainer: Data, teachers, assistants.
        fine_tune: How each network is trained.
        distill: How a teacher takes part; None where there is none.
        kept: By layer name, what a kernel is put back onto: what earlier stages promised.
        options: Of the scheme.
    """

    trainer: Trainer
    fine_tune: FineTune
    distill: Distill | None
    kept: Mapping[str, Projection]
    options: SchemeOptions

    def taught(self, network: Network, *teachers: Any, label: str) -> Network:
        """The network, trained by others than the trainer's teachers."""
        trainer = replace(self.trainer, teachers=teachers)
        return train_network(network, trainer, self.fine_tune, self.distill, self.kept, label=label)

    def score(self, network: Network) -> float:
        """Of a network on the validation data."""
        return self.trainer.accuracy(build_model(network, "tf_keras"))


@dataclass(frozen=True, eq=False)
class Learnt:
    """A trained network, and what is to be told of the way there."""

    network: Network
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Scheme:
    """A way of teaching.

    Attributes:
        run: Trains a network.
        distill: How a teacher takes part unless the recipe says so; None is without.
        refusal: Why it cannot run with such a lesson, which is told before anything is trained;
            empty if it can.
    """

    run: Callable[[Network, Lesson], Learnt]
    distill: Distill | None = None
    refusal: Callable[[Lesson], str] = lambda lesson: ""


def names_pairs(lesson: Lesson) -> str:
    """Pairs by name where teachers change: other teachers have other layers."""
    if lesson.distill is None or lesson.distill.pairs is None:
        return ""
    return "its teachers change on the way, and distill.pairs names layers; leave pairs out"


def percent(score: float) -> str:
    """A score as notes tell it."""
    return f"{100 * score:.2f} %"
