"""Channels by gates that learn to be open or shut: GDP.

Source: Guo et al., GDP: Stabilized Neural Network Pruning via Gates with Differentiable
Polarization, 2021. A gate is t^2 / (t^2 + e): a smooth count of what is not zero. With a falling e
it becomes 0 or 1 and nothing between; what open gates cost in MACs is added to the loss. Here gates
are learnt on a copy of the network, and their parameters are the scores.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.criteria.base import Scores
from tinycompress.compression.criteria.feature_maps import after_activation, drawn
from tinycompress.compression.data.tasks import targets
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.channels import Channels, couple_channels
from tinycompress.compression.network.kernels import macs_of_layer
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.losses import output_loss
from tinycompress.compression.training.trainer import Trainer

_BATCH = 32
_LEAST_STEPS = 300
"""Few samples are seen again until there are so many steps."""
_RATE, _GATE_RATE = 1e-3, 2e-2
_WIDE, _NARROW = 0.1, 1e-4
"""The e of a gate, at the beginning and at the end."""
_COST = 1.0
"""What all MACs of the network add to the loss."""


def gdp(network: Network, names: tuple[str, ...], trainer: Trainer, samples: int) -> Scores:
    """The square of each gate's parameter, by which gates are ordered.

    Coupled channels have one gate, and so the same score in each of their layers.
    """
    _tf.make_deterministic(trainer.seed)
    tf = _tf.tensorflow()
    channels = couple_channels(network)
    gates = tf.Variable(tf.ones(1 + max(int(a.max()) for a in channels.of_layer.values())))
    model = build_model(network, "tf_keras")
    step = _step(tf, network, model, names, channels, gates, trainer)
    data = drawn(trainer, samples)
    batches = max(_LEAST_STEPS, -(-len(data) // _BATCH))
    order = np.random.default_rng(trainer.seed)
    for number in range(batches):
        chosen = order.choice(len(data), min(_BATCH, len(data)), replace=False)
        batch = data.take(chosen)
        wanted = [targets(t, one) for t, one in zip(trainer.tasks, batch.labels, strict=True)]
        narrowed = _WIDE * (_NARROW / _WIDE) ** (number / batches)
        step([tf.constant(one) for one in batch.inputs], wanted, tf.constant(narrowed, tf.float32))
    opened: Array = gates.numpy().astype(np.float64) ** 2
    return {name: opened[channels.of_layer[name]] for name in names}


def _step(
    tf: Any,
    network: Network,
    model: Any,
    names: tuple[str, ...],
    channels: Channels,
    gates: Any,
    trainer: Trainer,
) -> Callable[[list[Any], list[Any], Any], None]:
    """One step of the copy's weights and of its gates."""
    gated = {after_activation(network, name): channels.of_layer[name] for name in names}
    total = max(sum(macs_of_layer(network, network.layers[name]) for name in names), 1)
    shares = {name: macs_of_layer(network, network.layers[name]) / total for name in names}
    losses = [output_loss(task, None) for task in trainer.tasks]
    weights = model.trainable_variables
    optimizers = _tf.tf_keras().optimizers
    of_weights, of_gates = optimizers.Adam(_RATE), optimizers.Adam(_GATE_RATE)
    of_weights.build(weights)
    of_gates.build([gates])

    @tf.function  # type: ignore[untyped-decorator]
    def step(inputs: list[Any], wanted: list[Any], narrowed: Any) -> None:
        with tf.GradientTape() as tape:
            opened = tf.square(gates) / (tf.square(gates) + narrowed)
            outputs = _through(tf, network, model, inputs, gated, opened)
            told = [
                tf.reduce_mean(loss(labels, output))
                for loss, labels, output in zip(losses, wanted, outputs, strict=True)
            ]
            cost = [
                share * tf.reduce_mean(tf.gather(opened, channels.of_layer[name]))
                for name, share in shares.items()
            ]
            loss = tf.add_n(told) + _COST * tf.add_n(cost)
        found = tape.gradient(loss, [gates, *weights], unconnected_gradients="zero")
        of_gates.apply_gradients([(found[0], gates)])
        of_weights.apply_gradients(zip(found[1:], weights, strict=True))

    learn: Callable[[list[Any], list[Any], Any], None] = step
    return learn


def _through(
    tf: Any,
    network: Network,
    model: Any,
    inputs: list[Any],
    gated: Mapping[int, Array],
    opened: Any,
) -> list[Any]:
    """Outputs of a model as in inference, some of its values behind their gates."""
    sources = [source.value for source in network.inputs]
    values = dict(zip(sources, inputs, strict=True))
    for call in network.calls:
        given = [values[value] for value in call.inputs]
        made = model.get_layer(call.layer)(given if len(given) > 1 else given[0])
        if call.output in gated:
            made = made * tf.gather(opened, gated[call.output])
        values[call.output] = made
    return [values[value] for value in network.outputs]
