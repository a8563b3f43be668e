"""The samples that a device answered worst, out of a bundle's ``samples.npz``."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.errors import ConfigError, os_reason
from tinycompress.reporting.pictures import pictures
from tinycompress.reporting.subjects import OutputScore, WorstOfOutput, WorstSample
from tinycompress.reporting.words import clean, share

MOST_SHOWN = 12
_MOST_NAMES = 4
"""Labels that are named of one sample."""

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


def worst_of_outputs(path: Path, scores: Mapping[int, OutputScore]) -> tuple[WorstOfOutput, ...]:
    """The worst samples of every output that has labels; empty where there is no file.

    Args:
        path: The ``.npz`` that `measurement.enclosed.kept_samples` wrote.
        scores: Of the outputs, by their places.

    Raises:
        ConfigError: The file is damaged.
    """
    if not path.is_file():
        return ()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ConfigError(f"{path} is damaged: {error}", hint="make the result again") from error
    images = pictures(arrays)
    return tuple(_of_output(arrays, place, scores[place], images) for place in sorted(scores)
                 if f"worst_{place}" in arrays)  # fmt: skip


def _of_output(
    arrays: Arrays, place: int, score: OutputScore, images: Mapping[int, bytes]
) -> WorstOfOutput:
    names = ("worst", "worst_said", "worst_labels")
    worst, said, labels = (arrays[f"{name}_{place}"][:MOST_SHOWN] for name in names)
    tell = _teller(arrays, place, score)
    told = [tell(answer, label) for answer, label in zip(said, labels, strict=True)]
    return WorstOfOutput(
        score.name,
        _sentence(arrays, place, positions=labels.shape[1]),
        tuple(
            WorstSample(int(sample), *one, images.get(int(sample), b""))
            for sample, one in zip(worst, told, strict=True)
        ),
    )


def _sentence(arrays: Arrays, place: int, *, positions: int) -> str:
    kind, wrong = str(arrays[f"kind_{place}"]), int(arrays[f"wrong_{place}"])
    samples = f"{wrong:,} of {int(arrays[f'samples_{place}']):,} samples"
    if kind == "regression":
        return "Those with the largest mean absolute error, the worst first."
    if kind == "classes" and positions > 1:
        return f"{samples} have a wrong position. Those with most of them come first."
    order = "The most surely wrong come first, then the least surely right."
    return f"{samples} were answered wrong. {order}"


Tell = Callable[[Array, Array], tuple[bool | None, str, str]]
"""Of an answer and its labels: whether it is wrong, what was said, and by what scores."""


def _teller(arrays: Arrays, place: int, score: OutputScore) -> Tell:
    kind, names = str(arrays[f"kind_{place}"]), score.class_names
    threshold, classes = float(arrays[f"threshold_{place}"]), int(arrays[f"classes_{place}"])
    if kind == "regression":
        return _regression
    if kind == "labels":
        return lambda said, labels: _labels(said > threshold, labels, names)
    decided = bool(arrays.get(f"decided_{place}", False))
    positions, elements = (arrays[f"worst_{each}_{place}"].shape[1] for each in ("labels", "said"))
    if decided and positions == 1:
        return lambda said, labels: _index(int(said[0]), int(labels[0]), names)
    if positions > 1 and elements == positions:
        return lambda said, labels: _wrong_share((said if decided else said > threshold) != labels)
    if positions > 1:
        return lambda said, labels: _positions(said.reshape(-1, classes), labels)
    return lambda said, labels: _class(said, int(labels[0]), names, threshold)


def _regression(said: Array, labels: Array) -> tuple[bool | None, str, str]:
    if len(said) == 1:
        return None, f"{said[0]:.4g}, not {labels[0]:.4g}", f"{abs(said[0] - labels[0]):.3g} off"
    return None, f"{np.abs(said - labels).mean():.4g} off", f"mean of {len(said)} values"


def _labels(said: Array, labels: Array, names: Sequence[str]) -> tuple[bool | None, str, str]:
    missed, extra = np.flatnonzero(labels & ~said), np.flatnonzero(said & ~labels)
    parts = [
        f"{what} {_listed(places, names)}"
        for what, places in (("missed", missed), ("said too much:", extra))
        if len(places)
    ]
    right = int(np.sum(said == labels))
    return bool(parts), "; ".join(parts) or "right", f"{right} of {len(labels)} labels right"


def _listed(places: Array, names: Sequence[str]) -> str:
    told = ", ".join(class_name(names, int(place)) for place in places[:_MOST_NAMES])
    more = len(places) - _MOST_NAMES
    return f"{told} and {more} more" if more > 0 else told


def _positions(scores: Array, labels: Array) -> tuple[bool | None, str, str]:
    return _wrong_share(scores.argmax(axis=1) != labels)


def _wrong_share(wrong: Array) -> tuple[bool | None, str, str]:
    part = float(np.mean(wrong))
    return part > 0, f"{share(part)} wrong", f"of {len(wrong):,} positions"


def _index(said: int, label: int, names: Sequence[str]) -> tuple[bool | None, str, str]:
    told, right = class_name(names, said), class_name(names, label)
    return said != label, told if said == label else f"{told}, not {right}", "no scores"


def _class(
    said: Array, label: int, names: Sequence[str], threshold: float
) -> tuple[bool | None, str, str]:
    scores = said if len(said) > 1 else np.asarray([2 * threshold - said[0], said[0]])
    chosen = int(scores.argmax())
    told, right = class_name(names, chosen), class_name(names, label)
    if len(said) == 1:
        detail = f"scored {said[0]:.2f}, the limit is {threshold:g}"
    else:
        detail = f"{told} scored {scores[chosen]:.2f}"
        detail += "" if chosen == label else f", {right} {scores[label]:.2f}"
    return chosen != label, told if chosen == label else f"{told}, not {right}", detail


def class_name(names: Sequence[str], number: int) -> str:
    """What a class is called, its number where it has no name."""
    return clean(names[number]) if number < len(names) else str(number)
