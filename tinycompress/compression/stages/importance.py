"""How much each output channel of a layer matters, by the measures of the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import targets
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import channel_rows
from tinycompress.compression.network.network import Array, Call, Layer, Network
from tinycompress.compression.training.losses import output_loss
from tinycompress.compression.training.trainer import Trainer

_FOLLOWED = frozenset({"BatchNormalization", "ReLU", "Activation", "LeakyReLU", "PReLU", "ELU"})
_BATCH = 64

Importance = Literal["l1", "l2", "bn_gamma", "fpgm", "apoz", "mean_activation", "taylor"]

Scores = dict[str, Array]
"""By layer name: float64, one per output channel; larger matters more."""


def channel_scores(
    network: Network,
    names: tuple[str, ...],
    trainer: Trainer,
    *,
    measure: Importance,
    samples: int,
) -> Scores:
    """Score the output channels of layers; layers that the measure does not know are left out.

    Sources: L1 and L2 norm of filters (Li et al. 2017), |gamma| of the BatchNormalization behind
    (Liu et al. 2017, network slimming), distance to the other filters (He et al. 2019, FPGM),
    average percentage of zeros (Hu et al. 2016, APoZ), mean activation and first-order Taylor
    expansion (Molchanov et al. 2017).

    Args:
        network: The network.
        names: Layers to score.
        trainer: Data for the measures that need some.
        measure: Which one.
        samples: How much of the data those take.
    """
    if measure in _BY_WEIGHTS:
        return {name: _by_weights(network.layers[name], measure) for name in names}
    if measure == "bn_gamma":
        gammas = {name: _gamma(network, name) for name in names}
        return {name: gamma for name, gamma in gammas.items() if gamma is not None}
    generator = np.random.default_rng(trainer.seed)
    count = min(samples, len(trainer.train))
    chosen = np.sort(generator.choice(len(trainer.train), count, replace=False))
    return _by_data(network, names, measure, trainer, trainer.train.take(chosen))


_BY_WEIGHTS: dict[str, Callable[[Array], Array]] = {
    "l1": lambda rows: np.abs(rows).sum(axis=1),
    "l2": lambda rows: np.sqrt((rows**2).sum(axis=1)),
    "fpgm": lambda rows: np.stack([np.sqrt(((rows - row) ** 2).sum(axis=1)).sum() for row in rows]),
}


def _by_weights(layer: Layer, measure: str) -> Array:
    return _BY_WEIGHTS[measure](channel_rows(layer.weights[0], layer.kind).astype(np.float64))


def _gamma(network: Network, name: str) -> Array | None:
    (call,) = network.calls_of(name)[:1]
    user = network.only_consumer(call.output)
    if user is None:
        return None
    layer = network.layers[user.layer]
    if layer.kind != "BatchNormalization" or not layer.config.get("scale", True):
        return None
    return np.abs(layer.weights[0].astype(np.float64))


def _after_activation(network: Network, name: str) -> int:
    """The value that a layer's output is after its own BatchNormalization and activation."""
    call: Call = network.calls_of(name)[0]
    while True:
        user = network.only_consumer(call.output)
        if user is None or network.layers[user.layer].kind not in _FOLLOWED:
            return call.output
        call = user


def _by_data(
    network: Network, names: tuple[str, ...], measure: str, trainer: Trainer, data: Data
) -> Scores:
    watched = {name: _after_activation(network, name) for name in names}
    values = tuple(dict.fromkeys(watched.values()))
    probed = Network(
        network.name, network.inputs, network.layers, network.calls, (*network.outputs, *values)
    )
    model = build_model(probed, "tf_keras")
    totals: dict[int, Array] = {}
    for start in range(0, len(data), _BATCH):
        batch = data.take(np.arange(start, min(start + _BATCH, len(data))))
        for value, part in zip(values, _batch_scores(model, batch, measure, trainer), strict=True):
            totals[value] = totals.get(value, 0.0) + part
    return {name: totals[value] / len(data) for name, value in watched.items()}


def _batch_scores(model: object, batch: Data, measure: str, trainer: Trainer) -> list[Array]:
    """Per watched value, the sum over samples of every channel's score."""
    tf = _tf.tensorflow()
    inputs = list(batch.inputs) if len(batch.inputs) > 1 else batch.inputs[0]
    with tf.GradientTape(persistent=False) as tape:
        results = list(model(inputs, training=False))  # type: ignore[operator]
        outputs, values = results[: len(trainer.tasks)], results[len(trainer.tasks) :]
        loss = tf.add_n(
            [
                tf.reduce_sum(output_loss(task, None)(targets(task, labels), output))
                for task, labels, output in zip(trainer.tasks, batch.labels, outputs, strict=True)
            ]
        )
        if measure == "taylor":
            for value in values:
                tape.watch(value)
    if measure == "taylor":
        gradients = tape.gradient(loss, values)
        products = [
            _spatial(value.numpy() * gradient.numpy()).mean(axis=1)
            for value, gradient in zip(values, gradients, strict=True)
        ]
        return [np.abs(product).sum(axis=0) for product in products]
    arrays = [_spatial(value.numpy()) for value in values]
    if measure == "apoz":
        return [(array > 0).mean(axis=1).sum(axis=0) for array in arrays]
    return [np.abs(array).mean(axis=1).sum(axis=0) for array in arrays]


def _spatial(array: Array) -> Array:
    """float64 ``[samples, positions, channels]``."""
    return array.reshape(len(array), -1, array.shape[-1]).astype(np.float64)
