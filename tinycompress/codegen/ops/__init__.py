"""Every operator that the engine knows, one module per operator or tight family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.codegen.ops.base import Constraint, OpSpec, rule_of
from tinycompress.codegen.ops.conv import conv_2d, transpose_conv
from tinycompress.codegen.ops.dense import batch_matmul, fully_connected
from tinycompress.codegen.ops.depthwise import depthwise_conv_2d
from tinycompress.codegen.ops.elementwise import (
    add,
    cast,
    dequantize,
    div,
    maximum_minimum,
    mul,
    prelu,
    quantize,
    relu,
    relu_1,
    squared_difference,
    sub,
    tables,
)
from tinycompress.codegen.ops.movement import (
    broadcast_to,
    gather,
    gather_nd,
    join,
    mirror_pad,
    pad,
    pad_v2,
    reshape,
    resize,
    slice,
    space,
    split,
    transpose,
)
from tinycompress.codegen.ops.pool import pool_2d
from tinycompress.codegen.ops.recurrent import lstm, steps, svdf, variables
from tinycompress.codegen.ops.reduce import (
    arg_max,
    l2_normalization,
    log_softmax,
    mean,
    reduce_sum,
    softmax,
)
from tinycompress.codegen.ops.reduce import reduce_max_min as reduce
from tinycompress.codegen.ops.signal import filter_bank, spectrum
from tinycompress.ir.graph import Op

OPS: Mapping[str, OpSpec] = MappingProxyType(
    {
        "ABS": tables.ABS,
        "ADD": add.SPEC,
        "ARG_MAX": arg_max.SPEC,
        "ARG_MIN": arg_max.SPEC,
        "ASSIGN_VARIABLE": variables.ASSIGN_VARIABLE,
        "AVERAGE_POOL_2D": pool_2d.AVERAGE,
        "BATCH_MATMUL": batch_matmul.SPEC,
        "BATCH_TO_SPACE_ND": space.BATCH,
        "BROADCAST_TO": broadcast_to.SPEC,
        "CALL_ONCE": variables.CALL_ONCE,
        "CAST": cast.SPEC,
        "CONCATENATION": join.SPEC,
        "CONV_2D": conv_2d.SPEC,
        "CUSTOM:SignalEnergy": spectrum.ENERGY,
        "CUSTOM:SignalFftAutoScale": spectrum.AUTO_SCALE,
        "CUSTOM:SignalFilterBank": filter_bank.BANK,
        "CUSTOM:SignalFilterBankLog": filter_bank.LOG,
        "CUSTOM:SignalFilterBankSpectralSubtraction": filter_bank.SUBTRACTION,
        "CUSTOM:SignalFilterBankSquareRoot": filter_bank.ROOT,
        "CUSTOM:SignalPCAN": filter_bank.PCAN,
        "CUSTOM:SignalRfft": spectrum.RFFT,
        "CUSTOM:SignalWindow": spectrum.WINDOW,
        "DEPTHWISE_CONV_2D": depthwise_conv_2d.SPEC,
        "DEPTH_TO_SPACE": space.DEPTH,
        "DEQUANTIZE": dequantize.SPEC,
        "DIV": div.SPEC,
        "ELU": tables.ELU,
        "EXP": tables.EXP,
        "EXPAND_DIMS": reshape.SPEC,
        "FULLY_CONNECTED": fully_connected.SPEC,
        "GATHER": gather.GATHER,
        "GATHER_ND": gather_nd.SPEC,
        "GELU": tables.GELU,
        "HARD_SWISH": tables.HARD_SWISH,
        "L2_NORMALIZATION": l2_normalization.SPEC,
        "LEAKY_RELU": tables.LEAKY_RELU,
        "LOGISTIC": tables.LOGISTIC,
        "LOG_SOFTMAX": log_softmax.SPEC,
        "MAXIMUM": maximum_minimum.MAXIMUM,
        "MAX_POOL_2D": pool_2d.MAX,
        "MEAN": mean.SPEC,
        "MINIMUM": maximum_minimum.MINIMUM,
        "MIRROR_PAD": mirror_pad.SPEC,
        "MUL": mul.SPEC,
        "NEG": tables.NEG,
        "PACK": join.SPEC,
        "PAD": pad.SPEC,
        "PADV2": pad_v2.SPEC,
        "PRELU": prelu.SPEC,
        "QUANTIZE": quantize.SPEC,
        "READ_VARIABLE": variables.READ_VARIABLE,
        "REDUCE_MAX": reduce.SPEC,
        "REDUCE_MIN": reduce.SPEC,
        "RELU": relu.SPEC,
        "RELU6": relu.SPEC,
        "RELU_0_TO_1": relu_1.SPEC,
        "RELU_N1_TO_1": relu_1.SPEC,
        "RESHAPE": reshape.SPEC,
        "RESIZE_BILINEAR": resize.BILINEAR,
        "RESIZE_NEAREST_NEIGHBOR": resize.NEAREST,
        "REVERSE_V2": slice.REVERSE_V2,
        "RSQRT": tables.RSQRT,
        "SLICE": slice.SLICE,
        "SOFTMAX": softmax.SPEC,
        "SPACE_TO_BATCH_ND": space.BATCH,
        "SPACE_TO_DEPTH": space.DEPTH,
        "SPLIT": split.SPLIT,
        "SPLIT_V": split.SPLIT_V,
        "SQRT": tables.SQRT,
        "SQUARED_DIFFERENCE": squared_difference.SPEC,
        "SQUEEZE": reshape.SPEC,
        "STRIDED_SLICE": slice.STRIDED_SLICE,
        "SUB": sub.SPEC,
        "SUM": reduce_sum.SPEC,
        "SVDF": svdf.SPEC,
        **steps.SPECS,
        "TANH": tables.TANH,
        "TILE": gather.TILE,
        "TRANSPOSE": transpose.SPEC,
        "TRANSPOSE_CONV": transpose_conv.SPEC,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm.SPEC,
        "UNPACK": split.UNPACK,
        "VAR_HANDLE": variables.VAR_HANDLE,
    }
)


def is_view(op: Op) -> bool:
    """Whether an operator only names its input's bytes anew, so that nothing runs for it."""
    return op.full_kind in OPS and OPS[op.full_kind].lower is None


INTERNAL = frozenset(steps.SPECS)
"""Operators that passes make, and that no file has."""

__all__ = ["INTERNAL", "OPS", "Constraint", "OpSpec", "is_view", "rule_of"]
