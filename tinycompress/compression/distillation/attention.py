"""Where a network looks: Zagoruyko and Komodakis, Paying More Attention to Attention, 2017."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.shapes import by_position, on_same_positions

_WEIGHT = 500.0
"""Of the mean over positions, against the loss of the labels, as in the paper."""


def attention(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Squared error of attention maps of unit length, the mean over positions, samples and pairs.

    A map is the mean over channels of squared features.

    Args:
        teacher: float32 ``[samples, positions…, channels]`` each.
        student: The same with any number of channels.
    """
    tf = _tf.tensorflow()
    losses = []
    for wanted, got in zip(teacher, student, strict=True):
        wanted, got = (
            tf.math.l2_normalize(tf.reduce_mean(tf.square(by_position(one)), axis=2), axis=1)
            for one in on_same_positions(wanted, got)
        )
        losses.append(tf.reduce_mean(tf.square(wanted - got)))
    return _WEIGHT * tf.add_n(losses) / len(losses)
