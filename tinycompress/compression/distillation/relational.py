"""How samples lie to each other: Park et al., Relational Knowledge Distillation, 2019."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.shapes import in_rows

_LEAST_SQUARE = 1e-12
"""Below it a distance counts as zero: a root has no gradient there."""
_DISTANCES, _ANGLES = 25.0, 50.0
"""Weights against the loss of the labels, as in the paper."""


def distance(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Huber loss of the distances of any two samples of the batch, over their mean.

    Args:
        teacher: float32 ``[samples, …]`` each.
        student: The same with features of any shape.
    """
    return _DISTANCES * _mean_loss(teacher, student, _distances)


def angle(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Huber loss of the cosines of the angles that any three samples of the batch make.

    Takes memory for as many numbers as a batch has triples.

    Args:
        teacher: float32 ``[samples, …]`` each.
        student: The same with features of any shape.
    """
    return _ANGLES * _mean_loss(teacher, student, _cosines)


def relational(teacher: Sequence[Any], student: Sequence[Any]) -> Any:
    """Distances and angles together.

    Args:
        teacher: float32 ``[samples, …]`` each.
        student: The same with features of any shape.
    """
    return distance(teacher, student) + angle(teacher, student)


def _mean_loss(teacher: Sequence[Any], student: Sequence[Any], relation: Any) -> Any:
    tf = _tf.tensorflow()
    losses = []
    for wanted, got in zip(teacher, student, strict=True):
        error = tf.abs(relation(in_rows(wanted)) - relation(in_rows(got)))
        huber = tf.where(error <= 1.0, 0.5 * tf.square(error), error - 0.5)
        losses.append(tf.reduce_mean(huber))
    return tf.add_n(losses) / len(losses)


def _squares(tf: Any, products: Any) -> Any:
    norms = tf.linalg.diag_part(products)
    return tf.maximum(norms[:, None] + norms[None, :] - 2.0 * products, 0.0)


def _distances(rows: Any) -> Any:
    """``[samples, samples]``, over the mean of those between different samples."""
    tf = _tf.tensorflow()
    squares = _squares(tf, tf.matmul(rows, rows, transpose_b=True))
    there = squares > _LEAST_SQUARE
    lengths = tf.where(there, tf.sqrt(tf.where(there, squares, 1.0)), 0.0)
    count = tf.math.count_nonzero(there, dtype=tf.float32)
    return tf.math.divide_no_nan(lengths, tf.math.divide_no_nan(tf.reduce_sum(lengths), count))


def _cosines(rows: Any) -> Any:
    """``[corner, sample, sample]``; zero where a sample is the corner itself."""
    tf = _tf.tensorflow()
    # Angles do not change with the origin, and rounding is smallest around the middle.
    rows -= tf.reduce_mean(rows, axis=0, keepdims=True)
    products = tf.matmul(rows, rows, transpose_b=True)
    squares = _squares(tf, products)
    there = squares > _LEAST_SQUARE
    inverse = tf.where(there, tf.math.rsqrt(tf.where(there, squares, 1.0)), 0.0)
    # (a - corner) (b - corner), for all corners at once.
    inner = (
        products[None, :, :]
        - products[:, :, None]
        - products[:, None, :]
        + tf.linalg.diag_part(products)[:, None, None]
    )
    return inner * inverse[:, :, None] * inverse[:, None, :]
