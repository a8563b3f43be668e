"""Training and validation data as arrays, whatever they come as, and checked against the model."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress.compression.network import Array, Network
from tinycompress.errors import ConfigError

_MOST_SAMPLES = 2_000_000
_VALIDATION_SHARE = 0.15
_FORMS = (
    "accepted: an .npz with x and y, (x, y), {'x': ..., 'y': ...}, a tf.data.Dataset, or a"
    " generator of (x, y) batches"
)


@dataclass(frozen=True, eq=False)
class Data:
    """Samples in memory: one float32 array per input, one array per output, batch first."""

    inputs: tuple[Array, ...]
    labels: tuple[Array, ...]

    def __len__(self) -> int:
        return len(self.inputs[0])

    def take(self, indices: Array) -> Data:
        """Some of the samples."""
        return Data(
            tuple(array[indices] for array in self.inputs),
            tuple(array[indices] for array in self.labels),
        )


def read_data(source: Any, network: Network, *, what: str = "data") -> Data:
    """Bring data into memory and check them against the model's inputs.

    Args:
        source: ``(x, y)``, a mapping with ``x`` and ``y``, the path of an ``.npz``, a
            ``tf.data.Dataset`` or any finite iterable of ``(x, y)`` batches. ``x`` and ``y`` are
            arrays, or lists of arrays for several inputs or outputs.
        network: The model that they are for.
        what: Name for messages.

    Raises:
        ConfigError: Another form, wrong shapes, no samples, NaN or infinity.
    """
    x, y = _x_and_y(source, what)
    inputs = tuple(np.asarray(array, np.float32) for array in _list(x, len(network.inputs)))
    labels = tuple(np.asarray(array) for array in _list(y, len(network.outputs)))
    _require_count("input", inputs, len(network.inputs), what)
    _require_count("output", labels, len(network.outputs), what)
    shaped = []
    for array, source_input in zip(inputs, network.inputs, strict=True):
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


def _x_and_y(source: Any, what: str) -> tuple[Any, Any]:
    if isinstance(source, (str, Path)):
        return _from_npz(Path(source), what)
    if isinstance(source, Mapping):
        if not {"x", "y"} <= set(source):
            raise ConfigError(f"{what}: keys {sorted(source)}; needed: x and y", hint=_FORMS)
        return source["x"], source["y"]
    if _is_pair(source):
        return source[0], source[1]
    if hasattr(source, "as_numpy_iterator"):
        return _from_batches(source.as_numpy_iterator(), what)
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        return _from_batches((source[index] for index in range(len(source))), what)
    if isinstance(source, Iterable):
        return _from_batches(source, what)
    raise ConfigError(f"{what}: {type(source).__name__} is no data", hint=_FORMS)


def _is_pair(source: Any) -> bool:
    if not isinstance(source, (tuple, list)) or len(source) != 2:
        return False
    # A list of two batches is also a list of two; its items are pairs, not arrays.
    return isinstance(source, tuple) or all(hasattr(item, "shape") for item in source)


# What numpy lets through when a file is damaged, or something else.
_UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _from_npz(path: Path, what: str) -> tuple[Array, Array]:
    if not path.is_file():
        raise ConfigError(f"{what}: there is no data file at {path}", hint="check the path")
    if not zipfile.is_zipfile(path):
        raise ConfigError(f"{what}: {path} is no .npz file", hint=_FORMS)
    try:
        with np.load(path, allow_pickle=False) as archive:
            if not {"x", "y"} <= set(archive.files):
                raise ConfigError(
                    f"{what}: {path} holds {', '.join(archive.files) or 'nothing'}; needed: x and y"
                )
            return archive["x"], archive["y"]
    except _UNREADABLE as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"{what}: {path} is damaged: {reason}", hint=_FORMS) from error


def _from_batches(batches: Iterable[Any], what: str) -> tuple[list[Array], list[Array]]:
    xs: list[list[Array]] = []
    ys: list[list[Array]] = []
    count = 0
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) < 2:
            raise ConfigError(f"{what}: a batch is no pair (x, y)", hint=_FORMS)
        xs.append([np.asarray(a) for a in _parts(batch[0])])
        ys.append([np.asarray(a) for a in _parts(batch[1])])
        count += len(xs[-1][0])
        if count > _MOST_SAMPLES:
            raise ConfigError(
                f"{what}: more than {_MOST_SAMPLES} samples; does the generator ever end?",
                hint="pass a finite one, such as dataset.take(1000)",
            )
    if not xs:
        raise ConfigError(f"{what}: no samples")
    return (
        [np.concatenate(parts) for parts in zip(*xs, strict=True)],
        [np.concatenate(parts) for parts in zip(*ys, strict=True)],
    )


def _parts(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value[key] for key in value]
    return list(value) if isinstance(value, (tuple, list)) else [value]


def _list(value: Any, count: int) -> list[Any]:
    if isinstance(value, (tuple, list)) and (
        count > 1 or (len(value) == 1 and hasattr(value[0], "shape"))
    ):
        return list(value)
    return [value]


def _require_count(kind: str, arrays: tuple[Array, ...], count: int, what: str) -> None:
    if len(arrays) != count:
        raise ConfigError(
            f"{what}: {len(arrays)} arrays for {count} {kind}s of the model",
            hint=f"pass a list with one array per {kind}",
        )
