"""What teachers say of samples, in the form in which the student is to say it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, tasks_of
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.network import Array
from tinycompress.compression.network.read import read_network
from tinycompress.compression.training.trainer import Trainer

_SMALLEST_PROBABILITY = 1e-7


class Answers:
    """The outputs of a trainer's teachers, averaged.

    A teacher may end in logits where the student ends in a softmax, and the other way round. Of
    several the probabilities are averaged, or the values (Hinton et al., 2015; You et al., Learning
    from Multiple Teacher Networks, 2017).
    """

    def __init__(self, trainer: Trainer) -> None:
        self._tasks = trainer.tasks
        self._models = trainer.teachers
        self._forms = [tasks_of(read_network(model), trainer.train) for model in self._models]

    def of(self, inputs: tuple[Array, ...]) -> list[Array]:
        """One array ``[samples, width]`` per output, float32."""
        said = [
            [output.reshape(len(output), -1) for output in predict(model, inputs)]
            for model in self._models
        ]
        return [
            _agreed(
                [outputs[index] for outputs in said],
                [form[index] for form in self._forms],
                task,
            )
            for index, task in enumerate(self._tasks)
        ]


def packed(data: Data, answers: Answers | None, labels: Sequence[Array]) -> tuple[Any, Any]:
    """Inputs and targets as Keras takes them; behind a target what teachers say, if any do.

    Args:
        data: Samples.
        answers: The teachers' outputs; None for labels alone.
        labels: Targets of every output, float32 ``[samples, width]``.
    """
    targets = list(labels)
    if answers is not None:
        targets = [
            np.concatenate(pair, axis=1)
            for pair in zip(targets, answers.of(data.inputs), strict=True)
        ]
    inputs = list(data.inputs)
    return (
        inputs if len(inputs) > 1 else inputs[0],
        targets if len(targets) > 1 else targets[0],
    )


def _agreed(outputs: list[Array], forms: list[Task], task: Task) -> Array:
    if task.kind == "regression":
        return _mean(outputs)
    if len(outputs) == 1 and forms[0].from_logits == task.from_logits:
        return outputs[0]
    chances = [_probabilities(*one) for one in zip(outputs, forms, strict=True)]
    agreed = _mean(chances)
    return _logits(agreed, task) if task.from_logits else agreed


def _mean(arrays: list[Array]) -> Array:
    return np.asarray(np.mean(arrays, axis=0, dtype=np.float64), np.float32)


def _probabilities(output: Array, form: Task) -> Array:
    if not form.from_logits:
        return output
    values = output.astype(np.float64)
    if form.kind == "binary":
        return np.asarray(np.exp(-np.logaddexp(0.0, -values)))
    by_class = values.reshape(len(values), -1, form.classes)
    powers = np.exp(by_class - by_class.max(axis=2, keepdims=True))
    found: Array = (powers / powers.sum(axis=2, keepdims=True)).reshape(output.shape)
    return found


def _logits(chances: Array, task: Task) -> Array:
    safe = np.clip(chances, _SMALLEST_PROBABILITY, 1.0 - _SMALLEST_PROBABILITY)
    if task.kind == "binary":
        return np.asarray(np.log(safe) - np.log1p(-safe))
    found: Array = np.log(safe)
    return found
