"""Squared error of logits: Ba and Caruana, Do Deep Nets Really Need to be Deep, 2014."""

from __future__ import annotations

from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.base import OutputKind


def logits(teacher: Any, student: Any, kind: OutputKind, temperature: float) -> Any:
    """Mean squared difference; of classes without their common offset, which softmax does not see.

    Args:
        teacher: Logits, float32 ``[samples, positions, classes]``.
        student: The same.
        kind: Whether classes exclude each other.
        temperature: Has no part in it.

    Returns:
        float32 ``[samples]``.
    """
    tf = _tf.tensorflow()
    if kind == "classes":
        teacher -= tf.reduce_mean(teacher, axis=2, keepdims=True)
        student -= tf.reduce_mean(student, axis=2, keepdims=True)
    return tf.reduce_mean(tf.square(teacher - student), axis=(1, 2))
