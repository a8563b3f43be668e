"""Compute on the host what depends on constants and shapes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.ops.movement.slice import sliced
from tinycompress.codegen.rewrite import with_constants
from tinycompress.ir.graph import DType, Graph, Op

Array = npt.NDArray[Any]
Evaluate = Callable[[Graph, Op, list[Array]], Array | None]
"""The value of an operator's output from its inputs', None if it is left to the device."""

_INTEGERS = frozenset({DType.INT32, DType.INT64})
MAX_ELEMENTS = 4096
"""Shapes and indices are far smaller; weights that something computes are left alone."""


def fold_constants(graph: Graph) -> Graph:
    """Replace shape arithmetic by its results: int32 and int64 tensors that no input reaches."""
    for op in graph.ops:
        value = _value(graph, op)
        if value is None:
            continue
        graph = with_constants(graph, {op.outputs[0]: value})
        graph = replace(graph, ops=tuple(other for other in graph.ops if other is not op))
    return graph


def _value(graph: Graph, op: Op) -> Array | None:
    if op.kind not in _EVALUATORS or len(op.outputs) != 1 or not op.inputs or min(op.inputs) < 0:
        return None
    target = graph.tensors[op.outputs[0]]
    if target.dtype not in _INTEGERS or target.elements > MAX_ELEMENTS:
        return None
    if op.outputs[0] in graph.outputs:
        return None
    tensors = [graph.tensors[index] for index in op.inputs]
    data = [] if op.kind == "SHAPE" else [t.data for t in tensors if t.data is not None]
    if op.kind != "SHAPE" and (
        len(data) < len(tensors)
        or any(t.dtype not in _INTEGERS or t.elements > MAX_ELEMENTS for t in tensors)
    ):
        return None
    value = _EVALUATORS[op.kind](graph, op, data)
    # What disagrees with the file is left for the checks to refuse.
    if value is None or value.shape != target.shape:
        return None
    found = value.astype(target.dtype.numpy)
    found.setflags(write=False)
    return found


def _shape(graph: Graph, op: Op, data: list[Array]) -> Array:
    return np.array(graph.tensors[op.inputs[0]].shape, np.int64)


def _strided_slice(graph: Graph, op: Op, data: list[Array]) -> Array | None:
    return sliced(graph, op)


def _axis(op: Op, rank: int) -> int | None:
    axis = op.options.get("axis", 0)
    return int(axis) if isinstance(axis, int) and -rank <= axis < rank else None


def _pack(graph: Graph, op: Op, data: list[Array]) -> Array | None:
    axis = _axis(op, data[0].ndim + 1)
    same = len({array.shape for array in data}) == 1
    return np.stack(data, axis) if axis is not None and same else None


def _concatenation(graph: Graph, op: Op, data: list[Array]) -> Array | None:
    axis = _axis(op, data[0].ndim)
    plain = op.options.get("fused_activation_function", "NONE") == "NONE"
    return np.concatenate(data, axis) if axis == 0 and plain and data[0].ndim == 1 else None


def _gather(graph: Graph, op: Op, data: list[Array]) -> Array | None:
    values, indices = data if len(data) == 2 else (np.zeros(0), np.zeros(1))
    inside = indices.size and indices.min() >= 0 and indices.max() < values.size
    flat = values.ndim == 1 and not op.options.get("batch_dims", 0)
    return values[indices] if flat and inside else None


def _cast(graph: Graph, op: Op, data: list[Array]) -> Array:
    return data[0]


def _product(graph: Graph, op: Op, data: list[Array]) -> Array | None:
    if len(data) != 2 or data[0].ndim != 1 or set(data[1].reshape(-1).tolist()) - {0, -1}:
        return None
    # Without wrapping: beyond the type there is no shape to speak of.
    total = int(np.prod(data[0].astype(object)))
    if not data[1].size or abs(total) >= 2**31:
        return None
    return np.array(total, np.int64).reshape((1,) if op.options.get("keep_dims") else ())


def _arithmetic(function: Callable[[Array, Array], Array]) -> Evaluate:
    def evaluate(graph: Graph, op: Op, data: list[Array]) -> Array | None:
        plain = op.options.get("fused_activation_function", "NONE") == "NONE"
        if len(data) != 2 or not plain or not _broadcast(*data):
            return None
        wide = [array.astype(np.int64) for array in data]
        if any(np.abs(array).max(initial=0) >= 2**31 for array in wide):
            return None
        value = function(*wide)
        return value if np.abs(value).max(initial=0) < 2**31 else None

    return evaluate


def _broadcast(a: Array, b: Array) -> bool:
    return a.shape == b.shape or a.size == 1 or b.size == 1


_EVALUATORS: Mapping[str, Evaluate] = MappingProxyType(
    {
        "SHAPE": _shape,
        "STRIDED_SLICE": _strided_slice,
        "PACK": _pack,
        "CONCATENATION": _concatenation,
        "GATHER": _gather,
        "CAST": _cast,
        "REDUCE_PROD": _product,
        "ADD": _arithmetic(np.add),
        "SUB": _arithmetic(np.subtract),
        "MUL": _arithmetic(np.multiply),
        "MAXIMUM": _arithmetic(np.maximum),
        "MINIMUM": _arithmetic(np.minimum),
    }
)
