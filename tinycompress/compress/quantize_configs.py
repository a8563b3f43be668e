"""How TF-MOT is to quantise layer types that its registry lacks."""

from __future__ import annotations

from typing import Any

from tinycompress import _tf

_OUTPUT_RANGE = frozenset(
    {"Subtract", "Multiply", "Average", "Maximum", "Minimum", "PReLU", "ELU", "ReLU"}
)
"""Kinds whose output has a range of its own."""

_RANGE_OF_INPUT = frozenset({"MaxPooling1D", "UpSampling1D"})
"""Kinds that only move values, so that input and output share a range."""

_OF_TF_MOT = frozenset(
    {
        "Dense", "Conv2D", "Conv2DTranspose", "DepthwiseConv2D", "Activation", "ReLU", "LeakyReLU",
        "Softmax", "Concatenate", "Add", "Flatten", "Reshape", "Permute", "Dropout",
        "SpatialDropout1D", "SpatialDropout2D", "Cropping1D", "Cropping2D", "ZeroPadding1D",
        "ZeroPadding2D", "UpSampling2D", "AveragePooling1D", "AveragePooling2D", "MaxPooling2D",
        "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
    }
)  # fmt: skip


def supported_kinds() -> frozenset[str]:
    """Layer classes that can be trained with int8 rounding."""
    return _OF_TF_MOT | _OUTPUT_RANGE | _RANGE_OF_INPUT


def quantize_config(kind: str) -> Any:
    """The configuration for a class that TF-MOT has none for; None where it has one."""
    if kind in _OF_TF_MOT:
        return None
    return _config_class()(quantize_output=kind in _OUTPUT_RANGE)


def _config_class() -> Any:
    tfmot = _tf.tfmot().quantization.keras

    class PassingConfig(tfmot.QuantizeConfig):  # type: ignore[misc, name-defined]
        """No weights; the output gets a range of its own or none."""

        def __init__(self, quantize_output: bool) -> None:
            self.quantize_output = quantize_output
            self.activation_quantizer = tfmot.quantizers.MovingAverageQuantizer(
                num_bits=8, per_axis=False, symmetric=False, narrow_range=False
            )

        def get_weights_and_quantizers(self, layer: Any) -> list[Any]:
            return []

        def get_activations_and_quantizers(self, layer: Any) -> list[Any]:
            return []

        def set_quantize_weights(self, layer: Any, quantize_weights: Any) -> None:
            """There are none."""

        def set_quantize_activations(self, layer: Any, quantize_activations: Any) -> None:
            """There are none."""

        def get_output_quantizers(self, layer: Any) -> list[Any]:
            return [self.activation_quantizer] if self.quantize_output else []

        def get_config(self) -> dict[str, Any]:
            return {"quantize_output": self.quantize_output}

    return PassingConfig
