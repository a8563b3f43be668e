"""The quality of a device's answers, which come as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import OutputQuality, TensorSpec
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.measurement.answers import Outputs
from tinycompress.measurement.samples import StoredSamples
from tinycompress.quality.collapse import label_warnings
from tinycompress.quality.scores import heads_of, qualities_of


def qualities(
    stored: StoredSamples,
    outputs: Sequence[TensorSpec],
    tflite: bytes,
    device: Sequence[Outputs],
    host: Sequence[Outputs] | None,
) -> tuple[OutputQuality, ...]:
    """The quality of every output that has labels.

    Args:
        stored: The samples, with their labels.
        outputs: The model's outputs.
        tflite: The model file.
        device: The device's answers, one a sample.
        host: The oracle's answers, or None where it cannot run the model.
    """
    if not stored.labels:
        return ()
    heads = heads_of(read_model(tflite).main, outputs)
    names = stored.class_names
    found = qualities_of(heads, stored.labels, _answers(device, outputs), names)
    if host is None:
        return found
    there = qualities_of(heads, stored.labels, _answers(host, outputs), names)
    scores = {one.index: one.score for one in there}
    return tuple(replace(one, host_score=scores.get(one.index)) for one in found)


def label_notes(stored: StoredSamples, outputs: Sequence[TensorSpec]) -> tuple[str, ...]:
    """What outputs cannot say of their labels."""
    return tuple(
        note
        for index, target in sorted(stored.labels.items())
        if target.kind == "regression"
        for note in label_warnings(target.values, outputs[index])
    )


def _answers(
    answers: Sequence[Outputs], outputs: Sequence[TensorSpec]
) -> tuple[npt.NDArray[Any], ...]:
    """Real values of the shape (n, elements), for every output."""
    found = []
    for index, spec in enumerate(outputs):
        dtype = np.dtype(spec.dtype).newbyteorder("<")
        stored = np.frombuffer(b"".join(one[index] for one in answers), dtype)
        found.append(dequantize(stored.reshape(len(answers), -1), spec))
    return tuple(found)
