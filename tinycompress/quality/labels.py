"""What a user's ``y`` arrays say that outputs should be: classes, labels, or values.

Which of them it is, an array tells by its shape and its values, and the output by its shape:

    classes         one class index for each position of the output, or one-hot in the output's
                    shape; where a position has one element, 0 and 1
    labels          0 or 1 for each element of the output: several of them may be true (multi-label)
    regression      any other numbers in the output's shape
    reconstruction  none, where the output has the shape of an input, which it is then held against;
                    or 0 and 1, one a sample, for normal and anomalous samples

The classes of an output are its last dimension, its positions all others: one, or one for every
pixel of a segmented image. An output of int32 or int64 tells the classes' indexes themselves.
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

LEAST_RECONSTRUCTED = 16
"""Elements of an output from which labels of 0 and 1, one a sample, may be of an autoencoder."""


@dataclass(frozen=True, eq=False)
class Target:
    """What one output should be, for every sample.

    ``values``: class indexes, int64, of the shape (n, positions); labels, bool, or values, float64,
    of the shape (n, elements); of a reconstruction the input. ``anomalous``, bool of the shape
    (n,), says of a reconstruction which samples are no normal ones; None where nothing does.
    ``classes`` is how many there are at a position, and ``decided`` whether the output tells their
    indexes instead of scores.
    """

    kind: QualityKind
    values: npt.NDArray[Any]
    anomalous: npt.NDArray[np.bool_] | None = None
    classes: int = 0
    decided: bool = False


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


def numbered_by_output(
    others: Mapping[str, npt.NDArray[Any]], outputs: Sequence[TensorSpec]
) -> dict[str, str]:
    """Which arrays are labels since they are called like an output: their names as ``y0``, ``y1``.

    An output is called as in the file, or like the layer that makes it; a name that two outputs
    have is none.

    Args:
        others: Arrays that are neither inputs nor called ``y``.
        outputs: The model's outputs.
    """
    called: dict[str, list[int]] = {}
    for index, spec in enumerate(outputs):
        for name in {spec.name, layer_of(spec.name)}:
            called.setdefault(name, []).append(index)
    found = ((name, called.get(name, ())) for name in others)
    return {name: f"y{of[0]}" for name, of in found if len(of) == 1}


def layer_of(output: str) -> str:
    """The layer in the name that the converter gives an output, as ``boxes`` in ``net/boxes/Add``.

    Of the names of several fused operators it is that of the last one.
    """
    parts = output.split(";")[-1].split("/")
    return parts[-2] if len(parts) > 1 else output


def labels_of(
    given: Mapping[str, npt.NDArray[Any]],
    source: str,
    count: int,
    outputs: Sequence[TensorSpec],
    inputs: Sequence[npt.NDArray[Any]] = (),
) -> tuple[dict[int, Target], tuple[str, ...]]:
    """What outputs should be, by the index of the output, and notes why there is not more.

    An output that no label is for, but that has the shape of an input, gets that input as what it
    should be; `scores.qualities_of` passes it over where it is nothing like it.

    Args:
        given: ``y`` of a model with one output, or ``y0``, ``y1``, ... of any.
        source: Where they came from.
        count: Number of samples.
        outputs: The model's outputs.
        inputs: The samples as real values, an array of the shape (n, ...) for every input.

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
            found = _target(np.asarray(array), name, source, count, outputs[index], inputs)
            if isinstance(found, str):
                notes.append(found)
            else:
                labels[index] = found
    missing = [spec.name for index, spec in enumerate(outputs) if index not in labels]
    if labels and missing:
        notes.append("no accuracy of outputs without labels: " + ", ".join(missing))
    for index, spec in enumerate(outputs):
        same = None if index in labels else _same_input(spec, inputs)
        if same is not None and not given:
            labels[index] = Target("reconstruction", same)
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
        wanted = labels[index].classes or classes_of(labels[index].kind, outputs[index])
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
    """How many classes or labels an output tells apart; elements, of values."""
    elements = int(np.prod(output.shape))
    if kind != "classes":
        return elements
    return max(2, _scores_of_a_position(output))


def _scores_of_a_position(output: TensorSpec) -> int:
    """Elements that belong to one position: one of an output that tells indexes."""
    return 1 if is_decided(output) or not output.shape else output.shape[-1]


def is_decided(output: TensorSpec) -> bool:
    """Whether an output tells the indexes of classes, as that of an ARG_MAX does."""
    return output.dtype in ("int32", "int64")


def _count(outputs: Sequence[TensorSpec]) -> str:
    return "1 output" if len(outputs) == 1 else f"{len(outputs)} outputs"


def _which_output(source: str, outputs: Sequence[TensorSpec]) -> str:
    return (
        f"no accuracy: the model has {_count(outputs)} and y of {source} does not say which it is "
        f"for; name the labels {accepted_labels(outputs)}"
    )


def accepted_labels(outputs: Sequence[TensorSpec]) -> str:
    """How labels are to be called, for messages."""
    if len(outputs) == 1:
        return "y"
    numbered = ", ".join(f"y{index} for '{spec.name}'" for index, spec in enumerate(outputs))
    layers = [layer_of(spec.name) for spec in outputs]
    told = len(set(layers)) == len(layers) and layers != [spec.name for spec in outputs]
    by_layer = f", or like their layers: {', '.join(layers)}" if told else ""
    return f"{numbered}{by_layer}"


def _target(
    labels: npt.NDArray[Any],
    name: str,
    source: str,
    count: int,
    output: TensorSpec,
    inputs: Sequence[npt.NDArray[Any]],
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
    if is_decided(output):
        return _decided(flat, name, source, output) or unusable
    same = _same_input(output, inputs)
    if same is not None and flat.shape[1] == 1 and _is_binary(flat):
        return Target("reconstruction", same, flat[:, 0] == 1)
    return _classes(flat, name, source, output) or _values(flat, output) or unusable


def _classes(
    flat: npt.NDArray[Any], name: str, source: str, output: TensorSpec
) -> Target | str | None:
    elements, each = int(np.prod(output.shape)), _scores_of_a_position(output)
    classes, positions = max(2, each), elements // each
    whole = bool((flat == np.floor(flat)).all() and flat.min() >= 0)
    # Of one element, whole numbers beyond 1 are classes only if it cannot reach them.
    indexes = whole and (each > 1 or flat.max() <= 1 or not _reaches_beyond_one(output))
    if flat.shape[1] == positions and indexes:
        if flat.max() >= classes:
            largest = f"no accuracy: {name} of {source} has the label {int(flat.max())}"
            return f"{largest}, but the model {classes} classes"
        return Target("classes", flat.astype(np.int64), classes=classes)
    if each > 1 and flat.shape[1] == elements and _is_one_hot(flat, classes):
        chosen = flat.reshape(len(flat), positions, classes).argmax(axis=2)
        return Target("classes", chosen.astype(np.int64), classes=classes)
    return None


def _values(flat: npt.NDArray[Any], output: TensorSpec) -> Target | None:
    if flat.shape[1] != int(np.prod(output.shape)):
        return None
    if _is_binary(flat):
        return Target("labels", flat == 1)
    return Target("regression", flat.astype(np.float64))


def _decided(
    flat: npt.NDArray[Any], name: str, source: str, output: TensorSpec
) -> Target | str | None:
    """Labels of an output that tells indexes."""
    positions = int(np.prod(output.shape))
    whole = bool((flat == np.floor(flat)).all() and flat.min() >= 0)
    if flat.shape[1] == positions and whole:
        classes = max(2, int(flat.max()) + 1)
        return Target("classes", flat.astype(np.int64), classes=classes, decided=True)
    each = flat.shape[1] // positions
    if each > 1 and flat.shape[1] == each * positions and _is_one_hot(flat, each):
        chosen = flat.reshape(len(flat), positions, each).argmax(axis=2)
        return Target("classes", chosen.astype(np.int64), classes=each, decided=True)
    return None


def _same_input(
    output: TensorSpec, inputs: Sequence[npt.NDArray[Any]]
) -> npt.NDArray[np.float64] | None:
    """The input that an output of the same shape may stand for, of the shape (n, elements)."""
    elements = int(np.prod(output.shape))
    if elements < LEAST_RECONSTRUCTED or is_decided(output):
        return None
    shape = tuple(size for size in output.shape[1:] if size != 1)
    for array in inputs:
        if tuple(size for size in array.shape[1:] if size != 1) == shape:
            return array.reshape(len(array), elements).astype(np.float64)
    return None


def _is_binary(flat: npt.NDArray[Any]) -> bool:
    return bool(((flat == 0) | (flat == 1)).all())


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
