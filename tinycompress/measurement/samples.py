"""Test samples: the ``.npz`` file, and fitting its arrays to a model's inputs.

A file holds ``x`` (or ``x0``, ``x1``, ... for a model with several inputs, in the model's order)
and, for accuracy, ``y``. The first dimension of each counts the samples. For a model whose input is
``(1, 8, 8, 1)``, ``x`` may have the shape ``(n, 8, 8, 1)``, or ``(n, 8, 8)`` without the trailing
channel dimension of 1, or, for a single sample, either of them without ``n``.

Values of the input's stored dtype (int8 as a rule) are taken as they are. All others, floating
point or integer, are real values, scaled as for training, and quantised on the host exactly as
TensorFlow Lite does it (`tinycompress.ir.quantize`). ``y`` holds one class index per sample, shape
``(n,)`` or ``(n, 1)``, or is one-hot, shape ``(n, classes)``; with any other ``y`` there is no
accuracy.

The samples of a model that keeps state are one stream, in their order. ``reset``, shape ``(n,)`` or
``(n, 1)``, makes several of them: true (1) for every sample before which the state is reset.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress._lfs import HINT, IS_POINTER, is_lfs_pointer
from tinycompress.artifacts import TensorSpec
from tinycompress.errors import ConfigError, os_reason
from tinycompress.ir.quantize import quantize
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import keeps_state

# What numpy lets through when a file is damaged or something else.
_MALFORMED = (
    ValueError, EOFError, KeyError, NotImplementedError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_HINT = "write it with numpy.savez(file, x=samples, y=class_indexes)"


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs as the user gave them, one array per input of the model, labels, and resets.

    Shapes and dtypes are described above; ``source`` names where they came from in messages.
    """

    inputs: tuple[npt.NDArray[Any], ...]
    labels: npt.NDArray[Any] | None = None
    source: str = "the samples"
    reset: npt.NDArray[Any] | None = None


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """Samples as the device takes them.

    ``inputs[i]`` has the shape ``(n, *input.shape)``, batch dimension of 1 included, and the
    input's stored dtype. ``labels`` has the shape ``(n,)``. ``clamped_share`` is the share of input
    values beyond what the model can represent. ``notes`` tell why there are no labels. ``begins``,
    shape ``(n,)``, is true where the state of a model is reset, and None for a model without state.
    """

    inputs: tuple[npt.NDArray[Any], ...]
    labels: npt.NDArray[np.int64] | None = None
    clamped_share: float = 0.0
    notes: tuple[str, ...] = ()
    begins: npt.NDArray[np.bool_] | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.inputs[0])

    def sample(self, index: int) -> tuple[npt.NDArray[Any], ...]:
        """One array per input, of the input's shape."""
        return tuple(array[index] for array in self.inputs)

    def begins_stream(self, index: int) -> bool:
        """Whether a sample does not depend on those before it; all are so of a stateless model."""
        return self.begins is None or bool(self.begins[index])


def load_samples(path: Path) -> Samples:
    """Read a ``.npz`` file.

    Raises:
        ConfigError: The file is missing, no ``.npz``, or has no ``x``.
    """
    if is_lfs_pointer(path):
        raise ConfigError(f"{path} {IS_POINTER}", hint=HINT)
    try:
        arrays = _read_arrays(path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}", hint=_HINT) from error
    except _MALFORMED as error:
        raise ConfigError(f"{path} is not a usable .npz file: {error}", hint=_HINT) from error
    names = ["x"] if "x" in arrays else [f"x{i}" for i in range(len(arrays))]
    inputs = tuple(arrays[name] for name in names if name in arrays)
    if not inputs:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise ConfigError(f"{path} holds no array 'x' (it holds {found})", hint=_HINT)
    return Samples(inputs, arrays.get("y"), str(path), arrays.get("reset"))


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    # Opened here, because numpy leaves a damaged file open. Without pickles: a data file must not
    # be able to run code.
    with path.open("rb") as raw:
        file = np.load(raw, allow_pickle=False)
        if isinstance(file, np.ndarray):
            raise ValueError("it is a single array (.npy)")
        with file:
            return {name: file[name] for name in file.files}


def stored_samples(
    samples: Samples, inputs: Sequence[TensorSpec], classes: int, *, stateful: bool = False
) -> StoredSamples:
    """Check samples against a model and quantise them.

    Args:
        samples: What the user gave.
        inputs: The model's inputs.
        classes: Elements of the model's output, which bounds the labels; 1 means two classes.
        stateful: Whether the model keeps state, so that samples depend on those before them.

    Raises:
        ConfigError: Wrong number of arrays, wrong shape or dtype, no samples at all, values that
            are NaN or infinite, another number of labels than of samples, or a ``reset`` that is
            not one truth value a sample.
    """
    if len(samples.inputs) != len(inputs):
        raise ConfigError(
            f"{samples.source}: {len(samples.inputs)} arrays of inputs for a model with "
            f"{len(inputs)}",
            hint="name them x0, x1, ... in the order of the model's inputs",
        )
    fitted = [
        _fit(array, spec, samples.source)
        for array, spec in zip(samples.inputs, inputs, strict=True)
    ]
    count = len(fitted[0][0])
    for (array, _), spec in zip(fitted, inputs, strict=True):
        if len(array) != count:
            raise ConfigError(
                f"{samples.source}: {len(array)} samples for input '{spec.name}', but {count} for "
                f"input '{inputs[0].name}'"
            )
    labels, note = (None, None) if samples.labels is None else _labels(samples, count, classes)
    return StoredSamples(
        inputs=tuple(array for array, _ in fitted),
        labels=labels,
        clamped_share=max(share for _, share in fitted),
        notes=() if note is None else (note,),
        begins=_begins(samples, count) if stateful else None,
    )


def random_samples(tflite: bytes, count: int, *, stream: int | None = None) -> StoredSamples:
    """The same random samples every time, over the whole range of each input.

    Indices are within what they choose from. ModelError if the model file is damaged.

    Args:
        tflite: The model file.
        count: How many.
        stream: How many of them a model that keeps state gets; None: as many.
    """
    model = read_model(tflite)
    if not keeps_state(model):
        return StoredSamples(random_inputs(model.main, count))
    length = count if stream is None else stream
    return StoredSamples(random_inputs(model.main, length), begins=_first_of(length))


def _fit(array: npt.NDArray[Any], spec: TensorSpec, source: str) -> tuple[npt.NDArray[Any], float]:
    """Samples of one input as stored, and the share of values that had to be clamped."""
    stored_dtype = np.dtype(spec.dtype)
    if array.dtype.kind not in "iufb":
        raise ConfigError(
            f"{source}: samples for input '{spec.name}' are {array.dtype}, expected numbers"
        )
    shaped = _with_batch(array, spec, source)
    if shaped.dtype == stored_dtype and stored_dtype.kind in "iu":
        return shaped, 0.0
    with np.errstate(over="ignore"):
        real = shaped.astype(np.float32)
    if not np.isfinite(real).all():
        where = np.argwhere(~np.isfinite(real))[0]
        raise ConfigError(
            f"{source}: sample {where[0]} for input '{spec.name}' holds {shaped[tuple(where)]}, "
            "expected finite numbers"
        )
    if stored_dtype.kind not in "iu":
        return real.astype(stored_dtype), 0.0
    limits = np.iinfo(stored_dtype)
    lowest = (limits.min - 1 - spec.zero_point) * spec.scale
    highest = (limits.max + 1 - spec.zero_point) * spec.scale
    return quantize(real, spec), float(((real < lowest) | (real > highest)).mean())


def _with_batch(array: npt.NDArray[Any], spec: TensorSpec, source: str) -> npt.NDArray[Any]:
    shape = spec.shape[1:]
    accepted = [shape] if not shape or shape[-1] != 1 else [shape, shape[:-1]]
    if array.size == 0:
        raise ConfigError(f"{source}: no samples for input '{spec.name}' (shape {array.shape})")
    for one in accepted:
        if array.ndim == len(one) + 1 and array.shape[1:] == one:
            return array.reshape(len(array), *spec.shape)
    for one in accepted:
        if array.shape == one:
            return array.reshape(1, *spec.shape)
    expected = " or ".join(f"(n, {', '.join(map(str, one))})" for one in accepted)
    raise ConfigError(
        f"{source}: samples for input '{spec.name}' have the shape {array.shape}, "
        f"expected {expected}"
    )


def _begins(samples: Samples, count: int) -> npt.NDArray[np.bool_]:
    """Where streams begin, shape (n,): at the first sample, and where the user says."""
    if samples.reset is None:
        return _first_of(count)
    given = samples.reset
    truths = given.dtype.kind in "iufb" and ((given == 0) | (given == 1)).all()
    if given.shape not in ((count,), (count, 1)) or not truths:
        raise ConfigError(
            f"{samples.source}: reset is {given.dtype} of shape {given.shape}, expected ({count},) "
            "of 0 and 1",
            hint="1 for every sample before which the model's state is reset",
        )
    return np.asarray(given.reshape(count) == 1, np.bool_) | _first_of(count)


def _first_of(count: int) -> npt.NDArray[np.bool_]:
    return np.asarray(np.arange(count) == 0, np.bool_)


def _labels(
    samples: Samples, count: int, classes: int
) -> tuple[npt.NDArray[np.int64] | None, str | None]:
    """Labels of shape (n,); or None and why ``y`` cannot be labels of this model."""
    labels = np.asarray(samples.labels)
    if labels.ndim == 0 or len(labels) != count:
        rows = len(labels) if labels.ndim else 1
        raise ConfigError(f"{samples.source}: {rows} labels y for {count} samples")
    allowed = max(classes, 2)
    if labels.ndim == 2 and labels.shape[1] > 1 and labels.dtype.kind in "iufb":
        is_one_hot = ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all()
        labels = labels.argmax(axis=1) if is_one_hot else labels
    if labels.size != count or labels.dtype.kind not in "iufb":
        return None, f"no accuracy: y of {samples.source} is neither class indexes nor one-hot"
    flat = labels.reshape(count)
    if not (flat == np.floor(flat)).all() or flat.min() < 0:
        return None, f"no accuracy: y of {samples.source} is neither class indexes nor one-hot"
    if flat.max() >= allowed:
        largest = f"no accuracy: y of {samples.source} has the label {int(flat.max())}"
        return None, f"{largest}, but the model {allowed} classes"
    return np.asarray(flat, np.int64), None
