"""Samples moved a little, another way every time they are seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.network import Array, Network
from tinycompress.errors import ConfigError

_WITH_AN_AXIS = 2
"""Axes of a sample that can be moved: one along which it is moved, and the channels."""


def require_shiftable(network: Network) -> None:
    """Refuse a model whose samples have no axis to be moved along.

    Raises:
        ConfigError: It is one.
    """
    if not any(len(source.shape) >= _WITH_AN_AXIS for source in network.inputs):
        raise ConfigError(
            f"distill.shift: the model takes {[source.shape for source in network.inputs]};"
            " allowed: samples with an axis before their channels",
            hint="leave shift out",
        )


def shifted(array: Array, most: int, generator: np.random.Generator) -> Array:
    """Every sample moved along each axis before its channels, the edge repeated.

    Args:
        array: ``[samples, positions…, channels]``; without positions it stays.
        most: By how many positions at most, either way.
        generator: Which way.
    """
    axes = array.ndim - _WITH_AN_AXIS
    if axes < 1:
        return array
    widths = [(0, 0), *[(most, most)] * axes, (0, 0)]
    padded = np.pad(array, widths, mode="edge")
    starts = generator.integers(0, 2 * most + 1, (len(array), axes))
    moved = np.empty_like(array)
    for index, start in enumerate(starts):
        window = tuple(
            slice(first, first + size) for first, size in zip(start, array.shape[1:-1], strict=True)
        )
        moved[index] = padded[index][window]
    return moved


def shifted_batches(
    data: Data,
    pack: Callable[[Data], tuple[Any, Any]],
    batch_size: int,
    most: int,
    seed: int,
) -> Any:
    """A Keras ``Sequence`` of batches of moved samples; the same seed, the same batches.

    Args:
        data: Samples; labels as the loss takes them.
        pack: Inputs and targets of a batch as Keras takes them.
        batch_size: Samples of a batch; the last one may have fewer.
        most: As for `shifted`.
        seed: Of order and movements.
    """

    class Batches(_tf.tf_keras().utils.Sequence):  # type: ignore[misc]
        """One epoch after the other."""

        def __init__(self) -> None:
            self.generator = np.random.default_rng(seed)
            self.on_epoch_end()

        def __len__(self) -> int:
            return -(-len(data) // batch_size)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            # Every batch has a generator of its own: Keras may ask for one twice.
            generator = np.random.default_rng(int(self.seeds[index]))
            batch = data.take(self.order[index * batch_size : (index + 1) * batch_size])
            inputs = tuple(shifted(array, most, generator) for array in batch.inputs)
            return pack(Data(inputs, batch.labels))

        def on_epoch_end(self) -> None:
            self.order = self.generator.permutation(len(data))
            self.seeds = self.generator.integers(0, 2**32, len(self))

    return Batches()
