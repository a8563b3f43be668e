"""The loss of one output: of the labels, and of the teacher where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tinycompress import _tf
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.training.options import Distill

_SMALLEST_PROBABILITY = 1e-7


def output_loss(
    task: Task, distill: Distill | None, share: Any = 1.0, label_smoothing: float = 0.0
) -> Callable[[Any, Any], Any]:
    """Loss of one output; ``y_true`` is the target and, with a teacher, its output behind it.

    Args:
        task: What the output tells.
        distill: How the teacher takes part.
        share: What the loss is multiplied by: a number or a scalar variable.
        label_smoothing: Share of a label that all classes have evenly.
    """
    tf = _tf.tensorflow()
    taught = None if distill is None else distill.of_outputs

    def loss(y_true: Any, y_pred: Any) -> Any:
        prediction = tf.reshape(y_pred, (-1, task.width))
        truth = tf.reshape(y_true, (-1, task.width * (1 if taught is None else 2)))
        labels = _smoothed(task, truth[:, : task.width], label_smoothing)
        hard = _hard_loss(tf, task, labels, prediction)
        if distill is None:
            return hard
        mixed = (1.0 - distill.weight) * hard
        if taught is not None:
            teacher = truth[:, task.width :]
            mixed += distill.weight * teacher_loss(task, distill, teacher, prediction)
        return share * mixed

    return loss


def _smoothed(task: Task, labels: Any, share: float) -> Any:
    """Labels of which all classes have a share; values of a regression as they are."""
    if task.kind == "regression" or not share:
        return labels
    classes = 2 if task.kind == "binary" else task.classes
    return (1.0 - share) * labels + share / classes


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


def teacher_loss(task: Task, distill: Distill, teacher: Any, output: Any) -> Any:
    """Loss of an output against what a teacher put out, ``[samples, width]`` both.

    Args:
        task: What the output tells.
        distill: With a loss of outputs.
        teacher: In the form of the output: logits or probabilities.
        output: Of the student.

    Returns:
        One number for each sample.
    """
    tf = _tf.tensorflow()
    taught = distill.of_outputs
    if task.kind == "regression" or taught is None:
        return tf.reduce_mean(tf.square(teacher - output), axis=1)
    logits = _logits(tf, task, teacher), _logits(tf, task, output)
    wanted, got = (_by_position(tf, task, one) for one in logits)
    return taught.loss(wanted, got, task.kind, distill.temperature)
