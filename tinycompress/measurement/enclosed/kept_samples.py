"""What a bundle keeps of labelled samples: answers and labels, and the samples answered worst.

It is an ``.npz`` of bounded size. For each output ``i`` that has labels:

- ``kind_i``, a text: what the labels are, as in `quality.labels`; ``samples_i``, how
  many there are, and ``wrong_i``, how many were answered wrong, in some position at least (of a
  regression 0: there is no right or wrong); a reconstruction is kept as a regression whose labels
  are the inputs;
- ``worst_i``, shape ``(k,)``: the samples answered worst, the worst first; ``worst_said_i``, shape
  ``(k, elements)``, what was answered, real values; ``worst_labels_i``, shape ``(k, positions)`` or
  ``(k, elements)``; ``classes_i`` and ``threshold_i``, by which answers are understood, and
  ``decided_i``, there and true where they are indexes of classes;
- ``said_i``, shape ``(n, elements)``, all answers as stored, and ``labels_i``, all labels; left out
  where they take more than `MOST_OUTPUT_BYTES`.

``kept``, shape ``(m,)``, are samples of which ``kept_x_j`` holds the input ``j``, shape
``(m, *shape)``, as stored; as many of the worst as `MOST_INPUT_BYTES` hold.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec
from tinycompress.ir.quantize import dequantize
from tinycompress.measurement.answers import Outputs
from tinycompress.measurement.samples import StoredSamples
from tinycompress.quality.labels import Target, classes_of
from tinycompress.quality.scores import threshold_of

FILE = "samples.npz"
MOST_OUTPUT_BYTES = 1 << 20
"""Of all answers and labels of an output, and of the real values of its worst answers."""
MOST_INPUT_BYTES = 1 << 18
"""Of the inputs of the worst samples."""
MOST_WORST = 24

Array = npt.NDArray[Any]


def kept_samples(
    stored: StoredSamples, outputs: Sequence[TensorSpec], tflite: bytes, device: Sequence[Outputs]
) -> bytes:
    """The ``.npz``; empty where no output has labels. The same answers give the same bytes.

    Args:
        stored: The samples, with their labels.
        outputs: The model's outputs.
        tflite: The model file.
        device: The device's answers, one a sample.
    """
    arrays: dict[str, Array] = {}
    kept: dict[int, None] = {}
    for index, target in sorted(stored.labels.items()):
        spec = outputs[index]
        dtype = np.dtype(spec.dtype).newbyteorder("<")
        said = np.frombuffer(b"".join(one[index] for one in device), dtype)
        found = _of_output(said.reshape(len(device), -1), target, spec, threshold_of(tflite, index))
        arrays |= {f"{name}_{index}": array for name, array in found.items()}
        kept |= dict.fromkeys(found["worst"].tolist())
    if not arrays:
        return b""
    return _npz({**arrays, **_inputs(stored, list(kept))})


def _of_output(said: Array, target: Target, spec: TensorSpec, threshold: float) -> dict[str, Array]:
    real = dequantize(said, spec)
    classes = target.classes or classes_of("classes", spec)
    badness = badness_of(real, target, classes, threshold)
    room = max(1, MOST_OUTPUT_BYTES // max(real[0].nbytes, 1))
    worst = np.argsort(-badness, kind="stable")[: min(MOST_WORST, room)]
    wrong = _wrong(badness, target)
    found = {
        "kind": np.asarray("regression" if target.kind == "reconstruction" else target.kind),
        "samples": np.int64(len(said)),
        "wrong": np.int64(wrong),
        "worst": worst.astype(np.int64),
        "worst_said": real[worst],
        "worst_labels": target.values[worst],
        "classes": np.int64(classes),
        "threshold": np.float64(threshold),
    }
    if target.decided:
        found["decided"] = np.True_
    if said.nbytes + target.values.nbytes <= MOST_OUTPUT_BYTES:
        found |= {"said": said, "labels": target.values}
    return {name: np.asarray(array) for name, array in found.items()}


def _wrong(badness: Array, target: Target) -> int:
    if target.kind in ("regression", "reconstruction"):
        return 0
    several = target.kind == "classes" and target.values.shape[1] > 1
    return int(np.sum(badness > 0 if several else badness >= 0))


def badness_of(real: Array, target: Target, classes: int, threshold: float) -> Array:
    """How bad each answer is, shape ``(n,)``, float64; more is worse.

    Of a class it is by how much another one was preferred to the label, and of labels by how far
    the one that is farthest off is beyond the limit: of a wrong answer at least 0, of a right one
    less. Of classes of several positions it is the share of wrong ones, of a regression the mean
    absolute error.

    Args:
        real: Answers in real units, shape ``(n, elements)``.
        target: What they should be.
        classes: How many belong to one position.
        threshold: Limit of one element.
    """
    answers = real.astype(np.float64)
    if target.kind in ("regression", "reconstruction"):
        return np.asarray(np.abs(answers - target.values).mean(axis=1))
    if target.kind == "labels":
        return np.asarray(_beyond(answers, target.values, threshold).max(axis=1))
    if target.decided:
        return _share_or_sign(answers != target.values)
    if answers.shape[1] == target.values.shape[1]:
        beyond = _beyond(answers, target.values == 1, threshold)
        return np.asarray(beyond[:, 0]) if beyond.shape[1] == 1 else _share_or_sign(beyond >= 0)
    scores = answers.reshape(len(answers), -1, classes)
    of_label = np.take_along_axis(scores, target.values[:, :, None], axis=2)[:, :, 0]
    np.put_along_axis(scores, target.values[:, :, None], -np.inf, axis=2)
    margin = scores.max(axis=2) - of_label
    # Of equal scores the first class is the answer, which may be the label.
    first = scores.argmax(axis=2) > target.values
    margin = np.where((margin == 0) & first, -np.finfo(np.float64).tiny, margin)
    if margin.shape[1] > 1:
        return np.asarray((margin >= 0).mean(axis=1))
    return np.asarray(margin[:, 0])


def _share_or_sign(wrong: Array) -> Array:
    """The share of wrong positions; of one position 1 for a wrong one and -1 for a right one."""
    if wrong.shape[1] > 1:
        return np.asarray(wrong.mean(axis=1))
    return np.where(wrong[:, 0], 1.0, -1.0)


def _beyond(answers: Array, wanted: Array, threshold: float) -> Array:
    """By how much elements are on the wrong side of the limit; on it they count as no."""
    tiny = np.finfo(np.float64).tiny
    over = answers - threshold
    return np.where(wanted, -over, np.where(over == 0, -tiny, over))


def _inputs(stored: StoredSamples, worst: Sequence[int]) -> dict[str, Array]:
    """Inputs of as many of the worst samples as there is room for."""
    each = sum(array[0].nbytes for array in stored.inputs)
    kept = list(worst[: MOST_INPUT_BYTES // max(each, 1)])
    arrays: dict[str, Array] = {
        f"kept_x_{number}": array[kept] for number, array in enumerate(stored.inputs)
    }
    return {"kept": np.asarray(kept, np.int64), **arrays}


def _npz(arrays: dict[str, Array]) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **arrays)
    return out.getvalue()
