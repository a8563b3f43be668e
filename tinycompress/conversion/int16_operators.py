"""Which operators have a 16x8 form, asked before anything is quantised.

TensorFlow's converter stops at the first operator that it cannot quantise to 16x8, and says only
its kind; others it quantises although no runtime computes them. Here the float graph becomes a
float ``.tflite`` first, which takes a fraction of the time of calibration and has the operators
that the quantised file would have, and all those that lack int16 are named together.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.conversion.quantize import to_floats
from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Graph, Op
from tinycompress.ir.reader import read_model

_RUNTIMES: dict[ExactTo, str] = {"tflm": "TensorFlow Lite Micro", "litert": "LiteRT"}
_BOTH = frozenset(_RUNTIMES)
_ON_BOTH = (
    "ABS", "ADD", "AVERAGE_POOL_2D", "BATCH_MATMUL", "CONCATENATION", "CONV_2D",
    "DEPTHWISE_CONV_2D", "EXPAND_DIMS", "FULLY_CONNECTED", "LEAKY_RELU", "LOGISTIC", "MAXIMUM",
    "MAX_POOL_2D", "MEAN", "MINIMUM", "MUL", "PACK", "PAD", "QUANTIZE", "RELU", "RELU6", "RESHAPE",
    "RESIZE_NEAREST_NEIGHBOR", "REVERSE_V2", "RSQRT", "SLICE", "SOFTMAX", "SPLIT", "SPLIT_V",
    "SQUEEZE", "STRIDED_SLICE", "SUB", "TANH", "TRANSPOSE", "TRANSPOSE_CONV", "UNPACK",
)  # fmt: skip
_ON_LITERT = (
    "BATCH_TO_SPACE_ND", "EXP", "GATHER", "GATHER_ND", "MIRROR_PAD", "REDUCE_MAX", "REDUCE_MIN",
    "RESIZE_BILINEAR", "SPACE_TO_BATCH_ND",
)  # fmt: skip
_ON_TFLM = ("BROADCAST_TO", "SQUARED_DIFFERENCE", "SUM")

INT16_OPERATORS: Mapping[str, frozenset[ExactTo]] = MappingProxyType(
    {
        **dict.fromkeys(_ON_BOTH, _BOTH),
        **dict.fromkeys(_ON_LITERT, frozenset[ExactTo]({"litert"})),
        **dict.fromkeys(_ON_TFLM, frozenset[ExactTo]({"tflm"})),
    }
)
"""Operators that the converter quantises to 16x8, with the runtimes that compute them so."""


def require_int16(frozen: FrozenGraph, exact_to: ExactTo) -> None:
    """Refuse what has no 16x8 form, before anything is quantised.

    Args:
        frozen: The float graph.
        exact_to: Runtime that must have the operators.

    Raises:
        ModelError: Operators that lack it, all of them, with the names of their layers; or
            TensorFlow cannot convert the model at all.
    """
    graph = read_model(to_floats(frozen)).main
    lacking = [(op, why) for op in graph.ops if (why := _lacks(graph, op, exact_to)) is not None]
    if not lacking:
        return
    elsewhere = all(INT16_OPERATORS.get(op.kind, frozenset()) for op, _ in lacking)
    other: ExactTo = "litert" if exact_to == "tflm" else "tflm"
    raise ModelError(
        "the model cannot have int16 activations",
        reasons=tuple(
            f"op {op.index} {op.kind} '{graph.layer_name(op)}': {why}" for op, why in lacking
        ),
        hint=f"{_RUNTIMES[other]} has them: --exact-to {other}"
        if elsewhere
        else "replace these layers, or leave the activations int8",
    )


def _lacks(graph: Graph, op: Op, exact_to: ExactTo) -> str | None:
    """Why an operator has no 16x8 form; None if it has one, or computes nothing that is float."""
    tensors = [graph.tensors[index] for index in (*op.inputs, *op.outputs) if index >= 0]
    if all(tensor.dtype is not DType.FLOAT32 for tensor in tensors):
        return None
    runtimes = INT16_OPERATORS.get(op.kind, frozenset())
    if exact_to in runtimes:
        return None
    if runtimes:
        (only,) = runtimes
        return f"{_RUNTIMES[only]} alone computes it on int16"
    return "no 16x8 form in TensorFlow's converter, or in the runtimes"
