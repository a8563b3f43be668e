"""Test samples: the ``.npz`` file, and fitting its arrays to a model's inputs.

A file holds ``x`` (or ``x0``, ``x1``, ... for a model with several inputs, in the model's order)
and, for accuracy, ``y``. The first dimension of each counts the samples. For a model whose input is
``(1, 8, 8, 1)``, ``x`` may have the shape ``(n, 8, 8, 1)``, or ``(n, 8, 8)`` without the trailing
channel dimension of 1, or, for a single sample, either of them without ``n``.

Floating-point values are quantised on the host exactly as TensorFlow Lite does it; integers must be
of the input's stored dtype (int8 as a rule) and are taken as they are. ``y`` holds one class index
per sample, shape ``(n,)`` or ``(n, 1)``, or is one-hot, shape ``(n, classes)``.
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

from tinycompress.artifacts import TensorSpec
from tinycompress.bench.quantize import quantize
from tinycompress.errors import ConfigError

# What numpy lets through when a file is damaged or something else.
_MALFORMED = (
    ValueError, EOFError, KeyError, NotImplementedError, MemoryError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
_HINT = "write it with numpy.savez(file, x=samples, y=class_indexes)"


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs as the user gave them, one array per input of the model, and labels.

    Shapes and dtypes are described above; ``source`` names where they came from in messages.
    """

    inputs: tuple[npt.NDArray[Any], ...]
    labels: npt.NDArray[Any] | None = None
    source: str = "the samples"


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """Samples as the device takes them.

    ``inputs[i]`` has the shape ``(n, *input.shape)``, batch dimension of 1 included, and the
    input's stored dtype. ``labels`` has the shape ``(n,)``. ``clamped_share`` is the share of input
    values beyond what the model can represent.
    """

    inputs: tuple[npt.NDArray[Any], ...]
    labels: npt.NDArray[np.int64] | None
    clamped_share: float

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.inputs[0])

    def sample(self, index: int) -> tuple[npt.NDArray[Any], ...]:
        """One array per input, of the input's shape."""
        return tuple(array[index] for array in self.inputs)


def load_samples(path: Path) -> Samples:
    """Read a ``.npz`` file.

    Raises:
        ConfigError: The file is missing, no ``.npz``, or has no ``x``.
    """
    try:
        arrays = _read_arrays(path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}", hint=_HINT) from error
    except _MALFORMED as error:
        raise ConfigError(f"{path} is not a usable .npz file: {error}", hint=_HINT) from error
    names = ["x"] if "x" in arrays else [f"x{i}" for i in range(len(arrays))]
    inputs = tuple(arrays[name] for name in names if name in arrays)
    if not inputs:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise ConfigError(f"{path} holds no array 'x' (it holds {found})", hint=_HINT)
    return Samples(inputs, arrays.get("y"), str(path))


def _read_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    # Without pickles: a data file must not be able to run code.
    file = np.load(path, allow_pickle=False)
    if isinstance(file, np.ndarray):
        raise ValueError("it is a single array (.npy)")
    with file:
        return {name: file[name] for name in file.files}


def stored_samples(samples: Samples, inputs: Sequence[TensorSpec], classes: int) -> StoredSamples:
    """Check samples against a model and quantise them.

    Args:
        samples: What the user gave.
        inputs: The model's inputs.
        classes: Elements of the model's output, which bounds the labels; 1 means two classes.

    Raises:
        ConfigError: Wrong number of arrays, shape or dtype, no samples at all, values that are NaN
            or infinite, or labels that are not class indexes.
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
    labels = samples.labels
    return StoredSamples(
        inputs=tuple(array for array, _ in fitted),
        labels=None if labels is None else _labels(labels, count, classes, samples.source),
        clamped_share=max(share for _, share in fitted),
    )


def random_samples(inputs: Sequence[TensorSpec], count: int) -> StoredSamples:
    """The same ``count`` random samples every time, over the whole range of each input."""
    generator = np.random.default_rng(0)
    arrays: list[npt.NDArray[Any]] = []
    for spec in inputs:
        shape = (count, *spec.shape)
        if np.issubdtype(spec.dtype, np.integer):
            limits = np.iinfo(spec.dtype)
            arrays.append(
                generator.integers(limits.min, limits.max, shape, spec.dtype, endpoint=True)
            )
        else:
            arrays.append(generator.standard_normal(shape).astype(spec.dtype))
    return StoredSamples(tuple(arrays), None, 0.0)


def _fit(array: npt.NDArray[Any], spec: TensorSpec, source: str) -> tuple[npt.NDArray[Any], float]:
    stored_dtype = np.dtype(spec.dtype)
    is_real = np.issubdtype(array.dtype, np.floating)
    if not is_real and array.dtype != stored_dtype:
        raise ConfigError(
            f"{source}: samples for input '{spec.name}' are {array.dtype}, expected floating point "
            f"or the stored {stored_dtype}",
            hint="scale the samples as for training and save them as float32",
        )
    shaped = _with_batch(array, spec, source)
    if is_real and not np.isfinite(shaped).all():
        where = np.argwhere(~np.isfinite(shaped))[0]
        raise ConfigError(
            f"{source}: sample {where[0]} for input '{spec.name}' holds {shaped[tuple(where)]}, "
            "expected finite numbers"
        )
    if is_real and np.issubdtype(stored_dtype, np.integer):
        return quantize(shaped, spec)
    return shaped.astype(stored_dtype), 0.0


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


def _labels(
    labels: npt.NDArray[Any], count: int, classes: int, source: str
) -> npt.NDArray[np.int64]:
    allowed = max(classes, 2)
    if labels.ndim == 2 and labels.shape == (count, classes) and classes > 1:
        if not ((labels == 0) | (labels == 1)).all() or not (labels.sum(axis=1) == 1).all():
            raise ConfigError(f"{source}: labels y of {classes} columns are not one-hot")
        return np.asarray(labels.argmax(axis=1), np.int64)
    if labels.shape not in ((count,), (count, 1)):
        raise ConfigError(f"{source}: labels y have the shape {labels.shape}, expected ({count},)")
    flat = labels.reshape(count)
    if labels.dtype.kind not in "iufb" or not (flat == np.floor(flat)).all():
        raise ConfigError(f"{source}: labels y are {labels.dtype}, expected class indexes")
    if flat.min() < 0 or flat.max() >= allowed:
        raise ConfigError(
            f"{source}: labels y are {flat.min()} to {flat.max()}, expected 0 to {allowed - 1}"
        )
    return np.asarray(flat, np.int64)
