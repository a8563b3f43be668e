"""Labels of a model's outputs: class indexes from whatever the user's ``y`` arrays hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import count as counting
from itertools import takewhile
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import TensorSpec
from tinycompress.errors import ConfigError

Labels = npt.NDArray[np.int64]


def numbered_names(letter: str, names: Collection[str]) -> list[str]:
    """``x0``, ``x1``, ... of ``names``; inputs end at the first gap, labels may have gaps."""
    if letter == "x":
        return list(takewhile(lambda name: name in names, (f"x{i}" for i in counting())))
    found = (name for name in names if name[:1] == letter and name[1:].isdecimal())
    return sorted((name for name in found if name == f"{letter}{int(name[1:])}"), key=_number)


def labels_of(
    given: Mapping[str, npt.NDArray[Any]],
    source: str,
    count: int,
    outputs: Sequence[TensorSpec],
) -> tuple[dict[int, Labels], tuple[str, ...]]:
    """Labels, shape (n,), by the index of their output, and notes why there are not more.

    Args:
        given: ``y`` of a model with one output, or ``y0``, ``y1``, ... of any.
        source: Where they came from.
        count: Number of samples.
        outputs: The model's outputs.

    Raises:
        ConfigError: There is another number of labels than of samples.
    """
    labels: dict[int, Labels] = {}
    notes = []
    for name, array in given.items():
        index = 0 if name == "y" else _number(name)
        if name == "y" and len(outputs) != 1:
            notes.append(_which_output(source, outputs))
        elif index >= len(outputs):
            notes.append(f"{name} of {source} is not used: the model has {_count(outputs)}")
        elif index not in labels:
            found = _class_indexes(np.asarray(array), name, source, count, outputs[index])
            if isinstance(found, str):
                notes.append(found)
            else:
                labels[index] = found
    missing = [spec.name for index, spec in enumerate(outputs) if index not in labels]
    if labels and missing:
        notes.append("no accuracy of outputs without labels: " + ", ".join(missing))
    return labels, tuple(notes)


def _number(name: str) -> int:
    return int(name[1:])


def _count(outputs: Sequence[TensorSpec]) -> str:
    return "1 output" if len(outputs) == 1 else f"{len(outputs)} outputs"


def _which_output(source: str, outputs: Sequence[TensorSpec]) -> str:
    names = ", ".join(f"y{index} for '{spec.name}'" for index, spec in enumerate(outputs))
    return (
        f"no accuracy: the model has {_count(outputs)} and y of {source} does not say which it is "
        f"for; name the labels {names}"
    )


def _class_indexes(
    labels: npt.NDArray[Any], name: str, source: str, count: int, output: TensorSpec
) -> Labels | str:
    """Labels of shape (n,); or why an array cannot be labels of this output."""
    if labels.ndim == 0 or len(labels) != count:
        rows = len(labels) if labels.ndim else 1
        raise ConfigError(f"{source}: {rows} labels {name} for {count} samples")
    allowed = max(int(np.prod(output.shape)), 2)
    if labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "iufb":
        is_one_hot = ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()
        labels = labels.argmax(axis=1) if is_one_hot else labels
    unusable = f"no accuracy: {name} of {source} is neither class indexes nor one-hot"
    if labels.size != count or labels.dtype.kind not in "iufb":
        return unusable
    flat = labels.reshape(count)
    if not (flat == np.floor(flat)).all() or flat.min() < 0:
        return unusable
    if flat.max() >= allowed:
        largest = f"no accuracy: {name} of {source} has the label {int(flat.max())}"
        return f"{largest}, but the model {allowed} classes"
    return np.asarray(flat, np.int64)
