"""Test samples: the ``.npz`` file, and fitting its arrays to a model's inputs.

A file holds ``x`` (or ``x0``, ``x1``, ... for a model with several inputs, in the model's order; or
arrays named like the inputs) and, for accuracy, ``y`` (or ``y0``, ``y1``, ... for several outputs,
not all of which need labels). The first dimension of each counts the samples. For a model whose
input is ``(1, 8, 8, 1)``, ``x`` may have the shape ``(n, 8, 8, 1)``, or ``(n, 8, 8)`` without the
trailing channel dimension of 1, or, for a single sample, either of them without ``n``.

Values of the input's stored dtype (int8 as a rule) are taken as they are. All others, floating
point or integer, are real values, scaled as for training, and quantised on the host exactly as
TensorFlow Lite does it (`tinycompress.ir.quantize`). What ``y`` may hold is in
`tinycompress.quality.labels`; with any other ``y`` there is no accuracy.
``class_names`` (or ``class_names0``, ... for several outputs) are texts, one for each class or
label.

The samples of a model that keeps state are one stream, in their order. ``reset``, shape ``(n,)`` or
``(n, 1)``, makes several of them: true (1) for every sample before which the state is reset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress._samples import accepted_names, arrays_of_inputs, read_npz
from tinycompress.artifacts import TensorSpec
from tinycompress.errors import ConfigError
from tinycompress.ir.quantize import dequantize, quantize
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.ir.state import keeps_state
from tinycompress.measurement.ranges import range_note
from tinycompress.quality.labels import (
    Target,
    accepted_labels,
    class_names_of,
    labels_of,
    numbered_by_output,
    numbered_names,
)

_HINT = "write it with numpy.savez(file, x=samples, y=class_indexes)"


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs as the user gave them, one array per input of the model, labels, and resets.

    Shapes and dtypes are described above; ``source`` names where they came from in messages.
    ``labels`` maps names, ``y`` or ``y0`` and so on, to arrays, and ``class_names`` the names of
    the arrays that name their classes. ``others`` are the file's arrays that are none of these:
    labels where they are called like an output, else unused.
    """

    inputs: tuple[npt.NDArray[Any], ...]
    labels: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    source: str = "the samples"
    reset: npt.NDArray[Any] | None = None
    others: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    class_names: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class StoredSamples:
    """Samples as the device takes them.

    ``inputs[i]`` has the shape ``(n, *input.shape)``, batch dimension of 1 included, and the
    input's stored dtype. ``labels`` say by its index what an output should be, ``class_names`` what
    its classes are called. ``notes`` tell why others have none, and what looks wrong with the
    values. ``begins``, shape ``(n,)``, is true where the state of a model is reset, and None for a
    model without state.
    """

    inputs: tuple[npt.NDArray[Any], ...]
    labels: Mapping[int, Target] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    begins: npt.NDArray[np.bool_] | None = None
    class_names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

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


def load_samples(path: Path, inputs: Sequence[TensorSpec] = ()) -> Samples:
    """Read a ``.npz`` file.

    Args:
        path: The file.
        inputs: The model's inputs: their names may be those of arrays.

    Raises:
        ConfigError: The file is missing, no ``.npz``, or has no ``x``.
    """
    arrays = read_npz(path)
    named = arrays_of_inputs(arrays, [spec.name for spec in inputs]) if inputs else None
    names = list(named or (["x"] if "x" in arrays else numbered_names("x", arrays)))
    if not names:
        found = ", ".join(sorted(arrays)) or "nothing"
        wanted = accepted_names([spec.name for spec in inputs]) if inputs else "'x'"
        raise ConfigError(f"{path} holds no array {wanted} (it holds {found})", hint=_HINT)
    labels = {name: arrays[name] for name in ("y", *numbered_names("y", arrays)) if name in arrays}
    called = {
        name: arrays[name]
        for name in ("class_names", *numbered_names("class_names", arrays))
        if name in arrays
    }
    others = sorted(arrays.keys() - {*names, *labels, *called, "reset"})
    return Samples(
        inputs=tuple(arrays[name] for name in names),
        labels=labels,
        source=str(path),
        reset=arrays.get("reset"),
        others={name: arrays[name] for name in others},
        class_names=called,
    )


def stored_samples(
    samples: Samples,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    *,
    stateful: bool = False,
) -> StoredSamples:
    """Check samples against a model and quantise them.

    Args:
        samples: What the user gave.
        inputs: The model's inputs.
        outputs: The model's outputs, whose elements bound the labels; one means two classes.
        stateful: Whether the model keeps state, so that samples depend on those before them.

    Raises:
        ConfigError: Wrong number of arrays, wrong shape or dtype, no samples at all, values that
            are NaN or infinite, another number of labels than of samples, or a ``reset`` that is
            not one truth value a sample.
    """
    if len(samples.inputs) != len(inputs):
        raise _wrong_number(samples, inputs)
    fitted = [
        _fit(array, spec, samples.source)
        for array, spec in zip(samples.inputs, inputs, strict=True)
    ]
    count = len(fitted[0].stored)
    for one, spec in zip(fitted, inputs, strict=True):
        if len(one.stored) != count:
            raise ConfigError(
                f"{samples.source}: {len(one.stored)} samples for input '{spec.name}', but {count} "
                f"for input '{inputs[0].name}'"
            )
    real = [_real(one.stored, spec) for one, spec in zip(fitted, inputs, strict=True)]
    by_output = numbered_by_output(samples.others, outputs)
    named = {number: samples.others[name] for name, number in by_output.items()}
    given = {**named, **samples.labels}
    labels, notes = labels_of(given, samples.source, count, outputs, real)
    called, name_notes = class_names_of(samples.class_names, samples.source, labels, outputs)
    others = [name for name in samples.others if name not in by_output]
    unused = (_unused_note(samples.source, others, outputs),) if others else ()
    return StoredSamples(
        inputs=tuple(one.stored for one in fitted),
        labels=labels,
        notes=(
            *unused,
            *(one.note for one in fitted if one.note is not None),
            *notes,
            *name_notes,
        ),
        class_names=called,
        begins=_begins(samples, count) if stateful else None,
    )


def _real(stored: npt.NDArray[Any], spec: TensorSpec) -> npt.NDArray[Any]:
    """What an input means, without the batch dimension."""
    return dequantize(stored.reshape(len(stored), *spec.shape[1:]), spec)


def _wrong_number(samples: Samples, inputs: Sequence[TensorSpec]) -> ConfigError:
    names = ", ".join(f"x{index} for '{spec.name}'" for index, spec in enumerate(inputs))
    count = len(samples.inputs)
    return ConfigError(
        f"{samples.source}: {count} {'array' if count == 1 else 'arrays'} of inputs for a model "
        f"with {len(inputs)}",
        hint="write one array, x" if len(inputs) == 1 else f"write one array for each: {names}",
    )


def _unused_note(source: str, unused: Sequence[str], outputs: Sequence[TensorSpec]) -> str:
    names = ", ".join(repr(name) for name in unused)
    return (
        f"{source}: not used: {names} (inputs are x, or x0, x1, ..., or called like the model's;"
        f" labels {accepted_labels(outputs)}; resets of state reset)"
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


@dataclass(frozen=True, eq=False)
class _Fitted:
    """Samples of one input as stored, and what looks wrong with their values."""

    stored: npt.NDArray[Any]
    note: str | None = None


def _fit(array: npt.NDArray[Any], spec: TensorSpec, source: str) -> _Fitted:
    stored_dtype = np.dtype(spec.dtype)
    if array.dtype.kind not in "iufb":
        raise ConfigError(
            f"{source}: samples for input '{spec.name}' are {array.dtype}, expected numbers"
        )
    shaped = _with_batch(array, spec, source)
    if shaped.dtype == stored_dtype and stored_dtype.kind in "iu":
        return _Fitted(shaped)
    with np.errstate(over="ignore"):
        real = shaped.astype(np.float32)
    if not np.isfinite(real).all():
        where = np.argwhere(~np.isfinite(real))[0]
        raise ConfigError(
            f"{source}: sample {where[0]} for input '{spec.name}' holds {shaped[tuple(where)]}, "
            "expected finite numbers"
        )
    if stored_dtype.kind not in "iu":
        return _Fitted(real.astype(stored_dtype))
    return _Fitted(quantize(real, spec), range_note(real, spec))


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
