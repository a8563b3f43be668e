"""Every operator that the engine knows, one module per operator or tight family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.codegen.ops import (
    add,
    conv_2d,
    depthwise_conv_2d,
    dequantize,
    fully_connected,
    mean,
    pad,
    pool_2d,
    quantize,
    relu,
    reshape,
    softmax,
)
from tinycompress.codegen.ops.base import Constraint, OpSpec, rule_of

OPS: Mapping[str, OpSpec] = MappingProxyType(
    {
        "ADD": add.SPEC,
        "AVERAGE_POOL_2D": pool_2d.SPEC,
        "CONV_2D": conv_2d.SPEC,
        "DEPTHWISE_CONV_2D": depthwise_conv_2d.SPEC,
        "DEQUANTIZE": dequantize.SPEC,
        "EXPAND_DIMS": reshape.SPEC,
        "FULLY_CONNECTED": fully_connected.SPEC,
        "MAX_POOL_2D": pool_2d.SPEC,
        "MEAN": mean.SPEC,
        "PAD": pad.SPEC,
        "QUANTIZE": quantize.SPEC,
        "RELU": relu.SPEC,
        "RELU6": relu.SPEC,
        "RESHAPE": reshape.SPEC,
        "SOFTMAX": softmax.SPEC,
        "SQUEEZE": reshape.SPEC,
    }
)

__all__ = ["OPS", "Constraint", "OpSpec", "rule_of"]
