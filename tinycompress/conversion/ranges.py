"""Ranges in a calibrated file: which tensors share one, and the file with others in their place.

TensorFlow's converter calibrates a float file, writing the extreme values of every tensor into it,
and quantises that. In between the ranges can be replaced: the int8 file then has exactly theirs.

Some operators need inputs and outputs of one scale (MAX_POOL_2D, CONCATENATION, RESHAPE, ...), and
some have a fixed one (SOFTMAX, LOGISTIC, TANH). Which tensors that joins is not told by a table but
tried: a file in which every tensor has a range of its own is quantised, and its scales are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tinycompress.calibrators.base import Range
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model

Quantize = Callable[[bytes], bytes]
"""Makes the int8 file of a calibrated one."""

_MARK = 4096.0


@dataclass(frozen=True)
class Shared:
    """Tensors of a calibrated file that have one range in the int8 file.

    Attributes:
        tensors: Their indices in the calibrated file.
        names: Their names, in both files.
    """

    tensors: tuple[int, ...]
    names: tuple[str, ...]


def shared_ranges(calibrated: bytes, quantize: Quantize) -> tuple[Shared, ...]:
    """The ranges that can be chosen in a file, each with the tensors that share it.

    Tensors whose operator fixes their scale have none.

    Args:
        calibrated: What `quantize.to_calibrated` made.
        quantize: Makes the int8 file.
    """
    named = {
        index: tensor.Name().decode("utf-8", "replace")
        for index, tensor in _calibrated_tensors(calibrated)
    }
    # Scales that no two tensors share, and that no operator fixes.
    marks = {index: Range(-1.0 - index / _MARK, 1.0 + index / _MARK) for index in named}
    stored = _quantizations(quantize(_with(calibrated, marks)))
    by_scale = {mark.scale: index for index, mark in marks.items()}
    members: dict[int, list[int]] = {}
    for index, name in named.items():
        scales = {scale for scale, _ in stored.get(name, ())}
        chosen = by_scale.get(scales.pop()) if len(scales) == 1 else None
        if chosen is not None:
            members.setdefault(chosen, []).append(index)
    return tuple(
        Shared(tuple(indices), tuple(dict.fromkeys(named[index] for index in indices)))
        for indices in members.values()
    )


def with_ranges(calibrated: bytes, ranges: Mapping[Shared, Range]) -> bytes:
    """The calibrated file with other ranges for some of its tensors."""
    by_tensor = {index: range_ for shared, range_ in ranges.items() for index in shared.tensors}
    return _with(calibrated, by_tensor)


def require_ranges(tflite: bytes, ranges: Mapping[Shared, Range]) -> None:
    """Check that an int8 file has the ranges that it was asked for: scale and zero point.

    Raises:
        ModelError: A tensor has another scale or zero point.
    """
    stored = _quantizations(tflite)
    wrong = [
        f"{name!r} has scale and zero point {one}, asked: {(range_.scale, range_.zero_point)}"
        for shared, range_ in ranges.items()
        for name in shared.names
        for one in stored[name]
        if one != (range_.scale, range_.zero_point)
    ]
    if wrong:
        raise ModelError(
            "TensorFlow's converter did not keep the calibrated ranges",
            reasons=tuple(wrong),
            hint="convert with --calibrator minmax, and please report the model's summary",
        )


def _calibrated_tensors(calibrated: bytes | bytearray) -> Iterator[tuple[int, Any]]:
    graph = schema.Model.GetRootAs(calibrated, 0).Subgraphs(0)
    for index in range(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        found = tensor.Quantization()
        if found is not None and found.MinLength() == 1 and found.MaxLength() == 1:
            yield index, tensor


def _with(calibrated: bytes, ranges: Mapping[int, Range]) -> bytes:
    """The file with some extreme values replaced in place."""
    patched = bytearray(calibrated)
    for index, tensor in _calibrated_tensors(patched):
        if index in ranges:
            tensor.Quantization().MinAsNumpy()[:] = np.float32(ranges[index].low)
            tensor.Quantization().MaxAsNumpy()[:] = np.float32(ranges[index].high)
    return bytes(patched)


def _quantizations(tflite: bytes) -> dict[str, set[tuple[float, int]]]:
    """Scale and zero point of every activation of an int8 file, by name."""
    stored: dict[str, set[tuple[float, int]]] = {}
    for tensor in read_model(tflite).main.tensors:
        if tensor.data is None and tensor.quantization is not None:
            found = (tensor.quantization.scale, tensor.quantization.zero_point)
            stored.setdefault(tensor.name, set()).add(found)
    return stored


def extremes(calibrated: bytes) -> dict[int, Range]:
    """What the converter wrote into a calibrated file, by tensor; without those always zero."""
    found = {}
    for index, tensor in _calibrated_tensors(calibrated):
        quantization = tensor.Quantization()
        low, high = min(float(quantization.Min(0)), 0.0), max(float(quantization.Max(0)), 0.0)
        if low < high:
            found[index] = Range(low, high)
    return found


def with_extremes(calibrated: bytes, ranges: Mapping[int, Range]) -> bytes:
    """The calibrated file with other extreme values for some of its tensors."""
    return _with(calibrated, ranges)
