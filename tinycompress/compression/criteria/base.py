"""What a criterion is: adding one is a file with a function of one of these types, and its line."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.training.trainer import Trainer

Scores = dict[str, Array]
"""By layer name: float64; larger matters more."""

Criterion = Callable[[Network, tuple[str, ...], Trainer, int], Scores]
"""``criterion(network, names, trainer, samples)``: scores of the layers of these names.

Of channels an array has one score per output channel, of weights one per element of the kernel. A
layer that the criterion cannot judge is left out. ``samples`` is how much of the training data a
criterion takes that needs some.
"""
