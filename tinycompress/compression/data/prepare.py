"""Training and validation data as arrays, whatever they come as, and checked against the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tinycompress.compression.data.sources import Names, opened, x_alone, x_and_y
from tinycompress.compression.network.network import Array, Input, Network, elements
from tinycompress.errors import ConfigError
from tinycompress.quality.labels import LEAST_RECONSTRUCTED

_VALIDATION_SHARE = 0.15


@dataclass(frozen=True, eq=False)
class Data:
    """Samples in memory: one array per input, one array per output, batch first.

    Inputs are float32, or indices. ``anomalous`` is, by the index of an output that stands for an
    input, which samples are no normal ones, bool of the shape (n,); its labels are that input.
    """

    inputs: tuple[Array, ...]
    labels: tuple[Array, ...]
    anomalous: Mapping[int, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs[0])

    def take(self, indices: Array) -> Data:
        """Some of the samples."""
        return Data(
            tuple(array[indices] for array in self.inputs),
            tuple(array[indices] for array in self.labels),
            {index: array[indices] for index, array in self.anomalous.items()},
        )

    def normal(self) -> Data:
        """The samples that no output calls anomalous: an autoencoder is trained on these.

        Raises:
            ConfigError: There are none.
        """
        if not self.anomalous:
            return self
        kept = np.flatnonzero(~np.any(list(self.anomalous.values()), axis=0))
        if not len(kept):
            raise ConfigError(
                "an autoencoder is trained on normal samples, and y calls all samples anomalous",
                hint="y is 0 for normal samples and 1 for anomalous ones",
            )
        return self.take(kept)


def read_data(source: Any, network: Network, *, what: str = "data") -> Data:
    """Bring data into memory and check them against the model's inputs.

    Args:
        source: ``(x, y)``, a mapping with ``x`` and ``y``, the path of an ``.npz``, a
            ``tf.data.Dataset`` or any finite iterable of ``(x, y)`` batches. ``x`` and ``y`` are
            arrays; for several inputs or outputs lists of arrays, or mappings by layer name. A
            file has ``x0``, ``x1`` and ``y0``, ``y1``, or arrays named like the layers. An output
            in the shape of an input may have labels of 0 and 1, one a sample, for normal and
            anomalous samples; a mapping or file without any labels is for models of such outputs.
        network: The model that they are for.
        what: Name for messages.

    Raises:
        ConfigError: Another form, wrong shapes, no numbers, no samples, NaN or infinity.
    """
    source = opened(source, what)
    copied = copied_inputs(network)
    alone = x_alone(source, Names.of(network), what) if None not in copied else None
    if alone is not None:
        return _reconstructing(_checked(alone, (), network, what), copied)
    x, y = x_and_y(source, Names.of(network), what)
    labels = tuple(_numbers(what, "y", array) for array in y)
    _require_count("output", labels, len(network.outputs), what)
    return _reconstructing(_checked(x, labels, network, what), copied)


def copied_inputs(network: Network) -> tuple[int | None, ...]:
    """By output, the input that it may stand for, as an autoencoder's: one of the same shape."""
    shapes = [plain_shape(source.shape) for source in network.inputs]

    def copied(value: int) -> int | None:
        shape = network.shape(value)
        alike = plain_shape(shape) in shapes and elements(shape) >= LEAST_RECONSTRUCTED
        return shapes.index(plain_shape(shape)) if alike else None

    return tuple(copied(value) for value in network.outputs)


def plain_shape(shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """A shape without axes of one element."""
    return tuple(size for size in shape if size != 1)


def _reconstructing(data: Data, copied: tuple[int | None, ...]) -> Data:
    """Samples with the input as label where an output stands for it."""
    labels, anomalous = list(data.labels), {}
    for index, source in enumerate(copied):
        if source is None:
            continue
        values = data.inputs[source]
        if not data.labels:
            labels.append(values)
            anomalous[index] = np.zeros(len(data), np.bool_)
        elif labels[index].size == len(data) and bool(np.isin(labels[index], (0, 1)).all()):
            anomalous[index] = labels[index].reshape(-1) == 1
            labels[index] = values
    return Data(data.inputs, tuple(labels), anomalous)


def read_samples(source: Any, network: Network, *, what: str = "data") -> Data:
    """The same for what needs no labels: a mapping or an ``.npz`` may lack them.

    Returns:
        Samples with labels, or with none at all: ``labels`` is empty then.

    Raises:
        ConfigError: As :func:`read_data`.
    """
    source = opened(source, what)
    x = x_alone(source, Names.of(network), what)
    if x is None:
        return read_data(source, network, what=what)
    return _checked(x, (), network, what)


def _checked(x: list[Any], labels: tuple[Array, ...], network: Network, what: str) -> Data:
    given = tuple(_numbers(what, "x", array) for array in x)
    _require_count("input", given, len(network.inputs), what)
    shaped = []
    for numbers, source_input in zip(given, network.inputs, strict=True):
        array = _as_taken(numbers, source_input, what)
        expected = source_input.shape
        if array.ndim == len(expected) and expected and expected[-1] == 1:
            array = array[..., np.newaxis]
        given = array.shape[1:]
        if len(given) != len(expected) or any(
            size not in (None, actual) for size, actual in zip(expected, given, strict=True)
        ):
            raise ConfigError(
                f"{what}: samples of input {source_input.name!r} have shape {given}, the model"
                f" takes {expected}",
                hint="pass the data as the model was trained on them",
            )
        shaped.append(array)
    lengths = {len(array) for array in (*shaped, *labels)}
    if len(lengths) != 1:
        raise ConfigError(f"{what}: x and y differ in length: {sorted(lengths)}")
    if lengths == {0}:
        raise ConfigError(f"{what}: no samples")
    for array in (*shaped, *labels):
        if array.dtype.kind == "f" and not np.all(np.isfinite(array)):
            bad = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))[0])
            raise ConfigError(
                f"{what}: sample {bad} holds NaN or infinity; allowed: finite numbers"
            )
    return Data(tuple(shaped), labels)


def split(data: Data, seed: int) -> tuple[Data, Data]:
    """Put a share aside for validation when none was given: (training, validation)."""
    if len(data) < 2:
        raise ConfigError(
            "one sample cannot be split into training and validation data",
            hint="pass validation data: --val val.npz",
        )
    order = np.random.default_rng(seed).permutation(len(data))
    count = max(1, round(len(data) * _VALIDATION_SHARE))
    return data.take(np.sort(order[count:])), data.take(np.sort(order[:count]))


def calibration_samples(
    data: Data, count: int, seed: int, *, balance_classes: bool
) -> tuple[Array, ...]:
    """Draw samples that set int8 ranges: one array per input.

    Args:
        data: Training data.
        count: At most so many.
        seed: Which ones.
        balance_classes: Draw as evenly from each class as there are samples, where the first
            output's labels are class numbers.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(data))
    labels = data.labels[0].reshape(len(data), -1)
    if balance_classes and labels.shape[1] == 1 and labels.dtype.kind in "iu":
        chosen = labels[order, 0]
        # Rank of every sample within its class: sorting by it deals the classes out in turn.
        rank = np.zeros(len(order), np.int64)
        for value in np.unique(chosen):
            members = np.flatnonzero(chosen == value)
            rank[members] = np.arange(len(members))
        order = order[np.argsort(rank, kind="stable")]
    drawn = np.sort(order[:count])
    return tuple(array[drawn] for array in data.inputs)


def _as_taken(array: Array, source: Input, what: str) -> Array:
    """Samples in the type of the input that takes them."""
    if not source.is_integer:
        with np.errstate(over="ignore"):  # what float32 cannot hold is told below, as infinity
            return array.astype(np.float32)
    if array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
        raise ConfigError(
            f"{what}: samples of input {source.name!r} have fractions or are not finite; the model"
            f" takes {source.dtype} indices",
            hint="pass the indices that the model was trained on",
        )
    return array.astype(source.dtype)


def _numbers(what: str, name: str, value: Any) -> Array:
    try:
        array = np.asarray(value)
    except ValueError as error:  # rows of different lengths
        raise ConfigError(f"{what}: {name} is no array: {error}") from error
    if array.dtype.kind not in "iufb":
        raise ConfigError(f"{what}: {name} has dtype {array.dtype}; allowed: numbers")
    if array.ndim == 0:
        raise ConfigError(f"{what}: {name} is a single value; allowed: one per sample")
    return array


def _require_count(kind: str, arrays: tuple[Array, ...], count: int, what: str) -> None:
    if len(arrays) != count:
        raise ConfigError(
            f"{what}: {len(arrays)} arrays for {count} {kind}s of the model",
            hint=f"pass a list with one array per {kind}",
        )
