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
    join,
    maximum_minimum,
    mean,
    mul,
    pad,
    pool_2d,
    prelu,
    quantize,
    relu,
    reshape,
    slice,
    softmax,
    split,
    squared_difference,
    sub,
    tables,
    transpose,
    variables,
)
from tinycompress.codegen.ops.base import Constraint, OpSpec, rule_of

OPS: Mapping[str, OpSpec] = MappingProxyType(
    {
        "ABS": tables.ABS,
        "ADD": add.SPEC,
        "ASSIGN_VARIABLE": variables.ASSIGN_VARIABLE,
        "AVERAGE_POOL_2D": pool_2d.SPEC,
        "CALL_ONCE": variables.CALL_ONCE,
        "CONCATENATION": join.SPEC,
        "CONV_2D": conv_2d.SPEC,
        "DEPTHWISE_CONV_2D": depthwise_conv_2d.SPEC,
        "DEQUANTIZE": dequantize.SPEC,
        "ELU": tables.ELU,
        "EXP": tables.EXP,
        "EXPAND_DIMS": reshape.SPEC,
        "FULLY_CONNECTED": fully_connected.SPEC,
        "HARD_SWISH": tables.HARD_SWISH,
        "LEAKY_RELU": tables.LEAKY_RELU,
        "LOGISTIC": tables.LOGISTIC,
        "MAXIMUM": maximum_minimum.MAXIMUM,
        "MAX_POOL_2D": pool_2d.SPEC,
        "MEAN": mean.SPEC,
        "MINIMUM": maximum_minimum.MINIMUM,
        "MUL": mul.SPEC,
        "PACK": join.SPEC,
        "PAD": pad.SPEC,
        "PRELU": prelu.SPEC,
        "QUANTIZE": quantize.SPEC,
        "READ_VARIABLE": variables.READ_VARIABLE,
        "RELU": relu.SPEC,
        "RELU6": relu.SPEC,
        "RESHAPE": reshape.SPEC,
        "REVERSE_V2": slice.REVERSE_V2,
        "RSQRT": tables.RSQRT,
        "SLICE": slice.SLICE,
        "SOFTMAX": softmax.SPEC,
        "SPLIT": split.SPLIT,
        "SPLIT_V": split.SPLIT_V,
        "SQUARED_DIFFERENCE": squared_difference.SPEC,
        "SQUEEZE": reshape.SPEC,
        "STRIDED_SLICE": slice.STRIDED_SLICE,
        "SUB": sub.SPEC,
        "TANH": tables.TANH,
        "TRANSPOSE": transpose.SPEC,
        "UNPACK": split.UNPACK,
        "VAR_HANDLE": variables.VAR_HANDLE,
    }
)

__all__ = ["OPS", "Constraint", "OpSpec", "rule_of"]
