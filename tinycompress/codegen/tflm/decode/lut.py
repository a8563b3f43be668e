"""Weights as indices into tables of few values.

The stream holds an index of 1 to 7 bits for each weight, in the tensor's order, the highest bit
first, with zeros to the end of the last byte. Header byte 5 holds these bits, byte 6 the values of
a table, at most 128; the tables follow the header.

The decoder takes the number of tables from the output's scales: one, or one for each slice along
the first or the last dimension, each so many values after the one before. At a distance of 0 all
slices read the same table: that is how one table serves a filter with many scales.

Bits 4 to 7 of byte 5 name the dimension of the tables, 15 for a single one. Upstream's encoder
writes them; today's decoder does not read them.

Source: tensorflow/lite/micro/kernels/decode_state_lut.{h,cc} of tflite-micro.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.tflm.decode.format import Decoder, Encoded, Filter, axis_refusal, header

_MAX_INDEX_BITS = 7
_MAX_VALUES = 1 << _MAX_INDEX_BITS
_ONE_TABLE = 15
_FAST_BITS = (2, 3, 4)
"""The decoder has loops for these, unless the tables lie along the last dimension."""
_FAST_CYCLES, _SLOW_CYCLES = 4.6, 30.0

_Int8s = npt.NDArray[np.int8]


def refusal(weights: Filter) -> str | None:
    """Why the decoder cannot make a filter; None if it can."""
    wrong_axis = axis_refusal(weights)
    if wrong_axis is not None:
        return wrong_axis
    most = _most_values(_slices(weights))
    if most > _MAX_VALUES:
        where = "in its weights" if weights.channels == 1 else "in a channel of its weights"
        return f"{most} distinct values {where}; a table has at most {_MAX_VALUES}"
    return None


def encode(weights: Filter) -> Encoded:
    """The smaller of a table for each scale and one for all."""
    whole = [weights.values]
    candidates = [_encode(weights, _slices(weights))]
    if weights.channels > 1 and _most_values(whole) <= _MAX_VALUES:
        candidates.append(_encode(weights, whole))
    return min(candidates, key=lambda each: each.size_bytes)


def _encode(weights: Filter, slices: Sequence[_Int8s]) -> Encoded:
    """With a table for each slice; a single slice is the whole tensor."""
    found = [np.unique(values, return_inverse=True) for values in slices]
    stride = max(len(values) for values, _ in found)
    bits = max(1, (stride - 1).bit_length())
    tables = np.zeros((len(found), stride), np.int8)
    for table, (values, _) in zip(tables, found, strict=True):
        table[: len(values)] = values
    indices = np.stack(
        [each.reshape(values.shape) for (_, each), values in zip(found, slices, strict=True)]
    )
    single = len(slices) == 1
    # Slices are stacked in front; their dimension goes back to its place.
    ordered = indices[0] if single else np.moveaxis(indices, 0, weights.axis)
    axis = _ONE_TABLE if single else weights.axis
    shared = single and weights.channels > 1
    return Encoded(
        "lut",
        f"{stride} values, {bits} bits, " + ("one table" if single else f"{len(slices)} tables"),
        _pack(ordered, bits),
        header(Decoder.LUT, axis << 4 | bits, 0 if shared else stride) + tables.tobytes(),
        _FAST_CYCLES if bits in _FAST_BITS and not weights.is_last_axis else _SLOW_CYCLES,
    )


def _pack(indices: npt.NDArray[np.int64], bits: int) -> bytes:
    """Indices of so many bits, the highest first."""
    shifts = np.arange(bits - 1, -1, -1)
    return np.packbits((indices.reshape(-1, 1) >> shifts & 1).astype(np.uint8)).tobytes()


def _slices(weights: Filter) -> Sequence[_Int8s]:
    """What a table serves where each scale has one."""
    if weights.channels == 1:
        return [weights.values]
    return list(np.moveaxis(weights.values, weights.axis, 0))


def _most_values(slices: Sequence[_Int8s]) -> int:
    return max(len(np.unique(values)) for values in slices)
