"""What a trained model has kept of its data, and how far samples are from that.

BatchNormalization keeps the mean and the variance of what goes into it, for every channel, and
Normalization those of the input (ZeroQ: Cai et al., 2020; Dreaming to Distill: Yin et al., 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.data.calibration import kept_statistics
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.synthetic.base import Known

_EPSILON = {"BatchNormalization": 1e-3, "Normalization": 1e-7}
"""What Keras adds to a variance where the layer says nothing."""


@dataclass(frozen=True, eq=False)
class Kept:
    """The statistics of one value of a network: float32 by channel, or one of all channels."""

    value: int
    mean: Array
    variance: Array
    epsilon: float


def kept_by(network: Network) -> tuple[Kept, ...]:
    """All that a network has kept of its data, in the order of its calls."""
    found = []
    for call in network.calls:
        layer = network.layers[call.layer]
        statistics = kept_statistics(layer, len(call.shape))
        channels = network.shape(call.inputs[0])[-1:]
        if statistics is None or (statistics[0].size,) not in ((1,), channels):
            continue
        mean, variance = (one.astype(np.float32) for one in statistics)
        epsilon = float(layer.config.get("epsilon", _EPSILON[layer.kind]))
        found.append(Kept(call.inputs[0], mean, variance, epsilon))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Probe:
    """A model whose inner values are looked at.

    Attributes:
        known: What it is of.
        kept: What it has kept of its data.
    """

    known: Known
    kept: tuple[Kept, ...]
    _values: tuple[int, ...]
    _model: Any

    @staticmethod
    def of(known: Known) -> Probe:
        """Build it in tf_keras."""
        network = known.network
        given = {source.value for source in network.inputs}
        kept = kept_by(network)
        watched = (*network.outputs, *(one.value for one in kept if one.value not in given))
        values = tuple(dict.fromkeys(watched))
        return Probe(known, kept, values, build_model(replace(network, outputs=values), "tf_keras"))

    def run(self, samples: Sequence[Any]) -> tuple[list[Any], Any]:
        """Outputs for a batch of samples, and how strange the batch is: a scalar tensor.

        Mean and deviation of a batch are compared with those kept, over the kept deviation, so that
        every layer counts alike; 0 where nothing was kept.
        """
        tf = _tf.tensorflow()
        made = self._model(list(samples) if len(samples) > 1 else samples[0], training=False)
        seen = dict(zip(self._values, as_list(made), strict=True))
        sources = [source.value for source in self.known.network.inputs]
        seen |= dict(zip(sources, samples, strict=True))
        outputs = [seen[value] for value in self.known.network.outputs]
        losses = [_strangeness(tf, one, seen[one.value]) for one in self.kept]
        return outputs, tf.add_n(losses) / len(losses) if losses else tf.constant(0.0)


def as_list(outputs: Any) -> list[Any]:
    """Outputs of a Keras model, of which one stands for itself."""
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _strangeness(tf: Any, kept: Kept, value: Any) -> Any:
    axes = list(range(len(value.shape) - (kept.mean.size > 1)))
    mean, variance = tf.nn.moments(value, axes=axes)
    wanted = kept.variance + kept.epsilon
    off = tf.square(mean - np.reshape(kept.mean, mean.shape)) / np.reshape(wanted, mean.shape)
    spread = tf.sqrt((variance + kept.epsilon) / np.reshape(wanted, mean.shape))
    return tf.reduce_mean(off + tf.square(spread - 1.0))
