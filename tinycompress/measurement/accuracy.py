"""Accuracy of each output that has labels, and whether it is any better than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import OutputAccuracy, TensorSpec
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.measurement.answers import Outputs
from tinycompress.measurement.samples import StoredSamples
from tinycompress.measurement.session import output_array


def accuracies(
    stored: StoredSamples,
    outputs: Sequence[TensorSpec],
    tflite: bytes,
    device: Sequence[Outputs],
    host: Sequence[Outputs] | None,
) -> tuple[OutputAccuracy, ...]:
    """Accuracy of every output that has labels.

    Args:
        stored: The samples, with their labels.
        outputs: The model's outputs.
        tflite: The model file.
        device: The device's answers, one a sample.
        host: The oracle's answers, or None where it cannot run the model.
    """
    found = []
    for index, labels in sorted(stored.labels.items()):
        spec = outputs[index]
        threshold = threshold_of(tflite, index) if elements(spec) == 1 else 0.0
        output = _Output(index, spec, threshold, labels)
        found.append(
            OutputAccuracy(
                index=index,
                name=spec.name,
                device=output.share(device),
                host_int8=None if host is None else output.share(host),
                chance=_chance(labels, max(elements(spec), 2)),
            )
        )
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Output:
    """One output with the labels, shape (n,), of its samples."""

    index: int
    spec: TensorSpec
    threshold: float
    labels: npt.NDArray[np.int64]

    def share(self, answers: Sequence[Outputs]) -> float:
        """The share of answers that say the label."""
        chosen = [predicted_class(one[self.index], self.spec, self.threshold) for one in answers]
        return float(np.mean(np.asarray(chosen) == self.labels))


def chance_notes(found: Sequence[OutputAccuracy]) -> tuple[str, ...]:
    """A note on every output that is no better than an answer that ignores the samples."""
    return tuple(
        f"the accuracy of output '{one.name}', {one.device:.2%}, is no better than chance "
        f"({one.chance:.2%} without a look at the samples): are the samples scaled as for "
        "training, and the labels in the order of the model's classes?"
        for one in found
        if one.device <= one.chance
    )


def _chance(labels: npt.NDArray[np.int64], classes: int) -> float:
    counts = np.bincount(labels)
    most = float(counts.max() / len(labels))
    # Labels that are all the same say nothing of the classes; a right answer is then no chance.
    return most if most < 1 else 1 / classes


def predicted_class(stored: bytes, spec: TensorSpec, threshold: float) -> int:
    """The class that an output says: its first greatest element; of one element, 1 above a limit.

    Args:
        stored: The output's bytes.
        spec: The output.
        threshold: Limit for an output of one element, in real units.
    """
    array = output_array(stored, spec)
    if array.size > 1:
        return int(array.argmax())
    if array.dtype.kind in "iu":
        return int(dequantize(array, spec).item() > threshold)
    return int(array.item() > threshold)


def threshold_of(tflite: bytes, index: int = 0) -> float:
    """Where an output of one element changes from class 0 to 1: a probability at 0.5, a logit at 0.

    Args:
        tflite: The model file.
        index: Which of its outputs.
    """
    graph = read_model(tflite).main
    made_by = [op.kind for op in graph.ops if graph.outputs[index] in op.outputs]
    return 0.5 if made_by == ["LOGISTIC"] else 0.0


def elements(spec: TensorSpec) -> int:
    """Number of elements of a tensor."""
    return int(np.prod(spec.shape))
