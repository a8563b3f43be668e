"""The loss of one output: of the labels, and of the teacher where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinycompress import _tf
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.training.options import Distill

_SMALLEST_PROBABILITY = 1e-7


def output_loss(task: Task, distill: Distill | None) -> Callable[[Any, Any], Any]:
    """Loss of one output; ``y_true`` is the target and, with a teacher, its output behind it."""
    tf = _tf.tensorflow()

    def loss(y_true: Any, y_pred: Any) -> Any:
        prediction = tf.reshape(y_pred, (-1, task.width))
        truth = tf.reshape(y_true, (-1, task.width * (1 if distill is None else 2)))
        hard = _hard_loss(tf, task, truth[:, : task.width], prediction)
        if distill is None:
            return hard
        soft = _teacher_loss(tf, task, distill, truth[:, task.width :], prediction)
        return (1.0 - distill.weight) * hard + distill.weight * soft

    return loss


def _logits(tf: Any, task: Task, output: Any) -> Any:
    if task.from_logits:
        return output
    safe = tf.clip_by_value(output, _SMALLEST_PROBABILITY, 1.0 - _SMALLEST_PROBABILITY)
    if task.kind == "binary":
        return tf.math.log(safe) - tf.math.log1p(-safe)
    return tf.math.log(safe)


def _hard_loss(tf: Any, task: Task, truth: Any, output: Any) -> Any:
    if task.kind == "regression":
        return tf.reduce_mean(tf.square(truth - output), axis=1)
    logits = _logits(tf, task, output)
    if task.kind == "binary":
        entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=truth, logits=logits)
        return tf.reduce_mean(entropy, axis=1)
    entropy = tf.nn.softmax_cross_entropy_with_logits(
        labels=_by_position(tf, task, truth), logits=_by_position(tf, task, logits)
    )
    return tf.reduce_mean(entropy, axis=1)


def _by_position(tf: Any, task: Task, values: Any) -> Any:
    return tf.reshape(values, (-1, task.positions, task.classes))


def _teacher_loss(tf: Any, task: Task, distill: Distill, teacher: Any, output: Any) -> Any:
    if task.kind == "regression":
        return tf.reduce_mean(tf.square(teacher - output), axis=1)
    logits = _logits(tf, task, teacher), _logits(tf, task, output)
    wanted, got = (_by_position(tf, task, one) for one in logits)
    if distill.method == "logits":
        if task.kind == "classes":
            # Softmax does not see a common offset, so neither does the loss.
            wanted -= tf.reduce_mean(wanted, axis=2, keepdims=True)
            got -= tf.reduce_mean(got, axis=2, keepdims=True)
        return tf.reduce_mean(tf.square(wanted - got), axis=(1, 2))
    heat = distill.temperature
    if task.kind == "binary":
        soft = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.sigmoid(wanted / heat), logits=got / heat
        )
        return heat**2 * tf.reduce_mean(soft, axis=(1, 2))
    soft = tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.nn.softmax(wanted / heat), logits=got / heat
    )
    return heat**2 * tf.reduce_mean(soft, axis=1)
