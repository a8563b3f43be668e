"""What stages have in common that settle the integers of the file: correcting biases, AdaRound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from tinycompress.compression.checks.promises import Promises, RoundedPromise
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import GATES, kernel_layers
from tinycompress.compression.network.network import Array, Call, Input, Layer, Network
from tinycompress.compression.stages.base import chosen
from tinycompress.compression.stages.options import LayerChoice
from tinycompress.compression.training.trainer import Trainer
from tinycompress.errors import ConfigError

CHANGES_KERNELS: Mapping[str, str] = dict.fromkeys(
    ("low_rank", "prune_channels", "prune", "cluster", "weight_bits", "qat"),
    "the integers of the file are settled",
)
"""Stages that cannot come after one of these, and why."""

_BATCH = 256


def roundable(
    network: Network, promises: Promises, options: LayerChoice, *, stage: str
) -> tuple[Layer, ...]:
    """The layers whose integers can be settled, in order of first use.

    Those that are clustered or on a grid have integers already, and one that is used twice has no
    one input to be judged by; a recurrent layer's kernels work on what they themselves made.

    Raises:
        ConfigError: There is none.
    """
    taken = {**promises.clustered, **promises.gridded, **promises.rounded}
    layers = tuple(
        layer
        for layer in chosen(kernel_layers(network), options)
        if layer.name not in taken
        and layer.kind not in GATES
        and len(network.calls_of(layer.name)) == 1
    )
    if not layers:
        raise ConfigError(
            f"{stage}: no layer is left to work on",
            hint="layers that are clustered or on a grid keep their integers; see skip",
        )
    return layers


def promised(
    network: Network, layers: Iterable[Layer], *, per_tensor: bool
) -> dict[str, RoundedPromise]:
    """That layers keep the integers that they have in a network."""
    return {
        layer.name: RoundedPromise.of(network.layers[layer.name], per_tensor=per_tensor)
        for layer in layers
    }


def drawn(trainer: Trainer, samples: int) -> Data:
    """Some of the training data, the same for the same seed."""
    order = np.random.default_rng(trainer.seed).permutation(len(trainer.train))
    return trainer.train.take(np.sort(order[:samples]))


class Inside:
    """What values of a network are on data, while weights are changed in place."""

    def __init__(self, network: Network, values: Iterable[int]) -> None:
        """Build the network once, with all these values for outputs."""
        self._given = [one.value for one in network.inputs]
        self._made = [v for v in dict.fromkeys(values) if v not in self._given]
        self._model = (
            build_model(replace(network, outputs=tuple(self._made)), "tf_keras")
            if self._made
            else None
        )

    def of(self, value: int, data: Data) -> Array:
        """One value on some samples, batch first."""
        if value in self._given:
            return data.inputs[self._given.index(value)]
        place, parts = self._made.index(value), []
        for start in range(0, len(data), _BATCH):
            batch = data.take(np.arange(start, min(start + _BATCH, len(data))))
            parts.append(predict(self._model, batch.inputs)[place])
        return np.concatenate(parts)

    def assign(self, layer: Layer) -> None:
        """Give a layer other weights; one that no value depends on is not there."""
        if self._model is not None and layer.name in {one.name for one in self._model.layers}:
            self._model.get_layer(layer.name).set_weights(list(layer.weights))


def alone(network: Network, layer: Layer, *, linear: bool) -> Network:
    """A network of one layer, with the shapes that it has in another.

    Args:
        network: Where the layer has one call.
        layer: The layer, maybe with other weights.
        linear: Whether it loses its activation.
    """
    (call,) = network.calls_of(layer.name)
    if linear:
        layer = layer.with_config(activation="linear")
    source = Input("values", network.shape(call.inputs[0]), 0)
    only = Call(layer.name, (0,), 1, call.shape)
    return Network("one_layer", (source,), {layer.name: layer}, (only,), (1,))
