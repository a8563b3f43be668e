"""The integers that an int8 file holds of a kernel: a weight is its scale times -127 to 127.

The export scales a convolution by output channel and a Dense as a whole, quantisation-aware
training of TF-MOT likewise; a recurrent layer is taken for a whole here, though the file scales its
two kernels, or each gate of them, by themselves. Each scale is the largest magnitude over 127. A
factor on a whole channel, such as a folded BatchNormalization, leaves a convolution's integers as
they are.
"""

from __future__ import annotations

import numpy as np

from tinycompress.compression.network.kernels import GATES, channel_rows, from_channel_rows
from tinycompress.compression.network.network import Array

LARGEST = 127
_WHOLE = frozenset(("Dense", *GATES))
SCALED_ALIKE = ("Dense", "Conv1D", "Conv2D")
"""Kinds that are scaled alike with training for int8 and without; of a depthwise convolution the
first scales the whole kernel, the second every channel."""


def scaled_rows(kernel: Array, kind: str, *, per_tensor: bool = False) -> Array:
    """The kernel as a matrix, one row for each scale in the file.

    Args:
        kernel: As Keras has it.
        kind: Class of its layer.
        per_tensor: Whether the file has one scale for every layer, convolutions too.
    """
    if kind in _WHOLE or per_tensor:
        return kernel.reshape(1, -1)
    return channel_rows(kernel, kind)


def from_scaled_rows(
    rows: Array, shape: tuple[int, ...], kind: str, *, per_tensor: bool = False
) -> Array:
    """The inverse of :func:`scaled_rows`, for a kernel of the given shape."""
    if kind in _WHOLE or per_tensor:
        return rows.reshape(shape)
    return from_channel_rows(rows, shape, kind)


def file_scales(kernel: Array, kind: str, *, per_tensor: bool = False) -> Array:
    """What an integer of each row of `scaled_rows` stands for: float64, 1 for a row of zeros."""
    rows = scaled_rows(kernel, kind, per_tensor=per_tensor).astype(np.float64)
    largest = np.max(np.abs(rows), axis=1)
    return np.where(largest > 0, largest / LARGEST, 1.0)


def file_integers(kernel: Array, kind: str, *, per_tensor: bool = False) -> Array:
    """What the int8 file will hold: int64 from -127 to 127, in rows as `scaled_rows` has them.

    Args:
        kernel: float32, finite.
        kind: Class of its layer, one of `SCALED_ALIKE`.
        per_tensor: As in `scaled_rows`.
    """
    rows = scaled_rows(kernel, kind, per_tensor=per_tensor).astype(np.float64)
    largest = np.max(np.abs(rows), axis=1, keepdims=True)
    return np.rint(LARGEST * rows / np.where(largest > 0, largest, 1.0)).astype(np.int64)


def with_int8(kernel: Array, kind: str, *, per_tensor: bool = False) -> Array:
    """The kernel as an int8 file computes with it: float32, each row its scale times integers.

    Args:
        kernel: float32, finite.
        kind: Class of its layer; kinds beyond `SCALED_ALIKE` as the export without training for
            int8 scales them, by output channel.
        per_tensor: As in `scaled_rows`.
    """
    scales = file_scales(kernel, kind, per_tensor=per_tensor)[:, None]
    rows = (scales * file_integers(kernel, kind, per_tensor=per_tensor)).astype(np.float32)
    return from_scaled_rows(rows, kernel.shape, kind, per_tensor=per_tensor)


def grid_levels(bits: int) -> Array:
    """The levels of weights of so many bits, over the largest: ascending from -1 to 1.

    They are evenly spaced and symmetric, 2**bits - 1 of them with zero in the middle; of one bit
    there are two, -1 and 1. In the file they are `grid_integers`.

    Args:
        bits: 1 to 7.
    """
    largest = max(2 ** (bits - 1) - 1, 1)
    levels: Array = np.arange(-largest, largest + 1, 2 if bits == 1 else 1) / largest
    return levels


def grid_integers(bits: int) -> Array:
    """What the int8 file holds of weights of so many bits: int64, ascending from -127 to 127."""
    integers: Array = np.rint(LARGEST * grid_levels(bits)).astype(np.int64)
    return integers
