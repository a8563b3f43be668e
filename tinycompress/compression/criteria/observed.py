"""Channels by what they put out on data, and by what the loss would miss of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.criteria.feature_maps import (
    by_position,
    drawn,
    mean_scores,
    results_of,
)
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import targets
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.losses import output_loss
from tinycompress.compression.training.trainer import Trainer


def apoz(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Share of the values that are above zero."""
    return _of_values(network, names, trainer, samples, lambda array: array > 0)


def mean_activation(
    network: Network, names: tuple[str, ...], trainer: Trainer, samples: int
) -> Scores:
    """Mean magnitude of the values."""
    return _of_values(network, names, trainer, samples, np.abs)


def _of_values(
    network: Network,
    names: tuple[str, ...],
    trainer: Trainer,
    samples: int,
    score: Callable[[Array], Array],
) -> Scores:
    def of_batch(model: Any, batch: Data) -> list[Array]:
        values = results_of(model, batch)[len(network.outputs) :]
        arrays = [by_position(value.numpy()) for value in values]
        return [score(array).mean(axis=1).sum(axis=0) for array in arrays]

    return mean_scores(network, names, drawn(trainer, samples), of_batch)


def taylor(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """Magnitude of activation times gradient of the loss, its mean over the positions."""

    def of_batch(model: Any, batch: Data) -> list[Array]:
        return _taylor(model, batch, trainer)

    return mean_scores(network, names, drawn(trainer, samples), of_batch)


def _taylor(model: Any, batch: Data, trainer: Trainer) -> list[Array]:
    tf = _tf.tensorflow()
    with tf.GradientTape(persistent=False) as tape:
        results = results_of(model, batch)
        outputs, values = results[: len(trainer.tasks)], results[len(trainer.tasks) :]
        loss = tf.add_n(
            [
                tf.reduce_sum(output_loss(task, None)(targets(task, labels), output))
                for task, labels, output in zip(trainer.tasks, batch.labels, outputs, strict=True)
            ]
        )
        for value in values:
            tape.watch(value)
    gradients = tape.gradient(loss, values)
    products = [
        by_position(value.numpy() * gradient.numpy()).mean(axis=1)
        for value, gradient in zip(values, gradients, strict=True)
    ]
    return [np.abs(product).sum(axis=0) for product in products]
