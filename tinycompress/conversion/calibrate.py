"""Calibration data: checked before anything long runs, and sampled the same way each time.

Values are used as they are, only converted to float32: they must be scaled as they were for
training. Pixels of 0..255 are right for a model that was trained on 0..255.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress._samples import accepted_names, arrays_of_inputs, read_npz
from tinycompress.conversion.frozen import InputSpec
from tinycompress.errors import ConfigError
from tinycompress.quality.labels import numbered_names

Floats = npt.NDArray[np.float32]

THIN_SAMPLES = 100
"""Fewer calibration samples than this earn a warning (Google's advice: 100 to 500)."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs with or without labels.

    ``inputs`` has a float32 array of shape (n, ...) for every input of the model; ``labels`` are
    the arrays called ``y`` or ``y0``, ``y1``, ..., of length n, and ``class_names`` of any.
    ``others`` are more arrays of length n, which may be called like outputs.
    """

    where: str
    inputs: tuple[Floats, ...]
    labels: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    others: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs[0])

    def take(self, indices: npt.NDArray[np.intp]) -> Samples:
        """The samples at some indices."""
        return Samples(
            self.where,
            tuple(values[indices] for values in self.inputs),
            {
                name: array if name.startswith("class_names") else array[indices]
                for name, array in self.labels.items()
            },
            {name: array[indices] for name, array in self.others.items()},
        )


SampleSource = Path | Mapping[str, Any] | npt.NDArray[Any]
"""An ``.npz`` file, its contents as a mapping, or the bare array ``x``."""


def read_samples(source: SampleSource, specs: Sequence[InputSpec]) -> Samples:
    """Read samples and check them against a model's inputs.

    The samples of a model with one input are in ``x``, or an array named like the input. Those of
    a model with several are in arrays named like the inputs, or ``x0``, ``x1``, ... in the inputs'
    order. Labels, if any, are in ``y``, of several outputs in ``y0``, ``y1``, ... or in arrays
    called like the outputs; names of their classes in ``class_names``, or ``class_names0``, ....
    A trailing channel axis of 1 may be left
    out.

    Args:
        source: Where the samples are.
        specs: The model's inputs.

    Raises:
        ConfigError: The file is no ``.npz``, a key is missing, or an array has the wrong shape or
            dtype, is empty or constant, or holds values that are not finite.
    """
    where, arrays = read_arrays(source)
    keys = _keys(where, arrays, specs)
    inputs = tuple(
        _checked(f"'{key}' of {where}", arrays[key], spec)
        for key, spec in zip(keys, specs, strict=True)
    )
    lengths = {key: len(values) for key, values in zip(keys, inputs, strict=True)}
    labels = {name: np.asarray(arrays[name]) for name in _label_names(arrays) if name not in keys}
    for name, array in labels.items():
        if not name.startswith("class_names"):
            lengths[name] = len(array) if array.ndim else 0
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{key}: {length}" for key, length in lengths.items())
        raise ConfigError(
            f"the arrays of {where} have different numbers of samples ({listed})",
            hint="every array needs one row for every sample",
        )
    others = {
        name: np.asarray(array)
        for name, array in arrays.items()
        if name not in keys
        and name not in labels
        and np.shape(array)[:1] == (len(inputs[0]),)
        and np.asarray(array).dtype.kind in "iufb"
    }
    return Samples(where, inputs, labels, others)


def _label_names(arrays: Mapping[str, Any]) -> list[str]:
    found = [
        [letter] * (letter in arrays) + numbered_names(letter, arrays)
        for letter in ("y", "class_names")
    ]
    return [name for names in found for name in names]


def choose(samples: Samples, count: int, seed: int) -> Samples:
    """At most ``count`` samples, drawn without replacement: the same ones for the same seed.

    With class labels, every class gets an equal share as far as it has samples.
    """
    if len(samples) <= count:
        return samples
    order = np.random.default_rng(seed).permutation(len(samples))
    labels = class_labels(samples.labels["y"]) if "y" in samples.labels else None
    if labels is not None:
        # The k-th sample of each class comes before the k+1-th of any.
        turn = np.empty(len(order), dtype=np.intp)
        for label in np.unique(labels):
            members = np.flatnonzero(labels[order] == label)
            turn[members] = np.arange(len(members))
        order = order[np.argsort(turn, kind="stable")]
    return samples.take(np.sort(order[:count]))


def class_labels(targets: npt.NDArray[Any]) -> npt.NDArray[np.int64] | None:
    """Class indices of shape (n,), from integers or one-hot rows; None for other targets."""
    flat = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    if flat.ndim == 1 and flat.dtype.kind in "iufb":
        labels = flat.astype(np.int64)
        return labels if np.array_equal(labels, flat) and np.all(labels >= 0) else None
    if targets.ndim == 2 and targets.dtype.kind in "iufb":
        one_hot = np.all((targets == 0) | (targets == 1)) and np.all(targets.sum(axis=1) == 1)
        return targets.argmax(axis=1).astype(np.int64) if one_hot else None
    return None


def thin_warnings(samples: Samples) -> tuple[str, ...]:
    """What makes the ranges that are calibrated with these samples doubtful."""
    if len(samples) >= THIN_SAMPLES:
        return ()
    return (
        f"only {len(samples)} calibration samples in {samples.where}; with fewer than"
        f" {THIN_SAMPLES} the ranges may clip what the device sees",
    )


def read_arrays(source: SampleSource) -> tuple[str, Mapping[str, npt.NDArray[Any]]]:
    """All arrays of a source, and its name for messages.

    Raises:
        ConfigError: The file is no ``.npz``.
    """
    if isinstance(source, np.ndarray):
        return "the calibration data", {"x": source}
    if isinstance(source, Mapping):
        return "the calibration data", {key: np.asarray(value) for key, value in source.items()}
    return str(source), read_npz(source)


def _keys(
    where: str, arrays: Mapping[str, npt.NDArray[Any]], specs: Sequence[InputSpec]
) -> tuple[str, ...]:
    names = [spec.name for spec in specs]
    found = arrays_of_inputs(arrays, names)
    if found is not None:
        return found
    raise ConfigError(
        f"{where} lacks {accepted_names(names)}; it has:"
        f" {', '.join(map(repr, sorted(arrays))) or 'nothing'}",
        hint="numpy.savez('calib.npz', x=samples, y=labels)"
        if len(specs) == 1
        else "numpy.savez('calib.npz', x0=..., x1=..., y=labels)",
    )


def _checked(what: str, values: npt.NDArray[Any], spec: InputSpec) -> Floats:
    if values.dtype.kind not in "iufb":
        raise ConfigError(
            f"{what} has dtype {values.dtype}; allowed: floating point, integer or bool"
        )
    values = _shaped(what, values, spec)
    if values.size == 0:
        raise ConfigError(f"{what} is empty: shape {values.shape}", hint="100 to 500 samples do")
    with np.errstate(over="ignore"):
        floats = values.astype(np.float32)
    bad = ~np.isfinite(floats)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ConfigError(
            f"{what} has {int(bad.sum())} values that are NaN, infinite or beyond float32, the"
            f" first at index {first}",
            hint="remove or repair these samples",
        )
    if floats.size > 1 and np.all(floats == floats.flat[0]):
        raise ConfigError(
            f"{what} is constant: every value is {float(floats.flat[0]):g}",
            hint="calibrate with real samples of what the device will see",
        )
    if len(floats) > 1 and np.all(floats == floats[0]):
        raise ConfigError(
            f"{what} holds the same sample {len(floats)} times",
            hint="calibrate with real samples of what the device will see",
        )
    return floats


def _shaped(what: str, values: npt.NDArray[Any], spec: InputSpec) -> npt.NDArray[Any]:
    wanted = spec.shape[1:]
    for shape in (values.shape, (*values.shape, 1)):
        if len(shape) == len(spec.shape) and all(
            size is None or size == have for size, have in zip(wanted, shape[1:], strict=True)
        ):
            return values.reshape(shape)
    expected = ", ".join(["n", *("any" if size is None else str(size) for size in wanted)])
    one_sample = values.shape == wanted
    raise ConfigError(
        f"{what} has shape {values.shape}; input {spec.name!r} expects ({expected})",
        hint="this is one sample; stack several: numpy.stack(samples)"
        if one_sample
        else "one row for every sample, in the shape that the model was trained on",
    )
