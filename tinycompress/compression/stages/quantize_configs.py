"""How TF-MOT is to quantise what its own registry leaves out or gets wrong.

TF-MOT 0.8.1 takes a convolution or Dense that a ReLU layer follows out of the quantisation as a
whole, its kernel included, so that the training never sees the kernel's rounding. It knows a ReLU
by its class name; ours has another one, and the layer before it gets a configuration that rounds
the kernel and leaves the range to the ReLU, which is what the fused int8 operator computes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from tinycompress import _tf
from tinycompress.compression.network.network import Layer, Network

_OUTPUT_RANGE = frozenset(
    {"Subtract", "Multiply", "Average", "Maximum", "Minimum", "PReLU", "ELU", "ReLU"}
)
"""Kinds whose output has a range of its own."""

_RANGE_OF_INPUT = frozenset({"MaxPooling1D", "UpSampling1D"})
"""Kinds that only move values, so that input and output share a range."""

_OF_TF_MOT = frozenset(
    {
        "Dense", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "Activation", "LeakyReLU",
        "Softmax", "Concatenate", "Add", "Flatten", "Reshape", "Permute", "Dropout",
        "SpatialDropout1D", "SpatialDropout2D", "Cropping1D", "Cropping2D", "ZeroPadding1D",
        "ZeroPadding2D", "UpSampling2D", "AveragePooling1D", "AveragePooling2D", "MaxPooling2D",
        "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
    }
)  # fmt: skip
_KERNELS = {"Dense": "kernel", "Conv2D": "kernel", "DepthwiseConv2D": "depthwise_kernel"}


def supported_kinds() -> frozenset[str]:
    """Layer classes that can be trained with int8 rounding."""
    return _OF_TF_MOT | _OUTPUT_RANGE | _RANGE_OF_INPUT


def quantize_config(layer: Layer, network: Network) -> Any:
    """The configuration of a layer; None where TF-MOT's own is right."""
    classes = custom_objects()
    if _feeds_only_a_relu(layer, network):
        if layer.kind in _KERNELS:
            return classes["KernelConfig"](_KERNELS[layer.kind])
        if layer.kind == "Add":
            return classes["PassingConfig"](quantize_output=False)
    if layer.kind in _OF_TF_MOT:
        return None
    return classes["PassingConfig"](quantize_output=layer.kind in _OUTPUT_RANGE)


def _feeds_only_a_relu(layer: Layer, network: Network) -> bool:
    (call,) = network.calls_of(layer.name)[:1]
    user = network.only_consumer(call.output)
    linear = layer.config.get("activation", "linear") == "linear"
    return linear and user is not None and network.layers[user.layer].kind == "ReLU"


@cache
def custom_objects() -> dict[str, Any]:
    """Our classes by the names that TF-MOT's serialisation knows them by."""
    quantization = _tf.tfmot().quantization.keras
    return {
        "FusedReLU": _relu_class(),
        "KernelQuantizer": _kernel_quantizer(quantization),
        "PassingConfig": _passing_config(quantization),
        "KernelConfig": _kernel_config(quantization, _kernel_quantizer(quantization)),
    }


def _relu_class() -> Any:
    class FusedReLU(_tf.tf_keras().layers.ReLU):  # type: ignore[misc]
        """A ReLU by a name that TF-MOT's patterns do not match."""

    return FusedReLU


def _kernel_quantizer(quantization: Any) -> Any:
    base = quantization.quantizers.LastValueQuantizer

    class KernelQuantizer(base):  # type: ignore[misc, valid-type]
        """Symmetric int8 by the last range; one range per slice of the last axis if per_axis."""

        def build(self, tensor_shape: Any, name: str, layer: Any) -> dict[str, Any]:
            if not self.per_axis:
                return dict(super().build(tensor_shape, name, layer))
            constant = _tf.tf_keras().initializers.Constant
            size = (int(tensor_shape[-1]),)
            return {
                f"{edge}_var": layer.add_weight(
                    f"{name}_{edge}", shape=size, initializer=constant(start), trainable=False
                )
                for edge, start in (("min", -6.0), ("max", 6.0))
            }

    return KernelQuantizer


class _ConfigBase:
    """What both configurations have in common: activations are left alone."""

    def get_activations_and_quantizers(self, layer: Any) -> list[Any]:
        """None of them."""
        return []

    def set_quantize_activations(self, layer: Any, quantize_activations: Any) -> None:
        """There are none."""


def _passing_config(quantization: Any) -> Any:
    class PassingConfig(_ConfigBase, quantization.QuantizeConfig):  # type: ignore[misc]
        """No weights; the output gets a range of its own or none."""

        def __init__(self, quantize_output: bool) -> None:
            self.quantize_output = quantize_output
            self.output_quantizer = quantization.quantizers.MovingAverageQuantizer(
                num_bits=8, per_axis=False, symmetric=False, narrow_range=False
            )

        def get_weights_and_quantizers(self, layer: Any) -> list[Any]:
            return []

        def set_quantize_weights(self, layer: Any, quantize_weights: Any) -> None:
            """There are none."""

        def get_output_quantizers(self, layer: Any) -> list[Any]:
            return [self.output_quantizer] if self.quantize_output else []

        def get_config(self) -> dict[str, Any]:
            return {"quantize_output": self.quantize_output}

    return PassingConfig


def _kernel_config(quantization: Any, quantizer: Any) -> Any:
    class KernelConfig(_ConfigBase, quantization.QuantizeConfig):  # type: ignore[misc]
        """The kernel is rounded; the output's range is that of the layer behind."""

        def __init__(self, attribute: str) -> None:
            self.attribute = attribute

        def get_weights_and_quantizers(self, layer: Any) -> list[Any]:
            kernel = getattr(layer, self.attribute)
            per_axis = len(kernel.shape) == 4
            return [
                (
                    kernel,
                    quantizer(num_bits=8, per_axis=per_axis, symmetric=True, narrow_range=True),
                )
            ]

        def set_quantize_weights(self, layer: Any, quantize_weights: Any) -> None:
            setattr(layer, self.attribute, quantize_weights[0])

        def get_output_quantizers(self, layer: Any) -> list[Any]:
            return []

        def get_config(self) -> dict[str, Any]:
            return {"attribute": self.attribute}

    return KernelConfig
