"""Samples of a generator that is trained against a model and its rounded copy: DFQF.

Source: Li et al., Data Free Quantization-aware Fine-tuning, 2020: a loss of classes (Inception
score), one of BatchNormalization's statistics, and one that draws samples to where the rounded
network is wrong. There the rounded network learns meanwhile; here it is a copy whose weights have
four bits, and what is fine-tuned afterwards learns from the samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinycompress.compression.network.integers import grid_levels
from tinycompress.compression.network.kernels import kernel_layers, kernel_of, with_kernel
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.synthetic.base import Known, Making
from tinycompress.compression.synthetic.generator import generated

_BITS = 4


def dfqf(known: Sequence[Known], making: Making) -> tuple[Array, ...]:
    """Train a generator and draw samples from it."""
    rivals = [replace(one, network=rounded(one.network, _BITS)) for one in known]
    return generated(known, making, rivals)


def rounded(network: Network, bits: int) -> Network:
    """The network with every kernel on the even grid of so many bits, with one scale for each."""
    return network.with_layers(
        with_kernel(layer, _on_grid(kernel_of(layer), bits)) for layer in kernel_layers(network)
    )


def _on_grid(kernel: Array, bits: int) -> Array:
    largest = float(np.max(np.abs(kernel))) or 1.0
    levels = grid_levels(bits) * largest
    found: Array = levels[np.argmin(np.abs(kernel[..., None] - levels), axis=-1)]
    return found
