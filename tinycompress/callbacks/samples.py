"""Samples as users of Keras have them at hand, in the forms that conversion takes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tinycompress.conversion.calibrate import SampleSource
from tinycompress.errors import ConfigError

_MOST_SAMPLES = 10_000


def as_source(samples: Any, *, what: str) -> SampleSource | None:
    """Turn ``(x, y)``, datasets and paths into what conversion reads; None stays None.

    Args:
        samples: An ``.npz``, an array, a mapping, ``(x,)`` or ``(x, y)``, or a
            ``tf.data.Dataset`` of batches, of which at most 10,000 samples are taken. ``x`` and
            ``y`` of several inputs or outputs are lists of arrays, ``x`` also a mapping by the
            names of the inputs.
        what: Name for messages.

    Raises:
        ConfigError: Another form, or there is no such file.
    """
    if samples is None or isinstance(samples, np.ndarray):
        return samples
    if isinstance(samples, str | Path):
        if not Path(samples).is_file():
            raise ConfigError(f"{what}: there is no data file at {samples}", hint="check the path")
        return Path(samples)
    if isinstance(samples, Mapping):
        return {str(key): np.asarray(value) for key, value in samples.items()}
    if isinstance(samples, tuple) and len(samples) in (1, 2):
        return _arrays(*samples)
    if hasattr(samples, "as_numpy_iterator"):
        return _from_batches(samples.as_numpy_iterator(), what)
    raise ConfigError(
        f"{what}: {type(samples).__name__} is no data; accepted: the path of an .npz, an array,"
        " (x, y), a mapping with x and y, or a tf.data.Dataset of batches"
    )


def _arrays(x: Any, y: Any = None) -> dict[str, np.ndarray[Any, Any]]:
    if isinstance(x, Mapping):
        found = {str(name): np.asarray(part) for name, part in x.items()}
    else:
        found = _numbered("x", list(x) if isinstance(x, list | tuple) else [x])
    if y is None:
        return found
    if isinstance(y, Mapping):
        raise ConfigError(
            f"labels by name ({', '.join(map(str, y))}) do not say which output each is of",
            hint="pass them as a list in the order of the model's outputs",
        )
    count = len(next(iter(found.values())))
    several = isinstance(y, list | tuple) and all(_is_of(part, count) for part in y)
    return {**found, **_numbered("y", list(y) if several else [y])}


def _is_of(part: Any, count: int) -> bool:
    """Whether something is an array of labels of so many samples, and no row of one."""
    shape = tuple(getattr(part, "shape", ()))
    return shape[:1] == (count,)


def _numbered(letter: str, parts: list[Any]) -> dict[str, np.ndarray[Any, Any]]:
    names = [letter] if len(parts) == 1 else [f"{letter}{index}" for index in range(len(parts))]
    return {name: np.asarray(part) for name, part in zip(names, parts, strict=True)}


def _from_batches(batches: Any, what: str) -> dict[str, np.ndarray[Any, Any]]:
    collected: list[dict[str, np.ndarray[Any, Any]]] = []
    count = 0
    for batch in batches:
        collected.append(_arrays(*batch) if isinstance(batch, tuple) else _arrays(batch))
        count += len(next(iter(collected[-1].values())))
        if count >= _MOST_SAMPLES:
            break
    if not collected:
        raise ConfigError(f"{what}: the dataset has no samples")
    return {
        name: np.concatenate([batch[name] for batch in collected])[:_MOST_SAMPLES]
        for name in collected[0]
    }
