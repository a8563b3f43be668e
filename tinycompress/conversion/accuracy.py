"""How many samples a model classifies right: the float graph, and what the device will compute."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.calibrate import Floats, Samples, class_labels
from tinycompress.conversion.frozen import FrozenGraph, predict
from tinycompress.ir.graph import Model
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.oracle import Oracle


def labels_for(samples: Samples, model: Model) -> tuple[npt.NDArray[np.int64] | None, str | None]:
    """The class labels that a model's accuracy can be counted with.

    Returns:
        Labels of shape (n,) and None; or None and, where there are targets, why they are no labels.
    """
    if samples.targets is None:
        return None, None
    why = f"no accuracy: y of {samples.where} "
    labels = class_labels(samples.targets)
    if len(model.main.outputs) != 1:
        return None, f"{why}cannot belong to {len(model.main.outputs)} outputs"
    if labels is None:
        return None, f"{why}holds neither class indices nor one-hot rows"
    classes = max(2, model.main.tensors[model.main.outputs[0]].elements)
    if int(labels.max()) >= classes:
        return None, f"{why}has the label {int(labels.max())}, but the model {classes} classes"
    return labels, None


def float_accuracy(
    frozen: FrozenGraph, samples: Samples, labels: npt.NDArray[np.int64], model: Model
) -> float:
    """Share of samples that the float model classifies right, 0 to 1."""
    (scores,) = predict(frozen, samples.inputs)
    return _share_right(scores, labels, model)


def quantized_accuracy(
    tflite: bytes,
    samples: Samples,
    labels: npt.NDArray[np.int64],
    model: Model,
    exact_to: ExactTo,
) -> float:
    """Share of samples that a quantised model classifies right on the oracle, 0 to 1.

    Raises:
        ModelError: The oracle refuses the model.
    """
    oracle = Oracle(tflite, exact_to)
    try:
        rows = [_run(oracle, sample) for sample in zip(*samples.inputs, strict=True)]
    finally:
        oracle.close()
    return _share_right(np.stack(rows), labels, model)


def _run(oracle: Oracle, sample: tuple[Floats, ...]) -> Floats:
    stored: list[npt.NDArray[Any]] = [
        quantize(values.reshape(spec.shape), spec)
        for values, spec in zip(sample, oracle.inputs, strict=True)
    ]
    (output,) = oracle.run(*stored)
    return dequantize(output, oracle.outputs[0])


def _share_right(scores: Floats, labels: npt.NDArray[np.int64], model: Model) -> float:
    rows = scores.reshape(len(labels), -1)
    if rows.shape[1] == 1:
        chosen = (rows[:, 0] > _threshold(model)).astype(np.int64)
    else:
        chosen = rows.argmax(axis=1)
    return float(np.mean(chosen == labels))


def _threshold(model: Model) -> float:
    """Where a single output changes from class 0 to 1: a probability at 0.5, a logit at 0."""
    output = model.main.outputs[0]
    made_by = [op.kind for op in model.main.ops if output in op.outputs]
    return 0.5 if made_by == ["LOGISTIC"] else 0.0
