"""The task of a model, from its labels and its output, and its score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from tinycompress.artifacts import OutputQuality
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Array, Network, elements
from tinycompress.errors import ConfigError
from tinycompress.quality.labels import Target
from tinycompress.quality.scores import Head, quality_of

_ENOUGH_TO_TELL = 50
_SIGMAS = 3.0
"""A guess is that far above chance once in 700 times."""

TaskKind = Literal["classes", "binary", "regression"]


@dataclass(frozen=True)
class Task:
    """One output: ``width`` is its size; ``from_logits`` if no softmax or sigmoid ends it.

    ``positions`` is how many classes it tells: 1, or one for every pixel of a segmented image.
    ``name`` is that of the layer that makes it, ``shape`` its shape without the batch.
    ``reconstructs`` is whether its values are to be an input's, as an autoencoder's are.
    """

    kind: TaskKind
    width: int
    from_logits: bool
    positions: int = 1
    name: str = ""
    shape: tuple[int, ...] = ()
    reconstructs: bool = False

    @property
    def classes(self) -> int:
        """How many values belong to one position."""
        return self.width // self.positions


def tasks_of(network: Network, data: Data, *, what: str = "") -> tuple[Task, ...]:
    """The task of every output of a model.

    Args:
        network: The model.
        data: Labelled samples.
        what: Put before the message where labels do not fit.

    Raises:
        ConfigError: Labels that no task has with this output.
    """
    return tuple(
        _reconstruction(network, value)
        if index in data.anomalous
        else _task(network, value, labels, what)
        for index, (value, labels) in enumerate(zip(network.outputs, data.labels, strict=True))
    )


def tasks_without_labels(network: Network) -> tuple[Task, ...]:
    """The task of every output of a model as its last activation tells it.

    A softmax tells classes, a sigmoid binary outputs; everything else counts as values, logits too.

    Args:
        network: The model; unknown dimensions of an output count as 1.
    """
    found = []
    for value in network.outputs:
        shape = network.shape(value)
        width = int(np.prod([size or 1 for size in shape]))
        activation = _last_activation(network, value)
        if activation == "softmax":
            task = Task("classes", width, False, width // (shape[-1] or 1))
        elif activation == "sigmoid":
            task = Task("binary", width, False)
        else:
            task = Task("regression", width, True)
        found.append(_named(network, value, task))
    return tuple(found)


def targets(task: Task, labels: Array) -> Array:
    """Labels in the shape of the output, float32 ``[samples, width]``; classes are one-hot."""
    flat = labels.reshape(len(labels), -1)
    if task.kind == "classes" and flat.shape[1] == task.positions:
        one_hot = np.eye(task.classes, dtype=np.float32)[flat.astype(np.int64)]
        return one_hot.reshape(len(labels), task.width)
    return flat.astype(np.float32)


def said_labels(task: Task, output: Array) -> Array:
    """What a model says as labels, in the form that data have: class numbers, zeros and ones."""
    if task.kind == "classes":
        by_position = output.reshape(len(output), task.positions, task.classes)
        found: Array = np.argmax(by_position, axis=2).astype(np.int64)
        return found
    if task.kind == "binary":
        return (output > (0.0 if task.from_logits else 0.5)).astype(np.int64)
    return output


def _chosen(task: Task, values: Array) -> Array:
    """The class at every position of every sample, of scores ``[samples, width]``."""
    chosen: Array = np.argmax(values.reshape(-1, task.classes), axis=1)
    return chosen


def target_of(task: Task, labels: Array, anomalous: Array | None = None) -> Target:
    """Labels as the score of an output takes them.

    Args:
        task: Of this output.
        labels: As given.
        anomalous: Which samples are no normal ones, where the output reconstructs an input.
    """
    if task.kind == "classes":
        chosen = _chosen(task, targets(task, labels)).reshape(len(labels), task.positions)
        return Target("classes", chosen.astype(np.int64), classes=task.classes)
    wanted = targets(task, labels)
    if task.reconstructs or anomalous is not None:
        return Target("reconstruction", wanted.astype(np.float64), anomalous)
    if task.kind == "regression":
        return Target("regression", wanted.astype(np.float64))
    if task.width == 1 or (task.shape and task.shape[-1] == 1):
        return Target("classes", (wanted > 0.5).astype(np.int64), classes=2)
    return Target("labels", wanted > 0.5)


def head_of(task: Task, index: int = 0) -> Head:
    """How the answers of an output are read."""
    threshold = 0.0 if task.from_logits else 0.5
    shape = task.shape or (task.width,)
    return Head(index, task.name or f"output {index}", (1, *shape), threshold)


def qualities(
    tasks: Sequence[Task], data: Data, outputs: Sequence[Array]
) -> tuple[OutputQuality, ...]:
    """How good every output is, by the code that judges all models.

    Args:
        tasks: Of the outputs.
        data: The samples with their labels, one array per output.
        outputs: Of the model, one array per output, batch first.
    """
    return tuple(
        quality_of(
            head_of(task, index),
            target_of(task, wanted, data.anomalous.get(index)),
            np.asarray(said),
        )
        for index, (task, wanted, said) in enumerate(zip(tasks, data.labels, outputs, strict=True))
    )


def score(task: Task, labels: Array, outputs: Array) -> float:
    """How good one output is: accuracy of classes, macro F1 of several labels, R² of values.

    Args:
        task: Of this output.
        labels: As given.
        outputs: Of the model, batch first.

    Returns:
        At most 1; 0 where labels that are all the same tell nothing.
    """
    found = quality_of(head_of(task), target_of(task, labels), np.asarray(outputs))
    return found.score or 0.0


def only_guesses(task: Task, labels: Array, outputs: Array) -> bool:
    """Whether outputs are no better than guessing, as those of an untrained model are.

    Classes count alike, however many samples each has: whoever always says the most frequent one
    guesses. Too few samples to tell are no reason to say so.

    Args:
        task: Of this output.
        labels: As given.
        outputs: Of the model, batch first.
    """
    if len(outputs) < _ENOUGH_TO_TELL:
        return False
    if task.kind == "regression":
        return score(task, labels, outputs) <= 0.0
    wanted = targets(task, labels)
    got = outputs.reshape(len(outputs), -1)
    if task.kind == "classes":
        truth, said = _chosen(task, wanted), _chosen(task, got)
    else:
        truth = (wanted > 0.5).astype(np.int64).reshape(-1)
        said = (got > (0.0 if task.from_logits else 0.5)).astype(np.int64).reshape(-1)
    classes = np.unique(truth)
    if len(classes) < 2:
        return False
    recalls = [float(np.mean(said[truth == value] == value)) for value in classes]
    chance = 1.0 / len(classes)
    luck = _SIGMAS * float(np.sqrt(chance * (1.0 - chance) / len(truth)))
    return float(np.mean(recalls)) <= chance + luck


def mean_score(tasks: tuple[Task, ...], data: Data, outputs: tuple[Array, ...]) -> float:
    """Mean of the scores of all outputs."""
    return mean_of(qualities(tasks, data, outputs))


def mean_of(found: Sequence[OutputQuality]) -> float:
    """Mean of the scores of all outputs; one that nothing tells counts as 0."""
    return float(np.mean([one.score or 0.0 for one in found]))


def _task(network: Network, value: int, labels: Array, what: str) -> Task:
    return _named(network, value, _kind_of(network, value, labels, what))


def _reconstruction(network: Network, value: int) -> Task:
    width = elements(network.shape(value))
    return replace(_named(network, value, Task("regression", width, True)), reconstructs=True)


def _named(network: Network, value: int, task: Task) -> Task:
    maker = network.producer_or_none(value)
    shape = tuple(size or 1 for size in network.shape(value))
    return replace(task, name="" if maker is None else maker.layer, shape=shape)


def _kind_of(network: Network, value: int, labels: Array, what: str) -> Task:
    shape = network.shape(value)
    width = int(np.prod([size or 1 for size in shape]))
    flat = labels.reshape(len(labels), -1)
    activation = _last_activation(network, value)
    whole = bool(flat.dtype.kind in "iub" or np.all(flat == np.round(flat)))
    classes = shape[-1] or 1 if shape else 1
    positions = width // classes
    if classes > 1 and flat.shape[1] == positions and whole:
        low, high = int(flat.min()), int(flat.max())
        if low < 0 or high >= classes:
            raise ConfigError(
                f"{what}labels from {low} to {high} do not match the model's output of {classes}"
                f" classes (allowed: 0 to {classes - 1})"
            )
        return Task("classes", width, activation != "softmax", positions)
    if flat.shape[1] != width:
        raise ConfigError(
            f"{what}labels of shape {labels.shape[1:]} do not match the model's output of shape"
            f" {shape}",
            hint="class numbers (one for each position of the output), one-hot rows, or values in"
            " the shape of the output are accepted",
        )
    rows = flat.reshape(-1, classes)
    one_hot = classes > 1 and np.all((flat == 0) | (flat == 1)) and np.all(rows.sum(axis=1) == 1)
    if one_hot and (positions == 1 or activation == "softmax"):
        return Task("classes", width, activation != "softmax", positions)
    if np.all((flat == 0) | (flat == 1)) and activation in ("sigmoid", "linear"):
        return Task("binary", width, activation != "sigmoid")
    return Task("regression", width, True)


def _last_activation(network: Network, value: int) -> str:
    """The activation that makes an output, looking through layers that only reshape."""
    while True:
        call = network.producer_or_none(value)
        if call is None:
            return "linear"
        layer = network.layers[call.layer]
        if layer.kind in ("Flatten", "Reshape", "Dropout"):
            value = call.inputs[0]
            continue
        if layer.kind == "Softmax":
            return "softmax"
        return str(layer.config.get("activation", "linear"))
