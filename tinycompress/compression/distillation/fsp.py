"""How features flow from layer to layer: Yim et al., A Gift from Knowledge Distillation, 2017.

The matrix of the flow of solution procedure (FSP) holds the inner products of the channels of one
layer with those of the next one, over all positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.shapes import by_position, on_same_positions


def fsp(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Squared error of FSP matrices over the teacher's mean square, the mean of all neighbours.

    Args:
        teacher: float32 ``[samples, positions…, channels]`` each, two or more.
        student: The same with as many channels.
    """
    tf = _tf.tensorflow()
    losses = []
    for wanted, got in zip(pairwise(teacher), pairwise(student), strict=True):
        target = matrix(*wanted)
        error = tf.reduce_mean(tf.square(target - matrix(*got)))
        losses.append(tf.math.divide_no_nan(error, tf.reduce_mean(tf.square(target))))
    return tf.add_n(losses) / len(losses)


def matrix(one: Any, other: Any) -> Any:
    """``[samples, channels of one, channels of the other]``; the larger map is max-pooled."""
    tf = _tf.tensorflow()
    left, right = (by_position(feature) for feature in on_same_positions(one, other, largest=True))
    return tf.matmul(left, right, transpose_a=True) / float(left.shape[1])
