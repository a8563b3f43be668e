"""Feature maps on data: what a layer puts out behind its own BatchNormalization and activation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import ENDS_A_FEATURE
from tinycompress.compression.network.network import Array, Call, Network
from tinycompress.compression.training.trainer import Trainer

_BATCH = 64

BatchScores = Callable[[Any, Data], list[Array]]
"""Of a model with the watched values behind its outputs, and a batch: for every watched value the
sum over samples of every channel's score."""


def drawn(trainer: Trainer, samples: int) -> Data:
    """At most so many of the training samples, by the trainer's seed."""
    generator = np.random.default_rng(trainer.seed)
    count = min(samples, len(trainer.train))
    return trainer.train.take(np.sort(generator.choice(len(trainer.train), count, replace=False)))


def mean_scores(
    network: Network, names: tuple[str, ...], data: Data, of_batch: BatchScores
) -> Scores:
    """Per channel, the mean over samples of scores of feature maps."""
    watched = {name: after_activation(network, name) for name in names}
    values = tuple(dict.fromkeys(watched.values()))
    probed = Network(
        network.name, network.inputs, network.layers, network.calls, (*network.outputs, *values)
    )
    model = build_model(probed, "tf_keras")
    totals: dict[int, Array] = {}
    for start in range(0, len(data), _BATCH):
        batch = data.take(np.arange(start, min(start + _BATCH, len(data))))
        for value, part in zip(values, of_batch(model, batch), strict=True):
            totals[value] = totals.get(value, 0.0) + part
    return {name: totals[value] / len(data) for name, value in watched.items()}


def after_activation(network: Network, name: str) -> int:
    """The value that a layer's output is after its own BatchNormalization and activation."""
    call: Call = network.calls_of(name)[0]
    while True:
        user = network.only_consumer(call.output)
        if user is None or network.layers[user.layer].kind not in ENDS_A_FEATURE:
            return call.output
        call = user


def results_of(model: Any, batch: Data) -> list[Any]:
    """All outputs of a model, as tensors."""
    inputs = list(batch.inputs) if len(batch.inputs) > 1 else batch.inputs[0]
    return list(model(inputs, training=False))


def by_position(array: Array) -> Array:
    """float64 ``[samples, positions, channels]``."""
    return array.reshape(len(array), -1, array.shape[-1]).astype(np.float64)
