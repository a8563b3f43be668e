"""A student trained without data, on samples that a generator makes against the teachers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, said_labels, tasks_of
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.schemes.base import Learnt, Lesson
from tinycompress.compression.synthetic.base import Known, Making
from tinycompress.compression.synthetic.generator import generated
from tinycompress.compression.synthetic.norms import kept_by
from tinycompress.compression.training.answers import Answers
from tinycompress.compression.training.teaching import teachers_of


def data_free(network: Network, lesson: Lesson) -> Learnt:
    """Train the network on generated samples; a label is what the teachers say.

    No sample of the training data is looked at: they set the ranges of the integer file alone.
    """
    trainer, options = lesson.trainer, lesson.options
    teachers = [read_network(model) for model in teachers_of(trainer)]
    known = [Known(one, tasks_of(one, trainer.train)) for one in teachers]
    making = Making(
        options.samples, options.generator_steps, lesson.fine_tune.batch_size, trainer.seed,
        trainer.progress,
    )  # fmt: skip
    inputs = generated(known, making)
    said = Answers(trainer).of(inputs)
    labels = tuple(said_labels(*one) for one in zip(trainer.tasks, said, strict=True))
    made = replace(lesson, trainer=replace(trainer, train=Data(inputs, labels)))
    note = f"trained on {options.samples:,} generated samples, {_found(trainer.tasks[0], said[0])}"
    return Learnt(made.taught(network, *trainer.teachers, label="train without data"), (note,))


def refusal(lesson: Lesson) -> str:
    """Nothing that a generator could go by."""
    trainer = lesson.trainer
    if any(task.kind != "regression" for task in trainer.tasks):
        return ""
    if any(kept_by(read_network(model)) for model in trainer.teachers):
        return ""
    return (
        "the teachers tell no classes and have no BatchNormalization; a generator goes by one of"
        " the two"
    )


def _found(task: Task, output: Array) -> str:
    """How many classes came out, in words."""
    if task.kind != "classes":
        return "of values"
    return f"of {len(np.unique(said_labels(task, output)))} of {task.classes} classes"
