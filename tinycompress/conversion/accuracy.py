"""How good a converted file is beside the float model, on the samples that conversion was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo, TensorSpec
from tinycompress.conversion.calibrate import Samples, SampleSource, choose, read_samples
from tinycompress.conversion.frozen import FrozenGraph, freeze, input_specs, predict
from tinycompress.conversion.load import SourceModel
from tinycompress.errors import ConfigError
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs
from tinycompress.ir.summary import activation_types
from tinycompress.quality.judging import Asked, Judgement, judge
from tinycompress.quality.labels import (
    Target,
    accepted_labels,
    class_names_of,
    labels_of,
    numbered_by_output,
)
from tinycompress.quality.limits import drop_warnings

_WITHOUT_LABELS = 100
"""Samples that outputs are compared on where no label says that more are worth their time."""
_NAME = "class_names"


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples with what outputs should be for them, and notes why there is not more."""

    samples: Samples
    targets: dict[int, Target]
    names: dict[int, tuple[str, ...]]
    notes: tuple[str, ...]


def labelled(samples: Samples, model: Model) -> Labelled:
    """What samples say of a model's outputs; without any labels fewer of them are taken.

    Raises:
        ConfigError: There is another number of labels than of samples.
    """
    outputs = output_specs(model.main)
    by_output = numbered_by_output(samples.others, outputs)
    named = {number: samples.others[name] for name, number in by_output.items()}
    samples = replace(samples, labels={**named, **samples.labels})
    if not _has_labels(samples):
        samples = _spread(samples, _WITHOUT_LABELS)
    labels = {name: one for name, one in samples.labels.items() if not name.startswith(_NAME)}
    called = {name: one for name, one in samples.labels.items() if name.startswith(_NAME)}
    targets, notes = labels_of(labels, samples.where, len(samples), outputs, samples.inputs)
    names, more = class_names_of(called, samples.where, targets, outputs)
    unused = [name for name in samples.others if name not in by_output]
    if unused and not labels:
        notes = (*notes, _no_labels(samples.where, unused, outputs))
    return Labelled(samples, targets, names, (*notes, *more))


def _no_labels(where: str, unused: Sequence[str], outputs: Sequence[TensorSpec]) -> str:
    names = ", ".join(map(repr, unused))
    is_are, them = ("is", "it") if len(unused) == 1 else ("are", "them")
    return (
        f"{names} of {where} {is_are} not used: if labels, call {them} {accepted_labels(outputs)}"
    )


def judged(
    frozen: FrozenGraph | None,
    tflite: bytes,
    model: Model,
    samples: Samples,
    *,
    exact_to: ExactTo,
    drop_warning: float,
) -> tuple[Judgement, int]:
    """How good a file is on samples, with all that is to be said of it, and on how many.

    Args:
        frozen: The float model that it was made from; None where there is none.
        tflite: The file.
        model: The same, read.
        samples: What it is judged on.
        exact_to: Whose arithmetic it is run with.
        drop_warning: Largest drop of a score that is not warned of.
    """
    asked = labelled(samples, model)
    inputs = asked.samples.inputs
    if frozen is None and not asked.targets:
        return Judgement(warnings=asked.notes), 0
    in_float = None if frozen is None else predict(frozen, inputs)
    found = judge(
        tflite, model, Asked(inputs, in_float, asked.targets, asked.names), exact_to=exact_to
    )
    kinds = " and ".join(activation_types(model))
    count = len(asked.samples)
    drops = drop_warnings(found.quality, drop_warning, kinds, count)
    warnings = _with_range(found.warnings, asked.samples)
    return replace(found, warnings=(*warnings, *drops, *asked.notes)), count


def judge_beside(
    source: SourceModel,
    tflite: bytes,
    data: SampleSource,
    *,
    samples: int,
    seed: int,
    exact_to: ExactTo,
    drop_warning: float,
) -> tuple[Judgement, int]:
    """How good a file is beside a float model that it was made from, at any time before; and on
    how many samples.

    Args:
        source: The float model.
        tflite: The file.
        data: Where samples are, with labels or without.
        samples: How many of them, at most.
        seed: Which ones.
        exact_to: Whose arithmetic the file is run with.
        drop_warning: Largest drop of a score that is not warned of.

    Raises:
        ConfigError: The data do not fit the model.
        ModelError: The float model cannot be run.
    """
    drawn = choose(read_samples(data, input_specs(source)), samples, seed)
    frozen = freeze(source, tuple(values.shape[1:] for values in drawn.inputs))
    model = read_model(tflite)
    return judged(frozen, tflite, model, drawn, exact_to=exact_to, drop_warning=drop_warning)


def require_labels(samples: Samples) -> None:
    """Refuse a limit on accuracy where there is nothing to count it with.

    Raises:
        ConfigError: The samples have no labels.
    """
    if not _has_labels(samples) and not samples.others:
        raise ConfigError(
            f"max_accuracy_drop needs labels, and {samples.where} has none",
            hint="name labelled samples: --val val.npz with x and y (y0, y1, ... of several"
            " outputs)",
        )


def _has_labels(samples: Samples) -> bool:
    return any(not name.startswith(_NAME) for name in samples.labels)


def _with_range(warnings: tuple[str, ...], samples: Samples) -> tuple[str, ...]:
    """Says with a doubt about the scaling which values there are."""
    low = min(float(values.min()) for values in samples.inputs)
    high = max(float(values.max()) for values in samples.inputs)
    seen = f"are the samples (values from {low:g} to {high:g}) scaled"
    return tuple(text.replace("are the samples scaled", seen) for text in warnings)


def _spread(samples: Samples, count: int) -> Samples:
    if len(samples) <= count:
        return samples
    places: npt.NDArray[Any] = np.linspace(0, len(samples) - 1, count).round()
    return samples.take(places.astype(np.intp))
