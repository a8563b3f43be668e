"""Samples drawn out of the statistics that a model keeps: ZeroQ.

Source: Cai et al., ZeroQ: A Novel Zero Shot Quantization Framework, 2020. Samples begin as noise
and are changed by Adam until the values that go into every BatchNormalization have its mean and
deviation. Here a deviation is compared over the one kept, so that no layer outweighs the others,
and scale and offset of each channel of the input are learnt beside the samples: the paper takes an
input with mean 0 and deviation 1 for granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.network.network import Array
from tinycompress.compression.synthetic.base import Known, Making
from tinycompress.compression.synthetic.norms import Probe
from tinycompress.compression.synthetic.scale import Scale, fitted_scales, smooth_noise

_RATE = 0.1


def zeroq(known: Sequence[Known], making: Making) -> tuple[Array, ...]:
    """Make samples, batch by batch."""
    _tf.make_deterministic(making.seed)
    probes = [Probe.of(one) for one in known]
    shapes = [tuple(size or 1 for size in one.shape) for one in known[0].network.inputs]
    batch = min(making.batch, making.samples)
    distilled = _Distilled(probes, shapes, batch, making)
    parts = []
    starts = range(0, making.samples, batch)
    for number, start in enumerate(starts):
        making.progress("make samples", number, len(starts))
        parts.append(distilled.batch(making.seed + start))
    making.progress("make samples", len(starts), len(starts))
    return tuple(np.concatenate(one)[: making.samples] for one in zip(*parts, strict=True))


class _Distilled:
    """One batch of samples as variables; every batch begins anew."""

    def __init__(
        self,
        probes: Sequence[Probe],
        shapes: Sequence[tuple[int, ...]],
        batch: int,
        making: Making,
    ) -> None:
        tf = _tf.tensorflow()
        self._shapes, self._batch, self._steps = shapes, batch, making.steps
        self._scales = fitted_scales(probes, shapes, making.seed)
        self._inputs = [_Input(tf, batch, shape) for shape in shapes]
        variables = [variable for one in self._inputs for variable in one.variables]
        optimizers = _tf.tf_keras().optimizers
        rate = optimizers.schedules.CosineDecay(_RATE, making.steps)
        self._optimizer = optimizers.Adam(rate)
        self._optimizer.build(variables)

        @tf.function  # type: ignore[untyped-decorator]
        def step() -> None:
            with tf.GradientTape() as tape:
                samples = [one.samples(tf) for one in self._inputs]
                loss = tf.add_n([probe.run(samples)[1] for probe in probes])
            gradients = tape.gradient(loss, variables)
            self._optimizer.apply_gradients(zip(gradients, variables, strict=True))

        self._step = step

    def batch(self, seed: int) -> list[Array]:
        """float32, by input ``[batch, ...]``."""
        tf = _tf.tensorflow()
        for number, (one, shape) in enumerate(zip(self._inputs, self._shapes, strict=True)):
            one.begin(self._scales[number], smooth_noise(shape, self._batch, seed + number))
        for variable in self._optimizer.variables:
            variable.assign(tf.zeros_like(variable))
        for _ in range(self._steps):
            self._step()
        return [one.samples(tf).numpy() for one in self._inputs]


class _Input:
    """Samples of one input: noise, and the scale and the offset of each of its channels."""

    def __init__(self, tf: Any, batch: int, shape: tuple[int, ...]) -> None:
        self._noise = tf.Variable(tf.zeros((batch, *shape)))
        self._log_scale = tf.Variable(tf.zeros(shape[-1:]))
        self._offset = tf.Variable(tf.zeros(shape[-1:]))
        self.variables = [self._noise, self._log_scale, self._offset]

    def begin(self, scale: Scale, noise: Array) -> None:
        self._noise.assign(noise)
        self._log_scale.assign(np.full(self._log_scale.shape, np.log(scale.scale), np.float32))
        # In units of the scale: the optimiser's steps are as long for either.
        self._offset.assign(np.full(self._offset.shape, scale.offset / scale.scale, np.float32))

    def samples(self, tf: Any) -> Any:
        return tf.exp(self._log_scale) * (self._noise + self._offset)
