"""Method ``masks``: which channels stay is trained together with the weights, against the board.

Every removable channel has a gate in front of what reads it: 1 or 0 in the forward pass, a sigmoid
in the backward pass (the straight-through estimator of Bengio et al. 2013). The loss is that of
the labels plus a penalty on the cost that the gates leave, which `cost_model` tells from measured
firmware. Its weight is a Lagrange multiplier: it rises while the cost is above the target, and
falls below it, so that the budget is met without a weight to tune. Budgets of this kind are those
of Lemaire et al., Structured Pruning of Neural Networks with Budget-Aware Regularization, 2019.
Targets are taken one after the other, each from where the one before ended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress import _tf
from tinycompress._progress import Progress, no_progress
from tinycompress.compression.data.tasks import targets
from tinycompress.compression.network.build import applied, build_model, made_input, weights_of
from tinycompress.compression.network.channels import (
    INPUT_AXES,
    Channels,
    couple_channels,
    without_channels,
)
from tinycompress.compression.network.kernels import GATES, channel_rows, kernel_of
from tinycompress.compression.network.network import Network
from tinycompress.compression.stages.prune_channels import fitting_multiple
from tinycompress.compression.training.losses import output_loss
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError
from tinycompress.search.methods.cost_model import CostModel, Family, fitted

_GATE_RATE, _WEIGHT_RATE, _PRICE_RATE = 0.05, 1e-3, 0.1
_FIRST_GATE, _SPREAD = 2.0, 1.0
_RAMP = 0.6
"""Share of the steps in which the target comes down from where the last one was."""
_BATCH = 64
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Masked:
    """A network whose channels the gates have chosen.

    Attributes:
        network: Thinned, with the weights that were trained.
        target: What it was to cost.
        expected: What the cost model expects it to.
    """

    network: Network
    target: float
    expected: float


def trained_masks(
    network: Network,
    trainer: Trainer,
    shares: Sequence[float],
    measure: Callable[[Network], float],
    *,
    epochs: int,
    progress: Progress = no_progress,
) -> tuple[CostModel, tuple[Masked, ...]]:
    """Networks for falling targets of cost.

    Args:
        network: The trained network.
        trainer: Data, tasks, seed, and the channel multiple.
        shares: Targets, as shares of what the whole network costs; falling.
        measure: What a network costs on the board.
        epochs: Of training for each target.
        progress: Told what is under way.

    Raises:
        ConfigError: No channel can be removed, or the loss is no longer finite.
    """
    channels = couple_channels(network)
    families = _families(network, channels, trainer.channel_multiple)
    if not families:
        raise ConfigError("no channel of this model can be removed, so there is nothing to mask")
    progress("measure thinned networks for the cost table")
    cost = fitted(network, channels, families, measure)
    whole = cost.of(frozenset())
    training = _Training(network, channels, families, cost, trainer)
    found, before = [], whole
    for number, share in enumerate(shares, start=1):
        progress("train the masks", number, len(shares))
        training.train(before, share * whole, epochs)
        found.append(training.thinned(share * whole))
        before = share * whole
    return cost, tuple(found)


def _families(network: Network, channels: Channels, multiple: int) -> tuple[Family, ...]:
    found = []
    for members, free in channels.families():
        if any(network.layers[name].kind in GATES for name in members):
            continue  # A gate behind such a layer does not shut what the layer tells itself.
        total = np.unique(np.concatenate([channels.of_layer[name] for name in members])).size
        if free.size > 1:
            order = _ranked(network, channels, free)
            found.append(Family(order, int(total), fitting_multiple(multiple, int(total))))
    return tuple(found)


def _ranked(network: Network, channels: Channels, free: Ints) -> Ints:
    """Channels by the size of the weights that make them, the smallest first."""
    sums = dict.fromkeys((int(channel) for channel in free), 0.0)
    for name, own in channels.of_layer.items():
        layer = network.layers[name]
        sizes = np.abs(channel_rows(kernel_of(layer), layer.kind)).mean(axis=1)
        for channel, size in zip(own, sizes / max(float(sizes.mean()), 1e-12), strict=True):
            if int(channel) in sums:
                sums[int(channel)] += float(size)
    return np.array(sorted(sums, key=lambda channel: (sums[channel], channel)), np.int64)


class _Training:
    """Weights and gates, trained together; both are kept from one target to the next."""

    def __init__(
        self,
        network: Network,
        channels: Channels,
        families: tuple[Family, ...],
        cost: CostModel,
        trainer: Trainer,
    ) -> None:
        self._network, self._channels, self._families = network, channels, families
        self._cost, self._trainer = cost, trainer
        self._tf = _tf.tensorflow()
        _tf.make_deterministic(trainer.seed)
        self._free = np.concatenate([family.free for family in families])
        self._place = {int(channel): place for place, channel in enumerate(self._free)}
        start = np.zeros(self._free.size, np.float32)
        for family in families:
            for rank, channel in enumerate(family.free):
                start[self._place[int(channel)]] = _FIRST_GATE + _SPREAD * rank / family.free.size
        self._gates = self._tf.Variable(start, name="gates")
        self._plain = build_model(network, "tf_keras")
        self._model = self._with_gates()
        optimizers = _tf.tf_keras().optimizers
        self._weight_steps = optimizers.Adam(_WEIGHT_RATE)
        self._gate_steps = optimizers.Adam(_GATE_RATE)
        self._losses = [output_loss(task, None) for task in trainer.tasks]
        self._price = 0.0
        self._step = self._tf.function(self._one_step)

    def _open(self) -> Any:
        """The gates, and a 1 behind them for channels that always stay."""
        tf = self._tf
        soft = tf.sigmoid(self._gates)
        hard = tf.cast(soft > 0.5, tf.float32)
        return tf.concat([soft + tf.stop_gradient(hard - soft), [1.0]], 0)

    def _index(self, atoms: Ints) -> Ints:
        last = self._free.size
        return np.array([self._place.get(int(atom), last) for atom in atoms], np.int64)

    def _with_gates(self) -> Any:
        """The model with a gate for each channel that a kernel reads."""
        module, network = _tf.tf_keras(), self._network
        values = {source.value: made_input(module, source) for source in network.inputs}
        inputs = list(values.values())
        for call in network.calls:
            sources = [values[value] for value in call.inputs]
            atoms = self._channels.of_value[call.inputs[0]]
            index = self._index(atoms)
            if network.layers[call.layer].kind in INPUT_AXES and (index < self._free.size).any():
                gated = module.layers.Lambda(
                    lambda x, index=index: x * self._tf.gather(self._open(), index)
                )
                sources[0] = gated(sources[0])
            layer = self._plain.get_layer(call.layer)
            values[call.output] = applied(layer, network.layers[call.layer], call, sources)
        outputs = [values[value] for value in network.outputs]
        return module.Model(inputs, outputs)

    def _cost_now(self) -> Any:
        """The cost that the gates leave; gradients reach the gates."""
        tf, opened = self._tf, self._open()
        total = tf.constant(self._cost.constant, tf.float32)
        for term, coefficient in zip(self._cost.terms, self._cost.coefficients, strict=True):
            share = tf.reduce_mean(tf.gather(opened, self._index(term.outputs)))
            if term.inputs.size:
                share *= tf.reduce_mean(tf.gather(opened, self._index(term.inputs)))
            total += float(coefficient) * share
        return total

    def _one_step(self, inputs: Any, labels: Any, target: Any, price: Any) -> tuple[Any, Any]:
        tf = self._tf
        weights = self._plain.trainable_variables
        with tf.GradientTape() as tape:
            outputs = self._model(inputs, training=True)
            listed = outputs if isinstance(outputs, list | tuple) else [outputs]
            loss = tf.add_n(
                [
                    tf.reduce_mean(one(label, output))
                    for one, label, output in zip(self._losses, labels, listed, strict=True)
                ]
            )
            cost = self._cost_now()
            told = loss + price * tf.nn.relu(cost / target - 1.0)
        gradients = tape.gradient(told, [*weights, self._gates])
        self._weight_steps.apply_gradients(zip(gradients[:-1], weights, strict=True))
        if gradients[-1] is not None:
            self._gate_steps.apply_gradients([(gradients[-1], self._gates)])
        return loss, cost

    def train(self, before: float, target: float, epochs: int) -> None:
        """Train weights and gates while the target comes down to where it is to be."""
        data, tasks = self._trainer.train, self._trainer.tasks
        labels = [targets(task, y) for task, y in zip(tasks, data.labels, strict=True)]
        draw = np.random.default_rng(self._trainer.seed)
        batches = -(-len(data) // _BATCH)
        steps, done = epochs * batches, 0
        loss = 0.0
        for _ in range(epochs):
            for some in np.array_split(draw.permutation(len(data)), batches):
                way = min((done + 1) / max(_RAMP * steps, 1.0), 1.0)
                now = before + (target - before) * way
                inputs = [self._tf.constant(array[some]) for array in data.inputs]
                told, cost = self._step(
                    inputs, [self._tf.constant(y[some]) for y in labels],
                    self._tf.constant(now, self._tf.float32),
                    self._tf.constant(self._price, self._tf.float32),
                )  # fmt: skip
                loss = float(told)
                self._price = max(self._price + _PRICE_RATE * (float(cost) / now - 1.0), 0.0)
                # Where the gates are not there yet, the price rises by a step at least.
                self._price += _PRICE_RATE / 10 if float(cost) > now else 0.0
                done += 1
            if not np.isfinite(loss):
                raise ConfigError(f"masks: the loss is {loss} while channels are chosen")

    def thinned(self, target: float) -> Masked:
        """The network without the closed channels, in groups that the kernels like."""
        values = self._gates.numpy()
        removed: set[int] = set()
        for family in self._families:
            order = sorted(family.free, key=lambda channel: values[self._place[int(channel)]])
            closed = sum(values[self._place[int(channel)]] <= 0 for channel in family.free)
            removed.update(int(channel) for channel in order[: family.allowed(int(closed))])
        removed = set(self._down_to(frozenset(removed), target, values))
        own = weights_of(self._plain, self._network)
        thin = without_channels(own, self._channels, frozenset(removed))
        return Masked(thin, target, self._cost.of(frozenset(removed)))

    def _down_to(self, removed: frozenset[int], target: float, values: Any) -> frozenset[int]:
        """More of the least open groups of channels, until the cost model says that it is met."""
        while self._cost.of(removed) > target:
            options = []
            for family in self._families:
                left = [int(c) for c in family.free if int(c) not in removed]
                stay = family.total - (family.free.size - len(left))
                if stay - family.multiple < max(family.multiple, 1) or not left:
                    continue
                left.sort(key=lambda channel: values[self._place[channel]])
                some = left[: family.multiple]
                options.append((float(sum(values[self._place[c]] for c in some)), some))
            if not options:
                break
            removed = removed | frozenset(min(options)[1])
        return removed


def shares_for(whole: Mapping[str, float], limits: Mapping[str, float], figure: str) -> list[float]:
    """Targets of cost, as shares of the whole: a bit within the limit; without one, ever less.

    Args:
        whole: Figures of the whole network.
        limits: Of figures, by name.
        figure: What is made smaller.
    """
    if figure in limits and limits[figure] < whole[figure]:
        least = limits[figure] / whole[figure]
        return [0.98 * least, 0.92 * least, 0.85 * least]
    return [0.8, 0.65, 0.5, 0.4]
