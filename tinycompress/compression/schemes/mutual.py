"""Networks that learn from each other: Zhang et al., Deep Mutual Learning, 2018."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.build import build_model, weights_of
from tinycompress.compression.network.network import Network
from tinycompress.compression.schemes.base import Learnt, Lesson, percent
from tinycompress.compression.schemes.fresh import fresh
from tinycompress.compression.training.entropy import coded_kernels
from tinycompress.compression.training.fine_tune import fine_tune, projected
from tinycompress.compression.training.losses import teacher_loss
from tinycompress.compression.training.options import Distill


def mutual(network: Network, lesson: Lesson) -> Learnt:
    """Train the network beside peers of the same layers and fresh weights, all at once.

    Each has the loss of the labels, and of the mean of what the others put out: their weights are
    those of ``distill``. Nobody else teaches. Promises hold for the network alone: peers are left
    behind.
    """
    trainer, distill = lesson.trainer, lesson.distill
    assert distill is not None
    if lesson.fine_tune.epochs == 0:
        return Learnt(network)
    count = lesson.options.peers
    networks = [network, *(fresh(network, trainer.seed + n) for n in range(1, count))]
    # One name for each: Keras wants them to differ.
    models = [
        build_model(replace(one, name=f"peer_{number}"), "tf_keras")
        for number, one in enumerate(networks)
    ]
    together = _together(models, trainer.tasks, distill)

    def of_all(data: Data) -> Data:
        return Data(data.inputs, data.labels * count)

    own = models[0]
    fine_tune(
        together,
        replace(
            trainer, tasks=trainer.tasks * count, teachers=(),
            train=of_all(trainer.train), validation=of_all(trainer.validation),
        ),
        lesson.fine_tune,
        kernels=projected(own, lesson.kept),
        coded=coded_kernels(network, lambda name: own.get_layer(name).weights[0]),
        label="mutual learning",
    )  # fmt: skip
    scores = ", ".join(percent(trainer.accuracy(model)) for model in models)
    return Learnt(weights_of(own, network), (f"peers: {scores}; the first one is kept",))


def refusal(lesson: Lesson) -> str:
    """What peers cannot do for each other."""
    distill = lesson.distill
    if distill is None:
        return ""
    if distill.features is not None or distill.shift:
        return "peers compare their outputs alone; take distill.method 'soft' or 'logits'"
    if distill.weight == 1:
        return "peers that no label teaches agree on anything; lower distill.weight below 1"
    return ""


def _together(models: Sequence[Any], tasks: Sequence[Task], distill: Distill) -> Any:
    """One model of all: its outputs are those of the first, then those of the others."""
    tf_keras = _tf.tf_keras()
    inputs = [tf_keras.layers.Input(tensor.shape[1:]) for tensor in models[0].inputs]
    outputs = []
    for model in models:
        given = model(inputs if len(inputs) > 1 else inputs[0])
        outputs += list(given) if isinstance(given, (list, tuple)) else [given]
    # The loss of the labels counts once, so what the others say counts in proportion to it.
    share = distill.weight / (1.0 - distill.weight)
    return tf_keras.Model(inputs, _learning(tasks, len(models), share, distill)(outputs))


def _learning(tasks: Sequence[Task], count: int, share: float, distill: Distill) -> Any:
    class Learning(_tf.tf_keras().layers.Layer):  # type: ignore[misc]
        """Outputs of all as they are; adds the loss of each against the mean of the others."""

        def call(self, outputs: list[Any]) -> list[Any]:
            tf = _tf.tensorflow()
            flat = [
                tf.reshape(output, (-1, tasks[index % len(tasks)].width))
                for index, output in enumerate(outputs)
            ]
            losses = []
            for index, task in enumerate(tasks):
                said = flat[index :: len(tasks)]
                for own in range(count):
                    others = [tf.stop_gradient(one) for n, one in enumerate(said) if n != own]
                    mean = agreed(tf, task, others)
                    losses.append(tf.reduce_mean(teacher_loss(task, distill, mean, said[own])))
            self.add_loss(share * tf.add_n(losses))
            return [tf.identity(output) for output in outputs]

    return Learning(name="peers")


def agreed(tf: Any, task: Task, outputs: Sequence[Any]) -> Any:
    """The mean of outputs ``[samples, width]``, in the form in which they are.

    Probabilities are averaged, as for teachers (`training.answers`), and logits as they are: their
    geometric mean.
    """
    return tf.add_n(list(outputs)) / len(outputs)
