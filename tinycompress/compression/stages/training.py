"""Fine-tuning: one way to train for all stages, repeatable, with a teacher or without."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress._progress import Progress, no_progress
from tinycompress.compression.checks.promises import Projection
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task, mean_score, targets
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.run.options import Distill, FineTune
from tinycompress.errors import ConfigError

_SMALLEST_PROBABILITY = 1e-7


@dataclass(frozen=True, eq=False)
class Trainer:
    """Everything that training needs besides the model.

    ``teacher`` is a model of either Keras with the same inputs and outputs, or None. ``cost`` says
    what the int8 file of a network takes where it is to run: one figure, by its name; None if
    nothing is known of that place.
    """

    train: Data
    validation: Data
    tasks: tuple[Task, ...]
    seed: int = 0
    teacher: Any = None
    progress: Progress = no_progress
    cost: Callable[[Network, str], float] | None = None

    def accuracy(self, model: Any) -> float:
        """Score of a model of either Keras on the validation data."""
        outputs = predict(model, self.validation.inputs)
        return mean_score(self.tasks, self.validation.labels, outputs)


def steps_per_epoch(trainer: Trainer, options: FineTune) -> int:
    """Optimizer steps of one epoch."""
    return -(-len(trainer.train) // options.batch_size)


def fine_tune(
    model: Any,
    trainer: Trainer,
    options: FineTune,
    distill: Distill | None = None,
    *,
    kernels: Mapping[str, tuple[Any, Projection]] | None = None,
    callbacks: Sequence[Any] = (),
    first_best_epoch: int = 0,
    label: str = "training",
) -> None:
    """Train a tf_keras model in place.

    Args:
        model: The model; wrapped layers are fine.
        trainer: Data, tasks, seed and teacher.
        options: How long and how.
        distill: How the teacher takes part; needs a teacher.
        kernels: By layer name, a variable and what it is put back onto after every step.
        callbacks: More tf_keras callbacks.
        first_best_epoch: Early stopping takes no weights from before this epoch.
        label: Name for progress reports.

    Raises:
        ConfigError: The loss is no longer finite, or there is no teacher to distill from.
    """
    if options.epochs == 0:
        return
    if distill is not None and trainer.teacher is None:
        raise ConfigError("distill needs a teacher: a model with the same inputs and outputs")
    _tf.make_deterministic(trainer.seed)
    tf_keras = _tf.tf_keras()
    losses = [output_loss(task, distill) for task in trainer.tasks]
    model.compile(
        optimizer=_optimizer(options, options.epochs * steps_per_epoch(trainer, options)),
        loss=losses if len(losses) > 1 else losses[0],
    )
    # Nothing but early stopping looks at the validation loss.
    watched = options.early_stop_epochs is not None
    validation = _packed(trainer.validation, trainer, distill) if watched else None
    watchers = [*callbacks]
    if kernels:
        watchers.append(_projecting(tf_keras, kernels))
    watchers.append(_watching(tf_keras, trainer, options, label))
    watchers += _early_stopping(tf_keras, options, first_best_epoch)
    with _tf.quiet():
        model.fit(
            *_packed(trainer.train, trainer, distill),
            validation_data=validation,
            epochs=options.epochs,
            batch_size=options.batch_size,
            verbose=0,
            callbacks=watchers,
        )


def _early_stopping(tf_keras: Any, options: FineTune, first_best_epoch: int) -> list[Any]:
    if options.early_stop_epochs is None:
        return []
    return [
        tf_keras.callbacks.EarlyStopping(
            patience=options.early_stop_epochs,
            restore_best_weights=True,
            start_from_epoch=first_best_epoch,
        )
    ]


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
    return tf.nn.softmax_cross_entropy_with_logits(labels=truth, logits=logits)


def _teacher_loss(tf: Any, task: Task, distill: Distill, teacher: Any, output: Any) -> Any:
    if task.kind == "regression":
        return tf.reduce_mean(tf.square(teacher - output), axis=1)
    wanted, got = _logits(tf, task, teacher), _logits(tf, task, output)
    if distill.method == "logits":
        if task.kind == "classes":
            # Softmax does not see a common offset, so neither does the loss.
            wanted -= tf.reduce_mean(wanted, axis=1, keepdims=True)
            got -= tf.reduce_mean(got, axis=1, keepdims=True)
        return tf.reduce_mean(tf.square(wanted - got), axis=1)
    heat = distill.temperature
    if task.kind == "binary":
        soft = tf.nn.sigmoid_cross_entropy_with_logits(
            labels=tf.sigmoid(wanted / heat), logits=got / heat
        )
        return heat**2 * tf.reduce_mean(soft, axis=1)
    return heat**2 * tf.nn.softmax_cross_entropy_with_logits(
        labels=tf.nn.softmax(wanted / heat), logits=got / heat
    )


def _packed(
    data: Data, trainer: Trainer, distill: Distill | None
) -> tuple[list[Array] | Array, list[Array] | Array]:
    packed = [targets(t, labels) for t, labels in zip(trainer.tasks, data.labels, strict=True)]
    if distill is not None:
        outputs = predict(trainer.teacher, data.inputs)
        packed = [
            np.concatenate([target, output.reshape(len(output), -1)], axis=1)
            for target, output in zip(packed, outputs, strict=True)
        ]
    inputs = list(data.inputs)
    return (
        inputs if len(inputs) > 1 else inputs[0],
        packed if len(packed) > 1 else packed[0],
    )


def _optimizer(options: FineTune, steps: int) -> Any:
    optimizers = _tf.tf_keras().optimizers
    rate: Any = options.learning_rate
    if options.decay == "cosine":
        rate = optimizers.schedules.CosineDecay(options.learning_rate, steps)
    if options.optimizer == "sgd":
        return optimizers.SGD(rate, momentum=0.9)
    return optimizers.Adam(rate) if options.optimizer == "adam" else optimizers.RMSprop(rate)


def _projecting(tf_keras: Any, kernels: Mapping[str, tuple[Any, Projection]]) -> Any:
    class Projecting(tf_keras.callbacks.Callback):  # type: ignore[misc]
        """Put kernels back onto what was promised, after every step."""

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            for variable, project in kernels.values():
                variable.assign(project(variable.numpy()))

    return Projecting()


def _watching(tf_keras: Any, trainer: Trainer, options: FineTune, label: str) -> Any:
    class Watching(tf_keras.callbacks.Callback):  # type: ignore[misc]
        """Report progress, and end a training that diverged."""

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            trainer.progress(label, epoch + 1, options.epochs)
            loss = float((logs or {}).get("loss", 0.0))
            if not np.isfinite(loss):
                raise ConfigError(
                    f"{label}: the loss is {loss} after epoch {epoch + 1} of {options.epochs}",
                    hint=f"lower fine_tune.learning_rate (now {options.learning_rate:g})",
                )

    return Watching()
