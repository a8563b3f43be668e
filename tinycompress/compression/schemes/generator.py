"""A generator of samples that teachers take for the ones they know: no data are needed for it.

Chen et al., Data-Free Learning of Student Networks, 2019: a teacher should be sure of a sample's
class, and all classes should come alike. Yin et al., Dreaming to Distill, 2020: what goes into a
BatchNormalization should have the mean and variance that it has kept of the data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.data.tasks import Task
from tinycompress.compression.network.network import Array, Network

_NOISE = 64
_CHANNELS = 32
_RATE = 2e-3
_SMALLEST = 1e-6
_BATCH = 256
_UPSCALED = 4
_CONVOLVED = {1: "Conv1D", 2: "Conv2D"}
"""By axes of positions."""


def generated(
    network: Network,
    teachers: Sequence[tuple[Any, tuple[Task, ...]]],
    *,
    steps: int,
    batch: int,
    samples: int,
    seed: int,
) -> tuple[Array, ...]:
    """Train a generator against teachers, and draw samples from it.

    Args:
        network: Its inputs have the shapes of a sample.
        teachers: tf_keras models that do not train, and what their outputs tell.
        steps: Of the generator's training.
        batch: Samples of a step.
        samples: How many are drawn.
        seed: Of the generator and of the samples.

    Returns:
        float32, one array per input, batch first.
    """
    _tf.make_deterministic(seed)
    tf = _tf.tensorflow()
    generator = _generator([source.shape for source in network.inputs])
    probes = [(_probe(model), model, tasks) for model, tasks in teachers]
    optimizer = _tf.tf_keras().optimizers.Adam(_RATE)
    noise = tf.random.Generator.from_seed(seed)

    @tf.function  # type: ignore[untyped-decorator]
    def step() -> None:
        with tf.GradientTape() as tape:
            made = generator(noise.normal((batch, _NOISE)), training=True)
            loss = tf.add_n([_doubt(tf, probe, one, tasks, made) for probe, one, tasks in probes])
        gradients = tape.gradient(loss, generator.trainable_variables)
        optimizer.apply_gradients(zip(gradients, generator.trainable_variables, strict=True))

    for _ in range(steps):
        step()
    parts = _drawn(generator, noise, samples)
    return tuple(np.concatenate(one) for one in zip(*parts, strict=True))


def _drawn(generator: Any, noise: Any, samples: int) -> Iterator[list[Array]]:
    for start in range(0, samples, _BATCH):
        # As in training: batches have their own mean and variance.
        made = generator(noise.normal((min(_BATCH, samples - start), _NOISE)), training=True)
        yield [one.numpy() for one in _listed(made)]


def _listed(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _generator(shapes: Sequence[tuple[int | None, ...]]) -> Any:
    """From noise to a sample; unknown sizes are one position."""
    tf_keras = _tf.tf_keras()
    noise = tf_keras.layers.Input((_NOISE,))
    samples = [_sample(noise, tuple(size or 1 for size in shape)) for shape in shapes]
    return tf_keras.Model(noise, samples if len(samples) > 1 else samples[0])


def _sample(noise: Any, shape: tuple[int, ...]) -> Any:
    layers = _tf.tf_keras().layers
    *positions, channels = shape
    convolution = _CONVOLVED.get(len(positions))
    if convolution is None:
        x = layers.BatchNormalization()(layers.Dense(4 * _CHANNELS, activation="relu")(noise))
        x = layers.Reshape(shape)(layers.Dense(prod(shape))(x))
        return layers.BatchNormalization()(x)
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
    return layers.BatchNormalization()(kind(channels, 3, padding="same")(x))


def _doubled(tensor: Any, axis: int) -> Any:
    return _tf.tensorflow().repeat(tensor, 2, axis=axis)


def _cut(tensor: Any, sizes: Sequence[int]) -> Any:
    window = (slice(None), *(slice(0, size) for size in sizes), slice(None))
    return tensor[window]


def _norms(model: Any) -> list[Any]:
    kind = _tf.tf_keras().layers.BatchNormalization
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _probe(model: Any) -> Any:
    """The outputs of a teacher, and behind them what goes into each BatchNormalization."""
    watched = [layer.get_input_at(0) for layer in _norms(model)]
    return _tf.tf_keras().Model(model.inputs, [*model.outputs, *watched])


def has_norms(network: Network) -> bool:
    """Whether a network has kept a mean and a variance of its data."""
    return any(layer.kind == "BatchNormalization" for layer in network.layers.values())


def _doubt(tf: Any, probe: Any, model: Any, tasks: Sequence[Task], made: Any) -> Any:
    """How little samples look to a teacher like those that it knows: a scalar."""
    seen = _listed(probe(made, training=False))
    outputs, watched = seen[: len(tasks)], seen[len(tasks) :]
    losses = [
        _indecision(tf, task, output)
        for task, output in zip(tasks, outputs, strict=True)
        if task.kind != "regression"
    ]
    norms = [
        _strangeness(tf, layer, value) for layer, value in zip(_norms(model), watched, strict=True)
    ]
    if norms:
        losses.append(tf.add_n(norms) / len(norms))
    return tf.add_n(losses)


def _indecision(tf: Any, task: Task, output: Any) -> Any:
    """Cross-entropy to the likeliest class, less the entropy of all classes together."""
    values = tf.reshape(output, (-1, task.classes))
    if task.kind == "binary":
        yes = tf.sigmoid(values) if task.from_logits else values
        chances = tf.stack([yes, 1.0 - yes], axis=-1)
    else:
        chances = tf.nn.softmax(values) if task.from_logits else values
    sure = -tf.reduce_mean(tf.math.log(tf.reduce_max(chances, axis=-1) + _SMALLEST))
    together = tf.reduce_mean(chances, axis=0)
    return sure + tf.reduce_mean(
        tf.reduce_sum(together * tf.math.log(together + _SMALLEST), axis=-1)
    )


def _strangeness(tf: Any, layer: Any, value: Any) -> Any:
    """How far mean and variance of a batch are from those that a BatchNormalization has kept."""
    mean, variance = tf.nn.moments(value, axes=list(range(len(value.shape) - 1)))
    kept = layer.moving_variance + layer.epsilon
    off = tf.square(mean - layer.moving_mean) / kept
    return tf.reduce_mean(off + tf.square(tf.sqrt((variance + layer.epsilon) / kept) - 1.0))
