"""How good a model's outputs are, on the device and on the host, by one code for both.

classes      accuracy: the share of positions whose greatest element is at the label's index (the
             first of several equal ones); of one element, 1 above a limit
labels       the mean over all labels of F1, the harmonic mean of precision and recall
regression   R², 1 less the squared error as a share of the labels' variance around their mean
             for each element; and the mean absolute error in the labels' unit
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ClassQuality, OutputQuality, TensorSpec
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.measurement.answers import Outputs
from tinycompress.measurement.quality.labels import Target, classes_of
from tinycompress.measurement.samples import StoredSamples

MOST_CLASSES = 256
"""A confusion matrix of more would say nothing to anybody, and fill the result."""

Reals = npt.NDArray[np.float64]


def qualities(
    stored: StoredSamples,
    outputs: Sequence[TensorSpec],
    tflite: bytes,
    device: Sequence[Outputs],
    host: Sequence[Outputs] | None,
) -> tuple[OutputQuality, ...]:
    """The quality of every output that has labels.

    Args:
        stored: The samples, with their labels.
        outputs: The model's outputs.
        tflite: The model file.
        device: The device's answers, one a sample.
        host: The oracle's answers, or None where it cannot run the model.
    """
    found = []
    for index, target in sorted(stored.labels.items()):
        spec = outputs[index]
        output = _Output(index, spec, threshold_of(tflite, index), target)
        names = stored.class_names.get(index)
        found.append(output.quality(device, host, names))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Output:
    """One output, with what it should be."""

    index: int
    spec: TensorSpec
    threshold: float
    target: Target

    def quality(
        self,
        device: Sequence[Outputs],
        host: Sequence[Outputs] | None,
        names: tuple[str, ...] | None,
    ) -> OutputQuality:
        """All that is told of it."""
        make = {"classes": self._classes, "labels": self._labels, "regression": self._regression}
        told = make[self.target.kind](self._answers(device), names)
        if host is None:
            return told
        host_score = make[self.target.kind](self._answers(host), names).score
        return OutputQuality(**{**vars(told), "host_score": host_score})

    def _answers(self, answers: Sequence[Outputs]) -> npt.NDArray[np.float32]:
        """Real values of the shape (n, elements)."""
        dtype = np.dtype(self.spec.dtype).newbyteorder("<")
        stored = np.frombuffer(b"".join(one[self.index] for one in answers), dtype)
        return dequantize(stored.reshape(len(answers), -1), self.spec)

    def _classes(
        self, answers: npt.NDArray[np.float32], names: tuple[str, ...] | None
    ) -> OutputQuality:
        classes = classes_of("classes", self.spec)
        said = predicted_classes(answers, classes, self.threshold).reshape(-1)
        true = self.target.values.reshape(-1)
        matrix = None
        if classes <= MOST_CLASSES:
            pairs = np.bincount(true * classes + said, minlength=classes * classes)
            matrix = pairs.reshape(classes, classes)
        return self._told(
            float(np.mean(said == true)),
            "accuracy",
            names,
            chance=_chance(true, classes),
            confusion=None if matrix is None else tuple(tuple(map(int, row)) for row in matrix),
            per_class=() if matrix is None else _per_class(matrix),
        )

    def _labels(
        self, answers: npt.NDArray[np.float32], names: tuple[str, ...] | None
    ) -> OutputQuality:
        said, true = answers > self.threshold, self.target.values
        per_class = tuple(
            _class_quality(
                int(np.sum(said[:, one] & true[:, one])),
                int(np.sum(said[:, one])),
                int(np.sum(true[:, one])),
            )
            for one in range(true.shape[1])
        )
        score = float(np.mean([one.f1 for one in per_class]))
        return self._told(score, "macro F1", names, per_class=per_class)

    def _regression(
        self, answers: npt.NDArray[np.float32], names: tuple[str, ...] | None
    ) -> OutputQuality:
        true: Reals = self.target.values
        error = answers.astype(np.float64) - true
        variance = float(np.sum((true - true.mean(axis=0)) ** 2))
        # Labels that are all the same have no variance to explain.
        score = 1.0 - float(np.sum(error**2)) / variance if variance else None
        return self._told(score, "R²", names, mae=float(np.mean(np.abs(error))))

    def _told(
        self,
        score: float | None,
        score_name: str,
        names: tuple[str, ...] | None,
        *,
        chance: float | None = None,
        confusion: tuple[tuple[int, ...], ...] | None = None,
        per_class: tuple[ClassQuality, ...] = (),
        mae: float | None = None,
    ) -> OutputQuality:
        return OutputQuality(
            index=self.index,
            name=self.spec.name,
            kind=self.target.kind,
            score=score,
            score_name=score_name,
            chance=chance,
            confusion=confusion,
            class_names=names,
            per_class=per_class,
            mean_absolute_error=mae,
        )


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


def chance_notes(found: Sequence[OutputQuality]) -> tuple[str, ...]:
    """A note on every output that is no better than an answer that ignores the samples."""
    return tuple(note for one in found if (note := _chance_note(one)) is not None)


def _chance_note(one: OutputQuality) -> str | None:
    if one.score is not None and one.chance is not None and one.score <= one.chance:
        return (
            f"the accuracy of output '{one.name}', {one.score:.2%}, is no better than chance "
            f"({one.chance:.2%} without a look at the samples): are the samples scaled as for "
            "training, and the labels in the order of the model's classes?"
        )
    if one.kind == "regression" and one.score is None:
        return f"no R² of output '{one.name}': all its labels are the same"
    if one.kind == "regression" and one.score is not None and one.score <= 0:
        return (
            f"R² of output '{one.name}', {one.score:.3f}, is no better than always saying the mean "
            "of the labels: are samples and labels scaled as for training?"
        )
    return None


def _chance(labels: npt.NDArray[np.int64], classes: int) -> float:
    counts = np.bincount(labels)
    most = float(counts.max() / len(labels))
    # Labels that are all the same say nothing of the classes; a right answer is then no chance.
    return most if most < 1 else 1 / classes


def predicted_classes(
    answers: npt.NDArray[np.float32], classes: int, threshold: float
) -> npt.NDArray[np.int64]:
    """The classes that outputs say: their first greatest elements; of one element, 1 above a limit.

    Args:
        answers: Real values, of the shape (n, elements).
        classes: How many belong to one position.
        threshold: Limit for an output of one element.

    Returns:
        Of the shape (n, positions).
    """
    if answers.shape[1] == 1:
        return (answers > threshold).astype(np.int64)
    scores = answers.reshape(len(answers), -1, classes)
    return np.asarray(scores.argmax(axis=2), np.int64)


def threshold_of(tflite: bytes, index: int = 0) -> float:
    """Where an element of an output changes from no to yes: a probability at 0.5, a logit at 0.

    Args:
        tflite: The model file.
        index: Which of its outputs.
    """
    graph = read_model(tflite).main
    made_by = [op.kind for op in graph.ops if graph.outputs[index] in op.outputs]
    return 0.5 if made_by == ["LOGISTIC"] else 0.0
