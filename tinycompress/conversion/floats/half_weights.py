"""Weights in half precision in a float file: as constants of float16 that DEQUANTIZE expands.

That is the form in which TensorFlow's own converter stores them. Every runtime expands them to the
same float32 values and computes on those; biases and other constants stay float32.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.reader import read_model
from tinycompress.ir.tflite_objects import (
    add_constant,
    drop_unread_buffers,
    empty_buffer,
    new_operator,
    packed,
    unpacked,
)

_KINDS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
_WEIGHTS = 1
"""The operand of these operators that holds weights."""
_DEQUANTIZE, _TAKES_FLOAT16 = schema.BuiltinOperator.DEQUANTIZE, 3
"""The operator, and its first version that takes float16."""
_LARGEST = float(np.finfo(np.float16).max)


def with_half_weights(tflite: bytes) -> bytes:
    """Round the float32 weights of convolutions and dense layers to half precision.

    Args:
        tflite: A float file; weights that are float16 already stay as they are.

    Raises:
        ModelError: A weight is beyond what half precision holds.
    """
    graph = read_model(tflite).main
    found = {
        tensor.index: _halves(graph, op, tensor)
        for op in graph.ops
        if (tensor := _float_weights(graph, op)) is not None
    }
    return _patched(tflite, found) if found else tflite


def _float_weights(graph: Graph, op: Op) -> Tensor | None:
    if op.kind not in _KINDS or len(op.inputs) <= _WEIGHTS or op.inputs[_WEIGHTS] < 0:
        return None
    tensor = graph.tensors[op.inputs[_WEIGHTS]]
    return tensor if tensor.is_constant and tensor.dtype is DType.FLOAT32 else None


def _halves(graph: Graph, op: Op, weights: Tensor) -> npt.NDArray[np.float16]:
    """The nearest numbers of half precision, ties to even."""
    values = np.asarray(weights.data, np.float32)
    largest = float(np.abs(values).max(initial=0.0))
    with np.errstate(over="ignore"):
        halves = values.astype(np.float16)
    if not np.isfinite(halves).all():
        raise ModelError(
            f"op {op.index} {op.kind} {graph.layer_name(op)!r} has a weight of {largest:g}; half"
            f" precision holds at most {_LARGEST:g}",
            hint="build it with --precision float32",
        )
    return halves


def _patched(tflite: bytes, found: dict[int, npt.NDArray[np.float16]]) -> bytes:
    model = unpacked(tflite)
    graph = model.subgraphs[0]
    made = []
    for index, halves in sorted(found.items()):
        wide = graph.tensors[index]
        half = add_constant(model, graph, bytes(wide.name or b"") + b"_half", halves)
        # The tensor is computed now.
        wide.buffer = empty_buffer(model)
        made.append(new_operator(model, _DEQUANTIZE, [half], [index], version=_TAKES_FLOAT16))
    graph.operators = [*made, *graph.operators]
    drop_unread_buffers(model)
    return packed(model)
