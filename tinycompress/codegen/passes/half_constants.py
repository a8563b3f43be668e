"""Constants in half precision: weights stay as they are in flash, all else is expanded here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from tinycompress.codegen.rewrite import map_ops, with_constants
from tinycompress.ir.graph import DType, Graph, Op

_WEIGHTS: Mapping[str, int] = MappingProxyType(
    {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1}
)
"""By operator, the input for which there are kernels that read half precision."""


def read_half_constants(graph: Graph) -> Graph:
    """Take out DEQUANTIZE of float16 constants, which gives the same values as float32."""
    sources = {
        op.outputs[0]: op.inputs[0]
        for op in graph.ops
        if op.kind == "DEQUANTIZE" and _is_half_constant(graph, op)
    }
    if not sources:
        return graph
    expanded = {
        wide: np.asarray(graph.tensors[half].data).astype(np.float32)
        for wide, half in sources.items()
    }
    graph = with_constants(graph, expanded)

    def change(op: Op) -> Op | None:
        if op.kind == "DEQUANTIZE" and op.outputs[0] in sources:
            return None
        at = _WEIGHTS.get(op.kind)
        if at is None or at >= len(op.inputs) or op.inputs[at] not in sources:
            return op
        half = sources[op.inputs[at]]
        return replace(op, inputs=(*op.inputs[:at], half, *op.inputs[at + 1 :]))

    return map_ops(graph, change)


def _is_half_constant(graph: Graph, op: Op) -> bool:
    if len(op.inputs) != 1 or len(op.outputs) != 1 or min(*op.inputs, *op.outputs) < 0:
        return False
    half, wide = graph.tensors[op.inputs[0]], graph.tensors[op.outputs[0]]
    types = half.dtype is DType.FLOAT16 and wide.dtype is DType.FLOAT32
    # An output must be computed on the device: the checks refuse it as a constant.
    return types and half.data is not None and half.shape == wide.shape
