"""Which samples look alike: Tung and Mori, Similarity-Preserving Knowledge Distillation, 2019."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.shapes import in_rows

_WEIGHT = 3000.0 / 128.0
"""Against the loss of the labels, as in the paper for its batches of 128."""


def similarity(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Squared error of the rows of the batch's matrix of inner products, each of unit length.

    The mean over rows and pairs.

    Args:
        teacher: float32 ``[samples, …]`` each.
        student: The same with features of any shape.
    """
    tf = _tf.tensorflow()
    losses = []
    for wanted, got in zip(teacher, student, strict=True):
        error = tf.square(_similar(in_rows(wanted)) - _similar(in_rows(got)))
        losses.append(tf.reduce_mean(tf.reduce_sum(error, axis=1)))
    return _WEIGHT * tf.add_n(losses) / len(losses)


def _similar(rows: Any) -> Any:
    tf = _tf.tensorflow()
    return tf.math.l2_normalize(tf.matmul(rows, rows, transpose_b=True), axis=1)
