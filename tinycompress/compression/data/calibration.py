"""Whether the samples that set int8 ranges are like what the model was trained on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Array, Layer, Network

THIN_SAMPLES = 100
"""Fewer calibration samples than this earn a note."""
_SHARE_OUTSIDE = 0.01
_FAR_OFF = 3.0
"""Of the training data's standard deviations; averages that lag a little are not told."""
_SPREAD = 10.0
"""So many times wider or narrower than the training data is another scale."""


def calibration_notes(
    network: Network, calibration: tuple[Array, ...], train: Data, validation: Data
) -> tuple[str, ...]:
    """What makes the int8 ranges of these samples doubtful.

    Args:
        network: The model as the user gave it: its normalisation layers know what they saw.
        calibration: What sets the ranges, one array per input.
        train: What it was drawn from.
        validation: What the ranges will be used on.

    Returns:
        A sentence for a set that is too thin, for values of training or validation data that lie
        beyond it, and for the first normalisation layer that was trained on another range.
    """
    notes = []
    if len(calibration[0]) < THIN_SAMPLES:
        notes.append(
            f"only {len(calibration[0])} samples set the ranges; with fewer than"
            f" {THIN_SAMPLES} they may clip what the device sees"
        )
    for what, data in (("training", train), ("validation", validation)):
        for index, source in enumerate(network.inputs):
            notes += _outside(what, source.name, data.inputs[index], calibration[index])
    return (*notes, *_other_range(network, calibration))


def _outside(what: str, name: str, values: Array, calibration: Array) -> list[str]:
    low, high = float(calibration.min()), float(calibration.max())
    share = float(np.mean((values < low) | (values > high)))
    if share <= _SHARE_OUTSIDE:
        return []
    return [
        f"{share:.1%} of the {what} data's values of input {name!r} ({values.min():g} to"
        f" {values.max():g}) lie outside the {low:g} to {high:g} that set the ranges, and will"
        " be clipped"
    ]


def _other_range(network: Network, calibration: tuple[Array, ...]) -> tuple[str, ...]:
    seen = {
        call.inputs[0]: layer
        for call in network.calls
        if kept_statistics(layer := network.layers[call.layer], len(call.shape)) is not None
        and len(network.calls_of(layer.name)) == 1
    }
    for value, values in zip(seen, _values(network, tuple(seen), calibration), strict=True):
        found = kept_statistics(seen[value], len(network.shape(value)))
        flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
        if found is None or found[0].size not in (1, flat.shape[1]):
            continue
        mean, deviation = found[0], np.sqrt(found[1] + np.finfo(np.float32).eps)
        off = float(np.median(np.abs(flat.mean(axis=0) - mean) / deviation))
        spread = float(np.median(flat.std(axis=0) / deviation))
        if off > _FAR_OFF or not 1 / _SPREAD <= spread <= _SPREAD:
            return (
                f"the data are out of the range that the model was trained on: before"
                f" {seen[value].name!r} ({seen[value].kind}) their mean is off by {off:.3g} of its"
                f" standard deviations, and they spread {spread:.3g} times as far; are they scaled"
                " as they were for training?",
            )
    return ()


def _values(
    network: Network, values: tuple[int, ...], calibration: tuple[Array, ...]
) -> tuple[Array, ...]:
    given = {source.value: part for source, part in zip(network.inputs, calibration, strict=True)}
    made = tuple(value for value in values if value not in given)
    if made:
        model = build_model(replace(network, outputs=made), "tf_keras")
        given.update(zip(made, predict(model, calibration), strict=True))
    return tuple(given[value] for value in values)


def kept_statistics(layer: Layer, rank: int) -> tuple[Array, Array] | None:
    """Mean and variance of what a layer saw in training, per channel of the last axis.

    Args:
        layer: The layer; None is answered for others than normalisations of that axis.
        rank: Axes of what goes into it, without the batch: tf_keras counts the last one from the
            front, in a list.
    """
    axis = layer.config.get("axis", -1)
    last = {(-1,), (rank,)}
    if layer.kind == "BatchNormalization" and tuple(np.atleast_1d(axis).tolist()) in last:
        mean, variance = layer.weights[-2:]
    elif layer.kind == "Normalization":
        mean, variance = (np.asarray(layer.config[key]) for key in ("mean", "variance"))
    else:
        return None
    return mean.astype(np.float64).reshape(-1), variance.astype(np.float64).reshape(-1)
