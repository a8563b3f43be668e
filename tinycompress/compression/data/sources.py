"""Files, mappings, pairs, datasets and generators as lists of arrays."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress._lfs import HINT, IS_POINTER, is_lfs_pointer
from tinycompress.compression.network.network import Array, Network
from tinycompress.errors import ConfigError

_MOST_SAMPLES = 2_000_000
_FORMS = (
    "accepted: an .npz with x and y, (x, y), {'x': ..., 'y': ...}, a tf.data.Dataset, or a"
    " generator of (x, y) batches"
)


@dataclass(frozen=True)
class Names:
    """What a model's inputs and outputs are called, in their order."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @staticmethod
    def of(network: Network) -> Names:
        """Those of a network; an output is called like the layer that makes it."""
        makers = [network.producer_or_none(value) for value in network.outputs]
        return Names(
            tuple(source.name for source in network.inputs),
            tuple("" if maker is None else maker.layer for maker in makers),
        )


def x_and_y(source: Any, names: Names, what: str) -> tuple[list[Any], list[Any]]:
    """Samples and labels, one item per input and output of the model where that many are given.

    Args:
        source: See :func:`tinycompress.compression.data.prepare.read_data`.
        names: Of the model's inputs and outputs.
        what: Name for messages.

    Raises:
        ConfigError: Another form, or a file that cannot be read.
    """
    source = opened(source, what)
    if isinstance(source, Mapping):
        return _chosen(source, "x", names.inputs, what), _chosen(source, "y", names.outputs, what)
    if _is_pair(source):
        return _list(source[0], names.inputs, what), _list(source[1], names.outputs, what)
    if hasattr(source, "as_numpy_iterator"):
        return _from_batches(source.as_numpy_iterator(), names, what)
    if hasattr(source, "__getitem__") and hasattr(source, "__len__"):
        return _from_batches((source[index] for index in range(len(source))), names, what)
    if isinstance(source, Iterable):
        return _from_batches(source, names, what)
    raise ConfigError(f"{what}: {type(source).__name__} is no data", hint=_FORMS)


def opened(source: Any, what: str) -> Any:
    """The arrays of a file by their names; any other source as it is.

    Raises:
        ConfigError: The file cannot be read.
    """
    return _from_npz(Path(source), what) if isinstance(source, (str, Path)) else source


def x_alone(source: Any, names: Names, what: str) -> list[Any] | None:
    """Samples of a mapping that has no labels, one item per input; None for any other source.

    Raises:
        ConfigError: It has no samples either.
    """
    if not isinstance(source, Mapping):
        return None
    labels = {"y", *(f"y{index}" for index in range(len(names.outputs))), *names.outputs}
    return None if labels & set(source) else _chosen(source, "x", names.inputs, what)


def _is_pair(source: Any) -> bool:
    if not isinstance(source, (tuple, list)) or len(source) != 2:
        return False
    # A list of two batches is also a list of two; its items are pairs, not arrays.
    return isinstance(source, tuple) or all(hasattr(item, "shape") for item in source)


# What numpy lets through when a file is damaged, or something else.
_UNREADABLE = (
    OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def _from_npz(path: Path, what: str) -> dict[str, Array]:
    if not path.is_file():
        raise ConfigError(f"{what}: there is no data file at {path}", hint="check the path")
    if is_lfs_pointer(path):
        raise ConfigError(f"{what}: {path} {IS_POINTER}", hint=HINT)
    if not zipfile.is_zipfile(path):
        raise ConfigError(f"{what}: {path} is no .npz file", hint=_FORMS)
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except _UNREADABLE as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(f"{what}: {path} is damaged: {reason}", hint=_FORMS) from error


def _chosen(given: Mapping[str, Any], key: str, names: tuple[str, ...], what: str) -> list[Any]:
    """``x`` of a mapping; or ``x0``, ``x1``, or what is named like the inputs; ``y`` likewise."""
    if key in given:
        return _list(given[key], names, what)
    candidates = [tuple(f"{key}{index}" for index in range(len(names))), names]
    for wanted in candidates:
        if set(wanted) <= set(given):
            return [given[name] for name in wanted]
    several = " or ".join(", ".join(wanted) for wanted in candidates if all(wanted))
    raise ConfigError(
        f"{what}: it holds {', '.join(map(str, given)) or 'nothing'}; needed:"
        f" {key if len(names) == 1 else several}",
        hint=_FORMS,
    )


def _from_batches(
    batches: Iterable[Any], names: Names, what: str
) -> tuple[list[Array], list[Array]]:
    xs: list[list[Array]] = []
    ys: list[list[Array]] = []
    count = 0
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) < 2:
            raise ConfigError(f"{what}: a batch is no pair (x, y)", hint=_FORMS)
        xs.append([np.asarray(part) for part in _list(batch[0], names.inputs, what)])
        ys.append([np.asarray(part) for part in _list(batch[1], names.outputs, what)])
        if any(part.ndim == 0 for part in (*xs[-1], *ys[-1])):
            raise ConfigError(f"{what}: a batch holds a single value", hint="one row per sample")
        count += len(xs[-1][0])
        if count > _MOST_SAMPLES:
            raise ConfigError(
                f"{what}: more than {_MOST_SAMPLES} samples; does the generator ever end?",
                hint="pass a finite one, such as dataset.take(1000)",
            )
    if not xs:
        raise ConfigError(f"{what}: no samples")
    return _joined(xs, what), _joined(ys, what)


def _joined(parts: list[list[Array]], what: str) -> list[Array]:
    try:
        return [np.concatenate(of_one) for of_one in zip(*parts, strict=True)]
    except ValueError as error:
        raise ConfigError(f"{what}: batches differ in shape: {error}") from error


def _list(value: Any, names: tuple[str, ...], what: str) -> list[Any]:
    """One item per input or output: of a mapping by name, of a list in its order."""
    if isinstance(value, Mapping):
        if set(value) != set(names):
            raise ConfigError(
                f"{what}: a mapping with {', '.join(map(str, value)) or 'nothing'}; allowed are the"
                f" names of the layers: {', '.join(names)}"
            )
        return [value[name] for name in names]
    if isinstance(value, (tuple, list)) and (
        len(names) > 1 or (len(value) == 1 and hasattr(value[0], "shape"))
    ):
        return list(value)
    return [value]
