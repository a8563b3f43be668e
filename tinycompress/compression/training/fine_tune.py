"""Fine-tuning: one way to train for all stages, repeatable, with a teacher or without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.checks.binary_weights import BinaryWeights
from tinycompress.compression.checks.promises import Projection
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import targets
from tinycompress.compression.network.build import build_model, weights_of
from tinycompress.compression.network.integers import SCALED_ALIKE
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.variables import KernelVariable
from tinycompress.compression.training.answers import Answers, packed
from tinycompress.compression.training.entropy import Coded, coded_kernels, with_entropy
from tinycompress.compression.training.losses import output_loss
from tinycompress.compression.training.options import Distill, FineTune
from tinycompress.compression.training.shifting import shifted_batches
from tinycompress.compression.training.teaching import Lesson
from tinycompress.compression.training.trainer import Trainer, steps_per_epoch
from tinycompress.errors import ConfigError

_NO_KERNELS = [r"(^|/)(bias|gamma|beta|alpha)(:\d+)?$"]
"""Patterns of names of variables that weight decay leaves alone."""


def train_network(
    network: Network,
    trainer: Trainer,
    options: FineTune,
    distill: Distill | None,
    projections: Mapping[str, Projection],
    *,
    label: str,
) -> Network:
    """Fine-tune a network while projections keep the kernels of some layers where they belong.

    Returns:
        The network with trained weights.
    """
    if options.epochs == 0:
        return network
    _tf.make_deterministic(trainer.seed)
    model = build_model(network, "tf_keras")
    kernels = projected(model, projections)
    coded = coded_kernels(network, lambda name: model.get_layer(name).weights[0])
    fine_tune(model, trainer, options, distill, kernels=kernels, coded=coded, label=label)
    return weights_of(model, network)


def projected(
    model: Any, projections: Mapping[str, Projection]
) -> dict[str, tuple[KernelVariable, Projection]]:
    """By layer, its kernel in a tf_keras model and what that is put back onto."""
    return {
        name: (KernelVariable(model.get_layer(name)), project)
        for name, project in projections.items()
    }


def fine_tune(
    model: Any,
    trainer: Trainer,
    options: FineTune,
    distill: Distill | None = None,
    *,
    kernels: Mapping[str, tuple[Any, Projection]] | None = None,
    coded: Sequence[Coded] = (),
    callbacks: Sequence[Any] = (),
    first_best_epoch: int = 0,
    label: str = "training",
) -> None:
    """Train a tf_keras model in place.

    Args:
        model: The model; wrapped layers are fine.
        trainer: Data, tasks, seed and teachers.
        options: How long and how.
        distill: How the teacher takes part; needs a teacher.
        kernels: By layer name, a variable and what it is put back onto after every step.
        coded: Kernels whose entropy counts where the options say so.
        callbacks: More tf_keras callbacks.
        first_best_epoch: Early stopping takes no weights from before this epoch.
        label: Name for progress reports.

    Raises:
        ConfigError: The loss is no longer finite, there is no teacher to distill from, or no
            weight that could be encoded shorter.
    """
    if options.epochs == 0:
        return
    if distill is not None and not trainer.teachers:
        raise ConfigError("distill needs a teacher: a model with the same inputs and outputs")
    _tf.make_deterministic(trainer.seed)
    tf_keras = _tf.tf_keras()
    if options.dropout is not None:
        _set_dropout(model, options.dropout)
    lesson = Lesson.of(model, trainer, distill, options.epochs)
    losses = _losses(trainer, options, distill, coded, lesson.outputs_share)
    model = lesson.model
    model.compile(
        optimizer=_optimizer(options, options.epochs * steps_per_epoch(trainer, options)),
        loss=losses if len(losses) > 1 else losses[0],
    )
    # Nothing but early stopping looks at the validation loss.
    watched = options.early_stop_epochs is not None
    answers = Answers(trainer) if distill is not None and distill.of_outputs else None
    validation = _packed(trainer.validation, trainer, answers) if watched else None
    watchers = [*callbacks, *lesson.callbacks]
    if kernels:
        watchers.append(_projecting(tf_keras, kernels))
    watchers.append(_watching(tf_keras, trainer, options, label))
    first_best_epoch = max(first_best_epoch, lesson.alone_epochs)
    watchers += _early_stopping(tf_keras, options, first_best_epoch)
    shift = 0 if distill is None else distill.shift
    with _tf.quiet():
        model.fit(
            *_samples(trainer, options, answers, shift),
            validation_data=validation,
            epochs=options.epochs,
            batch_size=None if shift else options.batch_size,
            verbose=0,
            callbacks=watchers,
        )


def _set_dropout(model: Any, rate: float) -> None:
    """Let every Dropout layer, wrapped, nested or not, drop such a share of its inputs."""
    for layer in model.submodules:
        if isinstance(layer, _tf.tf_keras().layers.Dropout):
            layer.rate = rate


def _losses(
    trainer: Trainer,
    options: FineTune,
    distill: Distill | None,
    coded: Sequence[Coded],
    share: Any,
) -> list[Any]:
    """By output; what does not depend on outputs is part of the first."""
    if options.label_smoothing and all(task.kind == "regression" for task in trainer.tasks):
        raise ConfigError(
            "label_smoothing: no output of the model tells classes", hint="leave it out"
        )
    losses = [output_loss(task, distill, share, options.label_smoothing) for task in trainer.tasks]
    if options.entropy_weight:
        if not coded:
            raise ConfigError(
                "entropy_weight: the model has no layer whose weights firmware encodes",
                hint=f"these are {', '.join(SCALED_ALIKE)}; leave entropy_weight out",
            )
        losses[0] = with_entropy(losses[0], coded, options.entropy_weight)
    return losses


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


def _packed(data: Data, trainer: Trainer, answers: Answers | None) -> tuple[Any, Any]:
    labels = [targets(t, one) for t, one in zip(trainer.tasks, data.labels, strict=True)]
    return packed(data, answers, labels)


def _samples(
    trainer: Trainer, options: FineTune, answers: Answers | None, shift: int
) -> tuple[Any, ...]:
    """What ``fit`` trains on: arrays, or batches that differ from epoch to epoch."""
    if not shift:
        return _packed(trainer.train, trainer, answers)
    labels = [targets(t, one) for t, one in zip(trainer.tasks, trainer.train.labels, strict=True)]
    data = Data(trainer.train.inputs, tuple(labels))

    def pack(batch: Data) -> tuple[Any, Any]:
        return packed(batch, answers, batch.labels)

    return (shifted_batches(data, pack, options.batch_size, shift, trainer.seed),)


def _optimizer(options: FineTune, steps: int) -> Any:
    optimizers = _tf.tf_keras().optimizers
    rate: Any = options.learning_rate
    if options.decay == "cosine":
        rate = optimizers.schedules.CosineDecay(options.learning_rate, steps)
    decay = options.weight_decay or None
    if options.optimizer == "sgd":
        made = optimizers.SGD(rate, momentum=0.9, weight_decay=decay)
    elif options.optimizer == "adam":
        made = optimizers.Adam(rate, weight_decay=decay)
    else:
        made = optimizers.RMSprop(rate, weight_decay=decay)
    if decay is not None:
        made.exclude_from_weight_decay(var_names=_NO_KERNELS)
    return made


def _projecting(tf_keras: Any, kernels: Mapping[str, tuple[Any, Projection]]) -> Any:
    class Projecting(tf_keras.callbacks.Callback):  # type: ignore[misc]
        """Put kernels back onto what was promised, after every step.

        Signs that are drawn settle before each validation, so that what early stopping judges and
        keeps is what is exported, and when the training ends.
        """

        settled = False

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            for variable, project in kernels.values():
                variable.assign(project(variable.numpy()))
            self.settled = False

        def on_test_begin(self, logs: Any = None) -> None:
            self._settle()

        def on_train_end(self, logs: Any = None) -> None:
            # Weights of an earlier epoch, which early stopping took, are settled, and stay.
            if not self.settled:
                self._settle()

        def _settle(self) -> None:
            for variable, project in kernels.values():
                if isinstance(project, BinaryWeights):
                    variable.assign(project.settled())
            self.settled = True

    return Projecting()


def _watching(tf_keras: Any, trainer: Trainer, options: FineTune, label: str) -> Any:
    class Watching(tf_keras.callbacks.Callback):  # type: ignore[misc]
        """Report progress, and end a training that diverged."""

        def on_train_begin(self, logs: Any = None) -> None:
            trainer.progress(label, 0, options.epochs)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            trainer.progress(label, epoch + 1, options.epochs)
            loss = float((logs or {}).get("loss", 0.0))
            if not np.isfinite(loss):
                raise ConfigError(
                    f"{label}: the loss is {loss} after epoch {epoch + 1} of {options.epochs}",
                    hint=f"lower fine_tune.learning_rate (now {options.learning_rate:g})",
                )

    return Watching()
