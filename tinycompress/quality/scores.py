"""How good a model's outputs are, by one code wherever that is asked.

classes         accuracy: the share of positions whose greatest element is at the label's index (the
                first of several equal ones); of one element, 1 above a limit. Where there are many
                positions, as pixels are, also the mean over the classes of intersection over union
labels          the mean over all labels of F1, the harmonic mean of precision and recall
regression      R², 1 less the squared error as a share of the labels' variance around their mean
                for each element; and the mean absolute error in the labels' unit
reconstruction  R² as of a regression on the normal samples; where labels name the anomalous ones,
                the area under the ROC curve of each sample's mean squared error: how often an
                anomalous sample has a greater error than a normal one
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import (
    ChannelQuality,
    ClassQuality,
    OutputQuality,
    ScoreName,
    TensorSpec,
)
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model
from tinycompress.quality.labels import Target

MOST_CLASSES = 256
"""A confusion matrix of more would say nothing to anybody, and fill the result."""
MOST_CHANNELS = 64
"""Of more channels a list would not be read."""

_IMAGE_RANK = 4

Reals = npt.NDArray[np.float64]
Answers = npt.NDArray[Any]


@dataclass(frozen=True)
class Head:
    """An output as its answers are read.

    ``shape`` is with the batch of 1; ``threshold`` is where an element changes from no to yes.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    threshold: float = 0.0

    @property
    def channels(self) -> int:
        """Elements on the last axis."""
        return self.shape[-1] if self.shape else 1


def heads_of(graph: Graph, outputs: Sequence[TensorSpec]) -> tuple[Head, ...]:
    """The outputs of a model file."""
    return tuple(
        Head(index, spec.name, tuple(spec.shape), _threshold(graph, index))
        for index, spec in enumerate(outputs)
    )


def qualities_of(
    heads: Sequence[Head],
    targets: Mapping[int, Target],
    answers: Sequence[Answers],
    names: Mapping[int, tuple[str, ...]] | None = None,
) -> tuple[OutputQuality, ...]:
    """The quality of every output that has labels.

    An output that only might stand for the model's input is passed over if it is further from that
    than the mean: whatever it is, it is no reconstruction.

    Args:
        heads: The model's outputs.
        targets: What they should be, by their indexes.
        answers: What each of them was, real values of the shape (n, ...).
        names: Of classes or labels.
    """
    found = (
        quality_of(heads[index], target, answers[index], (names or {}).get(index))
        for index, target in sorted(targets.items())
    )
    return tuple(one for one in found if not _is_nothing(one, targets[one.index]))


def _is_nothing(one: OutputQuality, target: Target) -> bool:
    guessed = target.kind == "reconstruction" and target.anomalous is None
    return guessed and (one.score is None or one.score <= 0)


def quality_of(
    head: Head, target: Target, answers: Answers, names: tuple[str, ...] | None = None
) -> OutputQuality:
    """The quality of one output.

    Args:
        head: The output.
        target: What it should be.
        answers: What it was, real values of the shape (n, ...).
        names: Of its classes or labels.
    """
    made = {
        "classes": _classes, "labels": _labels, "regression": _regression,
        "reconstruction": _reconstruction,
    }[target.kind](head, target, answers.reshape(len(answers), -1))  # fmt: skip
    if names is None or (made.per_class and len(names) != len(made.per_class)):
        return made
    return replace(made, class_names=names)


def with_reference(
    found: Sequence[OutputQuality], in_float: Sequence[OutputQuality]
) -> tuple[OutputQuality, ...]:
    """Qualities of a file beside those of the float model that it was made from."""
    known = {one.index: one for one in in_float}
    return tuple(
        one
        if one.index not in known
        else replace(
            one,
            float_score=known[one.index].score,
            float_mean_absolute_error=known[one.index].mean_absolute_error,
            float_channels=known[one.index].channels,
        )
        for one in found
    )


def _classes(head: Head, target: Target, answers: Answers) -> OutputQuality:
    true = target.values.reshape(-1)
    if target.decided:
        said = answers.astype(np.int64).reshape(-1)
        classes = max(target.classes, int(said.max()) + 1)
    else:
        classes = target.classes
        said = predicted_classes(
            answers, 1 if head.channels == 1 else classes, head.threshold
        ).reshape(-1)
    matrix = None
    if classes <= MOST_CLASSES and said.min() >= 0:
        pairs = np.bincount(true * classes + said, minlength=classes * classes)
        matrix = pairs.reshape(classes, classes)
    positions = target.values.shape[1]
    return OutputQuality(
        head.index, head.name, "classes", float(np.mean(said == true)),
        _accuracy_name(head, positions),
        chance=_chance(true, classes),
        confusion=None if matrix is None else tuple(tuple(map(int, row)) for row in matrix),
        per_class=() if matrix is None else _per_class(matrix),
        mean_iou=None if matrix is None or positions == 1 else _mean_iou(matrix),
    )  # fmt: skip


def _accuracy_name(head: Head, positions: int) -> ScoreName:
    if positions == 1:
        return "accuracy"
    return "pixel accuracy" if len(head.shape) >= _IMAGE_RANK else "accuracy per step"


def _mean_iou(matrix: npt.NDArray[np.int64]) -> float | None:
    """Over the classes that are true or said anywhere, as scikit-learn's macro Jaccard score."""
    both = np.diag(matrix)
    either = matrix.sum(axis=0) + matrix.sum(axis=1) - both
    seen = either > 0
    return float(np.mean(both[seen] / either[seen]))


def _labels(head: Head, target: Target, answers: Answers) -> OutputQuality:
    # Of many positions, a label is a place on the last axis, as a class is.
    each = head.channels if target.values.shape[1] % head.channels == 0 else 1
    each = target.values.shape[1] if each == 1 else each
    said = (answers > head.threshold).reshape(-1, each)
    true = target.values.reshape(-1, each)
    per_class = tuple(
        _class_quality(
            int(np.sum(said[:, one] & true[:, one])),
            int(np.sum(said[:, one])),
            int(np.sum(true[:, one])),
        )
        for one in range(each)
    )
    score = float(np.mean([one.f1 for one in per_class]))
    return OutputQuality(
        head.index, head.name, "labels", score, "macro F1", per_class=per_class
    )  # fmt: skip


def _regression(head: Head, target: Target, answers: Answers) -> OutputQuality:
    true: Reals = target.values
    said = answers.astype(np.float64)
    channels: tuple[ChannelQuality, ...] = ()
    if 1 < head.channels <= MOST_CHANNELS:
        parts = zip(_by_channel(true, head), _by_channel(said, head), strict=True)
        channels = tuple(ChannelQuality(_r2(*part), _mean_error(*part)) for part in parts)
    return OutputQuality(
        head.index, head.name, "regression", _r2(true, said), "R²",
        mean_absolute_error=_mean_error(true, said), channels=channels,
    )  # fmt: skip


def _by_channel(values: Reals, head: Head) -> list[Reals]:
    parts = values.reshape(len(values), -1, head.channels)
    return [parts[:, :, channel] for channel in range(head.channels)]


def _reconstruction(head: Head, target: Target, answers: Answers) -> OutputQuality:
    true: Reals = target.values
    said = answers.astype(np.float64)
    errors = np.mean((said - true) ** 2, axis=1)
    anomalous = target.anomalous
    normal = np.ones(len(true), np.bool_) if anomalous is None else ~anomalous
    score: float | None
    name: ScoreName
    if anomalous is None or not 0 < int(anomalous.sum()) < len(anomalous):
        score, name = _r2(true[normal], said[normal]), "R² of the reconstruction"
    else:
        score, name = _auc(errors, anomalous), "AUC of the reconstruction error"
    told = normal if normal.any() else ~normal
    return OutputQuality(
        head.index, head.name, "reconstruction", score, name,
        mean_absolute_error=_mean_error(true[told], said[told]),
        mean_squared_error=float(np.mean(errors[told])),
    )  # fmt: skip


def _auc(scores: Reals, positive: npt.NDArray[np.bool_]) -> float:
    """How often a positive has the greater score, equal ones half: the Mann-Whitney statistic."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks = (last - (counts - 1) / 2.0)[place]
    positives, negatives = int(positive.sum()), int((~positive).sum())
    above = float(ranks[positive].sum()) - positives * (positives + 1) / 2.0
    return above / (positives * negatives)


def _r2(true: Reals, said: Reals) -> float | None:
    """Labels that are all the same have no variance to explain."""
    if not len(true):
        return None
    variance = float(np.sum((true - true.mean(axis=0)) ** 2))
    return 1.0 - float(np.sum((said - true) ** 2)) / variance if variance else None


def _mean_error(true: Reals, said: Reals) -> float:
    return float(np.mean(np.abs(said - true)))


def _per_class(matrix: npt.NDArray[np.int64]) -> tuple[ClassQuality, ...]:
    return tuple(
        _class_quality(int(matrix[one, one]), int(matrix[:, one].sum()), int(matrix[one].sum()))
        for one in range(len(matrix))
    )


def _class_quality(right: int, said: int, true: int) -> ClassQuality:
    """Of ``true`` samples of a class, of which ``right`` are said to be of it, as ``said`` are."""
    return ClassQuality(
        samples=true,
        precision=right / said if said else None,
        recall=right / true if true else None,
        f1=2 * right / (said + true) if said + true else 1.0,
    )


def _chance(labels: npt.NDArray[np.int64], classes: int) -> float:
    counts = np.bincount(labels)
    most = float(counts.max() / len(labels))
    # Labels that are all the same say nothing of the classes; a right answer is then no chance.
    return most if most < 1 else 1 / classes


def predicted_classes(answers: Answers, scores: int, threshold: float) -> npt.NDArray[np.int64]:
    """The classes that outputs say: their first greatest elements; of one element, 1 above a limit.

    Args:
        answers: Real values, of the shape (n, elements).
        scores: How many elements belong to one position.
        threshold: Limit where that is one.

    Returns:
        Of the shape (n, positions).
    """
    if answers.shape[1] == 1 or scores == 1:
        return (answers > threshold).astype(np.int64)
    found = answers.reshape(len(answers), -1, scores)
    return np.asarray(found.argmax(axis=2), np.int64)


def threshold_of(tflite: bytes, index: int = 0) -> float:
    """Where an element of an output changes from no to yes: a probability at 0.5, a logit at 0.

    Args:
        tflite: The model file.
        index: Which of its outputs.
    """
    return _threshold(read_model(tflite).main, index)


_MOVES_VALUES = frozenset({"RESHAPE", "DEQUANTIZE", "QUANTIZE", "CONCATENATION", "TRANSPOSE"})


def _threshold(graph: Graph, index: int) -> float:
    tensor = graph.outputs[index]
    while True:
        made_by = next((op for op in graph.ops if tensor in op.outputs), None)
        if made_by is None or made_by.kind not in _MOVES_VALUES:
            return 0.5 if made_by is not None and made_by.kind == "LOGISTIC" else 0.0
        tensor = made_by.inputs[0]


def name_of_scores(names: Sequence[str]) -> str:
    """What a figure of all outputs is, by the names of their scores: of several the mean."""
    if len(names) == 1:
        return names[0]
    return f"mean of {' and '.join(sorted(set(names)))}" if names else "accuracy"
