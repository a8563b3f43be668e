"""Channels that can be scaled: what a positive factor on them passes through unchanged.

``f(s x) = s f(x)`` for s > 0 holds for ReLU, LeakyReLU, PReLU, pooling, padding, sums and maxima. A
factor on an output channel of a kernel can so be taken back by the kernels that read the channel.
Here a depthwise kernel is a kernel: what it reads and what it makes have factors of their own.
"""

from __future__ import annotations

import numpy as np

from tinycompress.compression.network.channels import INPUT_AXES, Channels, Tracker, followed
from tinycompress.compression.network.kernels import OUTPUT_AXES
from tinycompress.compression.network.network import Call, Layer, Network

_ALWAYS = frozenset(
    {
        "LeakyReLU", "PReLU", "MaxPooling1D", "MaxPooling2D", "AveragePooling1D",
        "AveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalAveragePooling1D",
        "GlobalAveragePooling2D", "ZeroPadding1D", "ZeroPadding2D", "Cropping1D", "Cropping2D",
        "UpSampling1D", "UpSampling2D", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "Add",
        "Subtract", "Average", "Maximum", "Minimum", "Concatenate", "Flatten", "Reshape", "Permute",
        "ActivityRegularization",
    }
)  # fmt: skip
_ACTIVATIONS = frozenset({"linear", "relu", "leaky_relu"})


def couple_scales(network: Network) -> Channels:
    """Follow every channel of a network as far as a factor on it goes.

    Channels are coupled where they must have the same factor, and fixed where they can have none:
    those of inputs and outputs, and those that meet anything else than the layers named above.
    """
    return followed(_Scales(network))


class _Scales(Tracker):
    def follow(self, call: Call) -> None:
        layer = self.network.layers[call.layer]
        sources = [self.values[value] for value in call.inputs]
        if layer.weights:
            self.join(sources[0], self.inputs.setdefault(layer.name, sources[0]))
        if layer.kind in OUTPUT_AXES:
            made = self.layers.setdefault(layer.name, self.new(call.shape[-1] or 1))
            self.values[call.output] = made
            if layer.config.get("groups", 1) != 1:
                self.fix(np.concatenate([*sources, made]))
        else:
            self.values[call.output] = self.passed(layer, call, sources)
        if not _homogeneous(layer):
            for atoms in (
                *([] if layer.kind in OUTPUT_AXES else sources),
                self.values[call.output],
            ):
                self.fix(atoms)


def _homogeneous(layer: Layer) -> bool:
    """Whether a layer hands a positive factor on; of one with a kernel, its activation."""
    if layer.kind in OUTPUT_AXES or layer.kind == "Activation":
        return layer.config.get("activation", "linear") in _ACTIVATIONS
    if layer.kind == "ReLU":
        return layer.config.get("max_value") is None and not layer.config.get("threshold")
    return layer.kind in _ALWAYS


def input_axis(layer: Layer) -> int:
    """Axis of a layer's kernel that numbers the channels that it reads."""
    return INPUT_AXES.get(layer.kind, layer.weights[0].ndim - 2)
