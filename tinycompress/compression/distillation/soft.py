"""Outputs softened by a temperature: Hinton, Vinyals and Dean, Distilling the Knowledge, 2015."""

from __future__ import annotations

from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.base import OutputKind


def soft(teacher: Any, student: Any, kind: OutputKind, temperature: float) -> Any:
    """Cross-entropy of softened outputs, times the temperature squared: gradients keep their size.

    Args:
        teacher: Logits, float32 ``[samples, positions, classes]``.
        student: The same.
        kind: Whether classes exclude each other.
        temperature: What logits are divided by.

    Returns:
        float32 ``[samples]``.
    """
    tf = _tf.tensorflow()
    if kind == "binary":
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.sigmoid(teacher / temperature), logits=student / temperature
        )
        return temperature**2 * tf.reduce_mean(entropy, axis=(1, 2))
    entropy = tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.nn.softmax(teacher / temperature), logits=student / temperature
    )
    return temperature**2 * tf.reduce_mean(entropy, axis=1)
