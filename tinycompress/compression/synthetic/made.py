"""Samples in the place of data that are gone: what a model takes, which way, and what to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import DataFree, SampleMethod
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import (
    Task,
    said_labels,
    tasks_of,
    tasks_without_labels,
)
from tinycompress.compression.network.bridge import build_checked, predict
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.synthetic.base import Known, Making
from tinycompress.compression.synthetic.norms import Kept, kept_by
from tinycompress.compression.synthetic.registry import METHODS
from tinycompress.errors import ConfigError

CALIBRATION_SAMPLES = 256
TRAINING_SAMPLES = 2048
_STEPS = {"zeroq": 200, "dfqf": 500}
_BATCH = {"zeroq": 128, "dfqf": 64}
_REAL_DATA = "pass samples, of which a hundred without labels do: --data calib.npz"


@dataclass(frozen=True, eq=False)
class Made:
    """Samples that were made.

    Attributes:
        inputs: float32, one array per input, batch first.
        labels: What the model says of them, one array per output.
        told: What they rest on, in a sentence; a user has to be told.
    """

    inputs: tuple[Array, ...]
    labels: tuple[Array, ...]
    told: str


def made_for_calibration(
    model: Any, how: DataFree, *, seed: int = 0, progress: Progress = no_progress
) -> Made:
    """Samples that set the ranges of an integer file.

    Args:
        model: A trained Keras 3 or tf_keras model.
        how: A method; ``none`` is ZeroQ.
        seed: The same gives the same samples.
        progress: Told how far it is.

    Raises:
        ConfigError: The model says nothing of its data, or has inputs of unknown size.
        ModelError: The model has layers that cannot be rebuilt.
    """
    network = read_network(model)
    method: SampleMethod = "zeroq" if how == "none" else how
    made = _made(network, model, method, None, CALIBRATION_SAMPLES, seed, progress)
    return Made(made.inputs, made.labels, f"{made.told} set the ranges")


def made_for_training(
    model: Any,
    how: DataFree,
    *,
    validation: Data | None = None,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Made:
    """Samples and labels that a model is compressed with: a label is what the model itself says.

    Args:
        model: As `made_for_calibration`.
        how: A method; ``none`` is DFQF where the model tells classes, else ZeroQ.
        validation: Labelled samples, if there are: they say what the outputs tell.
        seed: The same gives the same samples.
        progress: Told how far it is.

    Raises:
        ConfigError: As `made_for_calibration`; or labels that do not fit.
        ModelError: As `made_for_calibration`.
    """
    network = read_network(model)
    tasks = None if validation is None else tasks_of(network, validation, what="validation data: ")
    known = Known(network, tasks or tasks_without_labels(network))
    method: SampleMethod
    if how != "none":
        method = how
    else:
        method = "dfqf" if known.tells_classes and kept_by(network) else "zeroq"
    made = _made(network, model, method, known.tasks, TRAINING_SAMPLES, seed, progress)
    judged = (
        "" if validation is not None
        else ", and its accuracy is how often the compressed model agrees with it on them"
    )  # fmt: skip
    told = f"{made.told} are the training data, labelled by the model{judged}"
    return Made(made.inputs, made.labels, told)


def _made(
    network: Network,
    model: Any,
    method: SampleMethod,
    tasks: tuple[Task, ...] | None,
    samples: int,
    seed: int,
    progress: Progress,
) -> Made:
    known = Known(network, tasks or tasks_without_labels(network))
    kept = kept_by(network)
    _require_possible(known, kept, method)
    rebuilt = build_checked(network, "tf_keras", model, what="rebuilding in tf_keras")
    making = Making(samples, _STEPS[method], _BATCH[method], seed, progress)
    inputs = METHODS[method]([known], making)
    _require_finite(inputs, method)
    said = predict(rebuilt, inputs)
    labels = tuple(said_labels(*one) for one in zip(known.tasks, said, strict=True))
    return Made(inputs, labels, _told(known, kept, method, labels))


def _require_possible(known: Known, kept: tuple[Kept, ...], method: SampleMethod) -> None:
    for source in known.network.inputs:
        if None in source.shape:
            raise ConfigError(
                f"input {source.name!r} has unknown sizes {source.shape}: there is no telling what"
                " samples to make",
                hint=_REAL_DATA,
            )
    if kept or (method == "dfqf" and known.tells_classes):
        return
    weaker = "; or --data dfqf, which goes by the classes alone" if known.tells_classes else ""
    raise ConfigError(
        f"the model has no BatchNormalization and no Normalization, whose means and variances tell"
        f" what its data were like: {method} can make no samples for it",
        hint=f"{_REAL_DATA}{weaker}",
    )


def _require_finite(inputs: tuple[Array, ...], method: SampleMethod) -> None:
    if not all(np.all(np.isfinite(one)) for one in inputs):
        raise ConfigError(
            f"{method} made samples that are not finite; are the model's weights?",
            hint=_REAL_DATA,
        )


def _told(
    known: Known, kept: tuple[Kept, ...], method: SampleMethod, labels: tuple[Array, ...]
) -> str:
    """What samples rest on, as the beginning of a sentence."""
    rest = f"the means and variances that {len(kept)} layers of the model have kept of its data"
    if method == "dfqf" and known.tells_classes:
        first = next(n for n, task in enumerate(known.tasks) if task.kind != "regression")
        found = len(np.unique(labels[first]))
        classes = f"its own certainty of {found} classes"
        rest = f"{rest} and {classes}" if kept else f"{classes} alone, at a scale that is guessed"
    return f"no data: {len(labels[0])} samples that {method} made from {rest}"
