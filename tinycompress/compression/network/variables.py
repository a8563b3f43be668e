"""The variables behind the kernel of a layer of a tf_keras model."""

from __future__ import annotations

from typing import Any

import numpy as np

from tinycompress.compression.network.kernels import GATES
from tinycompress.compression.network.network import Array


def kernel_parts(layer: Any) -> tuple[Any, ...]:
    """The variables of a layer's kernel: of a recurrent layer that of its input and of its state.

    One below the other they are `kernels.kernel_of`.
    """
    return tuple(layer.weights[: 2 if type(layer).__name__ in GATES else 1])


class KernelVariable:
    """The kernel of a layer of a tf_keras model as one array, whichever variables hold it.

    Args:
        layer: Of a tf_keras model, built.
    """

    def __init__(self, layer: Any) -> None:
        self.parts = kernel_parts(layer)

    def numpy(self) -> Array:
        """Its values."""
        return np.concatenate([part.numpy() for part in self.parts])

    def assign(self, kernel: Array) -> None:
        """Give it other values, in the same shape."""
        start = 0
        for part in self.parts:
            end = start + int(part.shape[0])
            part.assign(kernel[start:end])
            start = end
