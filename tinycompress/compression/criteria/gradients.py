"""Weights by the gradient of the loss: connection sensitivity, and movement in training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.criteria.feature_maps import drawn
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import targets
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.variables import kernel_parts
from tinycompress.compression.training.losses import output_loss
from tinycompress.compression.training.trainer import Trainer

_BATCH = 32
_MOVEMENT_RATE = 1e-3


def snip(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """|w x gradient| of the loss on samples: what the loss would feel of the connection's end.

    SNIP (Lee et al. 2019) takes it before any training, where a magnitude says nothing; its sum
    over all layers is 1, so that they can be ranked together.
    """
    model = build_model(network, "tf_keras")
    parts = _parts(model, names)
    kernels = [part for one in parts.values() for part in one]
    data = drawn(trainer, samples)
    sums = [np.zeros(tuple(kernel.shape)) for kernel in kernels]
    for start in range(0, len(data), _BATCH):
        batch = data.take(np.arange(start, min(start + _BATCH, len(data))))
        found = _gradients(model, kernels, batch, trainer, training=False)
        sums = [total + gradient for total, gradient in zip(sums, found, strict=True)]
    felt = [np.abs(kernel.numpy() * total) for kernel, total in zip(kernels, sums, strict=True)]
    whole = max(float(sum(one.sum() for one in felt)), np.finfo(np.float64).tiny)
    return _joined(parts, [one / whole for one in felt])


def movement(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """-w x gradient, summed over the steps of a training: whether weights move away from zero.

    Movement pruning (Sanh et al. 2020) as a score: a copy of the network is trained once over the
    samples with Adam, and what it learns is thrown away. A weight that shrinks scores below zero,
    however large it is: what a network brings along from an earlier task goes first.
    """
    _tf.make_deterministic(trainer.seed)
    model = build_model(network, "tf_keras")
    parts = _parts(model, names)
    kernels = [part for one in parts.values() for part in one]
    optimizer = _tf.tf_keras().optimizers.Adam(_MOVEMENT_RATE)
    others = [v for v in model.trainable_weights if all(v is not kernel for kernel in kernels)]
    data = drawn(trainer, samples)
    order = np.random.default_rng(trainer.seed).permutation(len(data))
    sums = [np.zeros(tuple(kernel.shape)) for kernel in kernels]
    for start in range(0, len(data), _BATCH):
        batch = data.take(order[start : start + _BATCH])
        found = _gradients(model, [*kernels, *others], batch, trainer, training=True)
        for total, kernel, gradient in zip(sums, kernels, found, strict=False):
            total -= kernel.numpy() * gradient
        optimizer.apply_gradients(zip(found, [*kernels, *others], strict=True))
    return _joined(parts, sums)


def _parts(model: Any, names: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    """By layer, the variables of its kernel."""
    return {name: kernel_parts(model.get_layer(name)) for name in names}


def _joined(parts: Mapping[str, tuple[Any, ...]], arrays: Iterable[Array]) -> Scores:
    """By layer, the arrays of its kernel's variables as those of one kernel."""
    left = iter(arrays)
    return {name: np.concatenate([next(left) for _ in own]) for name, own in parts.items()}


def _gradients(
    model: Any, variables: list[Any], batch: Data, trainer: Trainer, *, training: bool
) -> list[Any]:
    """Of the mean loss of a batch, as arrays; zeros for what it does not depend on."""
    tf = _tf.tensorflow()
    inputs = list(batch.inputs) if len(batch.inputs) > 1 else batch.inputs[0]
    with tf.GradientTape() as tape:
        tape.watch(variables)
        results = model(inputs, training=training)
        outputs = results if isinstance(results, (list, tuple)) else [results]
        loss = tf.add_n(
            [
                tf.reduce_mean(output_loss(task, None)(targets(task, labels), output))
                for task, labels, output in zip(trainer.tasks, batch.labels, outputs, strict=True)
            ]
        )
    found = tape.gradient(loss, variables, unconnected_gradients="zero")
    return [gradient.numpy() for gradient in found]
