"""A student together with its teachers, so that the training compares their features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tinycompress import _tf
from tinycompress.compression.distillation.base import FeatureLoss
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.read import read_network
from tinycompress.compression.training.options import Distill
from tinycompress.compression.training.pairing import Pairs, pairs_of
from tinycompress.compression.training.trainer import Trainer


@dataclass(frozen=True)
class Lesson:
    """What is trained.

    Attributes:
        model: The student, with the comparison of features in it.
        outputs_share: What the loss of outputs is multiplied by, a number or a scalar variable.
        callbacks: Change what is learnt from epoch to epoch.
        alone_epochs: How many epochs at the start learn features alone.
    """

    model: Any
    outputs_share: Any = 1.0
    callbacks: tuple[Any, ...] = ()
    alone_epochs: int = 0

    @staticmethod
    def of(student: Any, trainer: Trainer, distill: Distill | None, epochs: int) -> Lesson:
        """The student itself, or with teachers whose features it is to learn.

        Args:
            student: Functional tf_keras model; its layers may be wrapped. What trains it trains
                these layers.
            trainer: Has the teachers.
            distill: How they take part.
            epochs: Of the training.

        Raises:
            ConfigError: Layers cannot be paired.
        """
        if distill is None or distill.features is None:
            return Lesson(student)
        tf = _tf.tensorflow()
        alone = distill.alone_for(epochs)
        features = tf.Variable(distill.weight, trainable=False, dtype=tf.float32)
        outputs = tf.Variable(0.0 if alone else 1.0, trainable=False, dtype=tf.float32)
        model = _with_teachers(student, trainer, distill, features)
        if not alone:
            return Lesson(model, outputs)
        return Lesson(model, outputs, (_turning(alone, features, outputs),), alone)


def teachers_of(trainer: Trainer) -> list[Any]:
    """Copies of the teachers in tf_keras, which a training cannot change."""
    copies = [build_model(lower(read_network(one)), "tf_keras") for one in trainer.teachers]
    for copy in copies:
        copy.trainable = False
    return copies


def _with_teachers(student: Any, trainer: Trainer, distill: Distill, share: Any) -> Any:
    tf_keras = _tf.tf_keras()
    method = distill.features
    assert method is not None
    teachers = teachers_of(trainer)
    first, *others = student.outputs
    paired = [
        (teacher, pairs)
        for teacher, pairs in zip(teachers, pairs_of(teachers, student, distill), strict=True)
        if pairs
    ]
    for number, (teacher, pairs) in enumerate(paired):
        probe = tf_keras.Model(teacher.inputs, [one.tensor for one, _ in pairs])
        scale = share / float(len(paired))
        comparing = _comparing(probe, method, pairs, scale, f"comparing_{number}")
        first = comparing([first, *student.inputs, *(own.tensor for _, own in pairs)])
    return tf_keras.Model(student.inputs, [first, *others])


def _comparing(probe: Any, method: FeatureLoss, pairs: Pairs, share: Any, name: str) -> Any:
    """A layer that hands an output on and adds a loss of features."""
    tf_keras = _tf.tf_keras()
    inputs = len(probe.inputs)

    class Comparing(_tf.tf_keras().layers.Layer):  # type: ignore[misc]
        """Of an output, the inputs and the student's features: the output."""

        def __init__(self) -> None:
            super().__init__(name=name)
            self.probe = probe
            self.regressors = [
                tf_keras.layers.Dense(wanted.shape[-1]) if method.regressor else None
                for wanted, _ in pairs
            ]

        def call(self, tensors: list[Any]) -> Any:
            tf = _tf.tensorflow()
            output, given, own = tensors[0], tensors[1 : 1 + inputs], tensors[1 + inputs :]
            seen = self.probe(given if inputs > 1 else given[0], training=False)
            seen = seen if isinstance(seen, (list, tuple)) else [seen]
            wanted, got = [], []
            for pair, one, other, regressor in zip(pairs, seen, own, self.regressors, strict=True):
                wanted.append(tf.stop_gradient(tf.reshape(one, (-1, *pair[0].shape))))
                other = tf.reshape(other, (-1, *pair[1].shape))
                got.append(other if regressor is None else regressor(other))
            self.add_loss(share * method.loss(wanted, got))
            return tf.identity(output)

    return Comparing()


def _turning(alone: int, features: Any, outputs: Any) -> Any:
    class Turning(_tf.tf_keras().callbacks.Callback):  # type: ignore[misc]
        """Features alone first, then outputs alone."""

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            if epoch == alone:
                features.assign(0.0)
                outputs.assign(1.0)

    return Turning()
