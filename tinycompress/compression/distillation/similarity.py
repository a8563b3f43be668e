"""Which samples look alike: Tung and Mori, Similarity-Preserving Knowledge Distillation, 2019."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.shapes import in_rows


def similarity(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Squared error of the rows of the batch's matrix of inner products, each of unit length.

    The mean over rows and pairs; the paper divides by the batch once more, and weighs by 3000.

    Args:
        teacher: float32 ``[samples, …]`` each.
        student: The same with features of any shape.
    """
    tf = _tf.tensorflow()
    losses = []
    for wanted, got in zip(teacher, student, strict=True):
        error = tf.square(_similar(in_rows(wanted)) - _similar(in_rows(got)))
        losses.append(tf.reduce_mean(tf.reduce_sum(error, axis=1)))
    return tf.add_n(losses) / len(losses)


def _similar(rows: Any) -> Any:
    tf = _tf.tensorflow()
    return tf.math.l2_normalize(tf.matmul(rows, rows, transpose_b=True), axis=1)
