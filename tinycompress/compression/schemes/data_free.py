"""A student trained without data, on samples that a generator makes against the teachers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, tasks_of
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.schemes.base import Learnt, Lesson
from tinycompress.compression.schemes.generator import generated, has_norms
from tinycompress.compression.training.answers import Answers
from tinycompress.compression.training.teaching import teachers_of


def data_free(network: Network, lesson: Lesson) -> Learnt:
    """Train the network on generated samples; a label is what the teachers say.

    No sample of the training data is looked at: they set the ranges of the integer file alone.
    """
    trainer, options = lesson.trainer, lesson.options
    teachers = [
        (model, tasks_of(read_network(model), trainer.train)) for model in teachers_of(trainer)
    ]
    trainer.progress("generate samples")
    inputs = generated(
        network, teachers, steps=options.generator_steps, batch=lesson.fine_tune.batch_size,
        samples=options.samples, seed=trainer.seed,
    )  # fmt: skip
    said = Answers(trainer).of(inputs)
    labels = tuple(_labels(*one) for one in zip(trainer.tasks, said, strict=True))
    made = replace(lesson, trainer=replace(trainer, train=Data(inputs, labels)))
    note = f"trained on {options.samples:,} generated samples, {_found(trainer.tasks[0], said[0])}"
    return Learnt(made.taught(network, *trainer.teachers, label="train without data"), (note,))


def refusal(lesson: Lesson) -> str:
    """Nothing that a generator could go by."""
    trainer = lesson.trainer
    if any(task.kind != "regression" for task in trainer.tasks):
        return ""
    if any(has_norms(read_network(model)) for model in trainer.teachers):
        return ""
    return (
        "the teachers tell no classes and have no BatchNormalization; a generator goes by one of"
        " the two"
    )


def _labels(task: Task, output: Array) -> Array:
    """What teachers say as labels in the form that the data have."""
    if task.kind == "classes":
        by_position = output.reshape(len(output), task.positions, task.classes)
        found: Array = np.argmax(by_position, axis=2).astype(np.int64)
        return found
    if task.kind == "binary":
        return (output > (0.0 if task.from_logits else 0.5)).astype(np.int64)
    return output


def _found(task: Task, output: Array) -> str:
    """How many classes came out, in words."""
    if task.kind != "classes":
        return "of values"
    return f"of {len(np.unique(_labels(task, output)))} of {task.classes} classes"
