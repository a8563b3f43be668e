"""A generator of samples that models take for the ones they know: no data are needed for it.

Chen et al., Data-Free Learning of Student Networks, 2019: a model should be sure of a sample's
class, and all classes should come alike. Yin et al., Dreaming to Distill, 2020: what goes into a
BatchNormalization should have the mean and variance that it has kept of the data. Li et al., Data
Free Quantization-aware Fine-tuning (DFQF), 2020: samples are worth most on which the model and its
rounded copy disagree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.network import Array
from tinycompress.compression.synthetic.base import Known, Making
from tinycompress.compression.synthetic.norms import Probe, as_list
from tinycompress.compression.synthetic.scale import Scale, fitted_scales

_NOISE = 64
_CHANNELS = 32
_RATE = 2e-3
_SMALLEST = 1e-6
_BATCH = 256
_UPSCALED = 4
_CONVOLVED = {1: "Conv1D", 2: "Conv2D"}
"""By axes of positions."""
_DISAGREEING = 0.1
"""What a nat between a model and its rival takes off the loss: samples must stay likely first."""


def generated(
    known: Sequence[Known], making: Making, rivals: Sequence[Known] = ()
) -> tuple[Array, ...]:
    """Train a generator against models, and draw samples from it.

    Args:
        known: The models.
        making: How long it learns, and how many samples are drawn.
        rivals: Of each model a copy that samples should tell from it; empty asks for none.

    Returns:
        float32, one array per input, batch first.
    """
    _tf.make_deterministic(making.seed)
    tf = _tf.tensorflow()
    shapes = [tuple(size or 1 for size in one.shape) for one in known[0].network.inputs]
    probes = [Probe.of(one) for one in known]
    others: list[Probe | None] = [None] * len(probes)
    if rivals:
        others = [Probe.of(one) for one in rivals]
    generator = _generator(shapes, fitted_scales(probes, shapes, making.seed))
    optimizer = _tf.tf_keras().optimizers.Adam(_RATE)
    noise = tf.random.Generator.from_seed(making.seed)

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        with tf.GradientTape() as tape:
            made = as_list(generator(noise.normal((making.batch, _NOISE)), training=True))
            pairs = zip(probes, others, strict=True)
            loss = tf.add_n([_loss(tf, probe, other, made) for probe, other in pairs])
        gradients = tape.gradient(loss, generator.trainable_variables)
        optimizer.apply_gradients(zip(gradients, generator.trainable_variables, strict=True))

    for number in range(making.steps):
        making.progress("train a generator of samples", number, making.steps)
        step()
    making.progress("train a generator of samples", making.steps, making.steps)
    parts = _drawn(generator, noise, making.samples)
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))


def _drawn(generator: Any, noise: Any, samples: int) -> Iterator[list[Array]]:
    for start in range(0, samples, _BATCH):
        # As in training: batches have their own mean and variance.
        made = generator(noise.normal((min(_BATCH, samples - start), _NOISE)), training=True)
        yield [one.numpy() for one in as_list(made)]


def _generator(shapes: Sequence[tuple[int, ...]], scales: Sequence[Scale]) -> Any:
    """From noise to a sample of each shape."""
    tf_keras = _tf.tf_keras()
    noise = tf_keras.layers.Input((_NOISE,))
    samples = [_sample(noise, *one) for one in zip(shapes, scales, strict=True)]
    return tf_keras.Model(noise, samples if len(samples) > 1 else samples[0])


def _sample(noise: Any, shape: tuple[int, ...], scale: Scale) -> Any:
    layers = _tf.tf_keras().layers
    scaled = layers.Rescaling(scale.scale, scale.offset)
    *positions, channels = shape
    convolution = _CONVOLVED.get(len(positions))
    if convolution is None:
        x = layers.BatchNormalization()(layers.Dense(4 * _CHANNELS, activation="relu")(noise))
        x = layers.Reshape(shape)(layers.Dense(prod(shape))(x))
        return scaled(layers.BatchNormalization()(x))
    kind = getattr(layers, convolution)
    small = [-(-size // _UPSCALED) for size in positions]
    x = layers.Reshape((*small, _CHANNELS))(layers.Dense(prod(small) * _CHANNELS)(noise))
    for width in (_CHANNELS, _CHANNELS // 2):
        for axis in range(1, len(positions) + 1):
            x = layers.Lambda(_doubled, arguments={"axis": axis})(x)
        x = layers.Activation("relu")(
            layers.BatchNormalization()(kind(width, 3, padding="same")(x))
        )
    x = layers.Lambda(_cut, arguments={"sizes": positions})(x)
    return scaled(layers.BatchNormalization()(kind(channels, 3, padding="same")(x)))


def _doubled(tensor: Any, axis: int) -> Any:
    return _tf.tensorflow().repeat(tensor, 2, axis=axis)


def _cut(tensor: Any, sizes: Sequence[int]) -> Any:
    window = (slice(None), *(slice(0, size) for size in sizes), slice(None))
    return tensor[window]


def _loss(tf: Any, probe: Probe, rival: Probe | None, samples: Sequence[Any]) -> Any:
    """How little samples look like those that a model knows, less what they tell of its rival."""
    outputs, strange = probe.run(samples)
    told = [
        (task, number) for number, task in enumerate(probe.known.tasks) if task.kind != "regression"
    ]
    losses = [strange, *(_indecision(tf, task, outputs[number]) for task, number in told)]
    if rival is not None:
        said = rival.run(samples)[0]
        losses += [
            -_DISAGREEING * _divergence(tf, task, outputs[number], said[number])
            for task, number in told
        ]
    return tf.add_n(losses)


def _chances(tf: Any, task: Task, output: Any) -> Any:
    """Probabilities ``[samples and positions, classes]``, of binary labels ``[..., 2]``."""
    values = tf.reshape(output, (-1, task.classes))
    if task.kind == "binary":
        yes = tf.sigmoid(values) if task.from_logits else values
        return tf.stack([yes, 1.0 - yes], axis=-1)
    return tf.nn.softmax(values) if task.from_logits else values


def _indecision(tf: Any, task: Task, output: Any) -> Any:
    """Cross-entropy to the likeliest class, less the entropy of all classes together."""
    chances = _chances(tf, task, output)
    sure = -tf.reduce_mean(tf.math.log(tf.reduce_max(chances, axis=-1) + _SMALLEST))
    together = tf.reduce_mean(chances, axis=0)
    return sure + tf.reduce_mean(
        tf.reduce_sum(together * tf.math.log(together + _SMALLEST), axis=-1)
    )


def _divergence(tf: Any, task: Task, output: Any, other: Any) -> Any:
    """KL divergence of what another model says from what a model says, in nats."""
    chances, others = (_chances(tf, task, one) for one in (output, other))
    logs = tf.math.log(chances + _SMALLEST) - tf.math.log(others + _SMALLEST)
    return tf.reduce_mean(tf.reduce_sum(chances * logs, axis=-1))
