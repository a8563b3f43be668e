"""Whether an integer model is still good: its outputs beside labels, and beside its float model's.

`conversion` and `pipeline` ask here for every kind of model, on whatever samples there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy.typing as npt

from tinycompress.artifacts import ExactTo, OutputAgreement, OutputQuality
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Model
from tinycompress.ir.specs import output_specs
from tinycompress.quality.collapse import collapse_warnings, has_one_range, label_warnings
from tinycompress.quality.labels import Target
from tinycompress.quality.notes import chance_notes
from tinycompress.quality.running import real_outputs, stored_outputs
from tinycompress.quality.scores import heads_of, qualities_of, quality_of, with_reference
from tinycompress.quality.signal import agreement_of

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Judgement:
    """How good a file is; both are empty where nothing can tell.

    ``quality`` has the file's score and, where its float model is known, that one's, of every
    output with labels; ``agreement`` is with the float model, of every output.
    """

    quality: tuple[OutputQuality, ...] = ()
    agreement: tuple[OutputAgreement, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Asked:
    """What a file is judged on.

    ``inputs`` and ``in_float``, the float model's answers to them, have an array of the shape
    (n, ...) for every input and output; ``in_float`` is None where there is no float model.
    """

    inputs: Sequence[Array]
    in_float: Sequence[Array] | None = None
    targets: Mapping[int, Target] = field(default_factory=dict)
    names: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def judge(tflite: bytes, model: Model, asked: Asked, *, exact_to: ExactTo = "tflm") -> Judgement:
    """Run a file on samples and hold its outputs against what is known of them.

    A file that the oracle refuses has no scores; a warning says why.

    Args:
        tflite: The file.
        model: The same, read.
        asked: What it is judged on.
        exact_to: Whose arithmetic it is run with.
    """
    specs = output_specs(model.main)
    heads = heads_of(model.main, specs)
    in_float: tuple[OutputQuality, ...] = ()
    if asked.in_float is not None:
        in_float = qualities_of(heads, asked.targets, asked.in_float, asked.names)
    warnings = list(chance_notes(in_float, of="float"))
    try:
        stored = stored_outputs(tflite, asked.inputs, exact_to=exact_to)
    except ModelError as error:  # the file is as good without; who builds it asks the engine
        refused = f"no accuracy of the file: {error.message}"
        return Judgement(tuple(map(_float_alone, in_float)), (), (*warnings, refused))
    real = real_outputs(stored, specs)
    if asked.in_float is None:
        quality = qualities_of(heads, asked.targets, real, asked.names)
        warnings += chance_notes(quality)
        return Judgement(quality, (), (*warnings, *_of_labels(model, asked.targets)))
    # Whether it is an autoencoder, the float model says: the file may have collapsed.
    quality = tuple(
        quality_of(heads[i], asked.targets[i], real[i], asked.names.get(i))
        for i in (one.index for one in in_float)
    )
    agreement = tuple(
        agreement_of(index, spec, wanted, values)
        for index, (spec, wanted, values) in enumerate(
            zip(specs, asked.in_float, stored, strict=True)
        )
    )
    for one, spec in zip(agreement, specs, strict=True):
        one_range = has_one_range(model.main, one.index)
        warnings += collapse_warnings(one, spec, one_range=one_range)
    return Judgement(with_reference(quality, in_float), agreement, tuple(warnings))


def score_text(one: OutputQuality, score: float | None) -> str:
    """A score as people read it: shares of classes in per cent, others as they are."""
    if score is None:
        return "-"
    return f"{score:.2%}" if one.kind == "classes" else f"{score:.4f}"


def _float_alone(one: OutputQuality) -> OutputQuality:
    return replace(
        one, score=None, float_score=one.score, mean_absolute_error=None,
        float_mean_absolute_error=one.mean_absolute_error, mean_squared_error=None, mean_iou=None,
        confusion=None, per_class=(),
        channels=(), float_channels=one.channels,
    )  # fmt: skip


def _of_labels(model: Model, targets: Mapping[int, Target]) -> Iterator[str]:
    specs = output_specs(model.main)
    for index, target in sorted(targets.items()):
        if target.kind == "regression":
            yield from label_warnings(target.values, specs[index])
