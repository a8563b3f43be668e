"""What a user's ``y`` arrays say that outputs should be: classes, labels, or values.

Which of them it is, an array tells by its shape and its values, and the output by its shape:

    classes      one class index for each position of the output, or one-hot in the output's shape;
                 of an output of one element, 0 and 1
    labels       0 or 1 for each element of the output: several of them may be true (multi-label)
    regression   any other numbers in the output's shape

The classes of an output are its last dimension, its positions all others: one, or one for every
pixel of a segmented image.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count as counting
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import QualityKind, TensorSpec
from tinycompress.errors import ConfigError
from tinycompress.ir.quantize import dequantize


@dataclass(frozen=True, eq=False)
class Target:
    """What one output should be, for every sample.

    ``values``: class indexes, int64, of the shape (n, positions); labels, bool, or values, float64,
    of the shape (n, elements).
    """

    kind: QualityKind
    values: npt.NDArray[Any]


def numbered_names(letter: str, names: Collection[str]) -> list[str]:
    """``x0``, ``x1``, ... of ``names``; inputs end at the first gap, labels may have gaps."""
    if letter == "x":
        return list(takewhile(lambda name: name in names, (f"x{i}" for i in counting())))
    digits = {name: name.removeprefix(letter) for name in names if name.startswith(letter)}
    found = (name for name, number in digits.items() if number.isdecimal())
    return sorted(
        (name for name in found if name == f"{letter}{int(digits[name])}"),
        key=lambda name: int(digits[name]),
    )


def labels_of(
    given: Mapping[str, npt.NDArray[Any]],
    source: str,
    count: int,
    outputs: Sequence[TensorSpec],
) -> tuple[dict[int, Target], tuple[str, ...]]:
    """What outputs should be, by the index of the output, and notes why there is not more.

    Args:
        given: ``y`` of a model with one output, or ``y0``, ``y1``, ... of any.
        source: Where they came from.
        count: Number of samples.
        outputs: The model's outputs.

    Raises:
        ConfigError: There is another number of labels than of samples.
    """
    labels: dict[int, Target] = {}
    notes = []
    for name, array in given.items():
        index = 0 if name == "y" else int(name[1:])
        if name == "y" and len(outputs) != 1:
            notes.append(_which_output(source, outputs))
        elif index >= len(outputs):
            notes.append(f"{name} of {source} is not used: the model has {_count(outputs)}")
        elif index not in labels:
            found = _target(np.asarray(array), name, source, count, outputs[index])
            if isinstance(found, str):
                notes.append(found)
            else:
                labels[index] = found
    missing = [spec.name for index, spec in enumerate(outputs) if index not in labels]
    if labels and missing:
        notes.append("no accuracy of outputs without labels: " + ", ".join(missing))
    return labels, tuple(notes)


def class_names_of(
    given: Mapping[str, npt.NDArray[Any]],
    source: str,
    labels: Mapping[int, Target],
    outputs: Sequence[TensorSpec],
) -> tuple[dict[int, tuple[str, ...]], tuple[str, ...]]:
    """Names of classes by the index of their output, and notes why there are not more.

    Args:
        given: ``class_names`` of a model with one output, or ``class_names0``, ... of any.
        source: Where they came from.
        labels: What outputs should be.
        outputs: The model's outputs.
    """
    names: dict[int, tuple[str, ...]] = {}
    notes = []
    for name, array in given.items():
        number = name.removeprefix("class_names")
        index = int(number or 0)
        if index >= len(outputs) or (not number and len(outputs) != 1) or index not in labels:
            notes.append(f"{name} of {source} is not used: it is of no output that has labels")
            continue
        wanted = classes_of(labels[index].kind, outputs[index])
        if array.dtype.kind not in "US" or array.shape != (wanted,):
            notes.append(
                f"{name} of {source} is not used: it is {array.dtype} of shape {array.shape}, not"
                f" {wanted} texts"
            )
            continue
        names[index] = (
            tuple(str(one) for one in np.char.decode(array, "utf-8", "replace"))
            if (array.dtype.kind == "S")
            else tuple(str(one) for one in array)
        )
    return names, tuple(notes)


def classes_of(kind: QualityKind, output: TensorSpec) -> int:
    """How many classes or labels an output tells apart; elements, of a regression."""
    elements = int(np.prod(output.shape))
    if kind != "classes":
        return elements
    return 2 if elements == 1 else output.shape[-1]


def _count(outputs: Sequence[TensorSpec]) -> str:
    return "1 output" if len(outputs) == 1 else f"{len(outputs)} outputs"


def _which_output(source: str, outputs: Sequence[TensorSpec]) -> str:
    names = ", ".join(f"y{index} for '{spec.name}'" for index, spec in enumerate(outputs))
    return (
        f"no accuracy: the model has {_count(outputs)} and y of {source} does not say which it is "
        f"for; name the labels {names}"
    )


def _target(
    labels: npt.NDArray[Any], name: str, source: str, count: int, output: TensorSpec
) -> Target | str:
    """What one output should be; or why an array cannot say that."""
    if labels.ndim == 0 or len(labels) != count:
        rows = len(labels) if labels.ndim else 1
        raise ConfigError(f"{source}: {rows} labels {name} for {count} samples")
    unusable = (
        f"no accuracy: {name} of {source} is neither class indexes nor one-hot, nor values in the"
        f" shape of the output, {output.shape[1:]}"
    )
    if labels.dtype.kind not in "iufb" or not np.isfinite(labels).all():
        return unusable
    flat = labels.reshape(count, -1)
    elements, classes = int(np.prod(output.shape)), classes_of("classes", output)
    positions = 1 if elements == 1 else elements // classes
    whole = bool((flat == np.floor(flat)).all() and flat.min() >= 0)
    # Of an output of one element, whole numbers beyond 1 are classes only if it cannot reach them.
    indexes = whole and (elements > 1 or flat.max() <= 1 or not _reaches_beyond_one(output))
    if flat.shape[1] == positions and classes > 1 and indexes:
        if flat.max() >= classes:
            largest = f"no accuracy: {name} of {source} has the label {int(flat.max())}"
            return f"{largest}, but the model {classes} classes"
        return Target("classes", flat.astype(np.int64))
    if classes > 1 and flat.shape[1] == positions * classes and _is_one_hot(flat, classes):
        chosen = flat.reshape(count, positions, classes).argmax(axis=2)
        return Target("classes", chosen.astype(np.int64))
    if flat.shape[1] != elements:
        return unusable
    if ((flat == 0) | (flat == 1)).all():
        return Target("labels", flat == 1)
    return Target("regression", flat.astype(np.float64))


def _is_one_hot(flat: npt.NDArray[Any], classes: int) -> bool:
    rows = flat.reshape(-1, classes)
    return bool(((rows == 0) | (rows == 1)).all() and (rows.sum(axis=1) == 1).all())


def _reaches_beyond_one(output: TensorSpec) -> bool:
    """Whether an output can be more than a probability."""
    dtype = np.dtype(output.dtype)
    if dtype.kind not in "iu":
        return True
    greatest = dequantize(np.asarray(np.iinfo(dtype).max, dtype), output)
    return float(greatest) > 1.0
