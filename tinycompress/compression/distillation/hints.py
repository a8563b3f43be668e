"""Hints: features themselves, through a regressor (Romero et al., FitNets, 2015).

The regressor is a linear map of channels (a 1x1 convolution), which the training brings along: the
student's features come with the teacher's number of channels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.shapes import on_same_positions


def hints(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Squared error over the teacher's mean square, the mean of all pairs.

    Args:
        teacher: float32 ``[samples, positions…, channels]`` each.
        student: The same, with as many channels.
    """
    tf = _tf.tensorflow()
    losses = []
    for wanted, got in zip(teacher, student, strict=True):
        wanted, got = on_same_positions(wanted, got)
        error = tf.reduce_mean(tf.square(wanted - got))
        losses.append(tf.math.divide_no_nan(error, tf.reduce_mean(tf.square(wanted))))
    return tf.add_n(losses) / len(losses)
