"""Functions of one int8 element that no kernel computes: a table of their 256 results.

What other converters leave in float between DEQUANTIZE and QUANTIZE, and comparisons and choices
among it, is mostly an activation: ELU, Mish, Softplus. However it is computed, one int8 element has
256 values, so that the runtime whose bytes count says what becomes of each of them. Unlike what
runs in float on the device, a table is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.ops.movement.gather import OF_INT8
from tinycompress.codegen.rewrite import map_ops
from tinycompress.errors import ModelError
from tinycompress.ir.arithmetic import INT8_MAX, INT8_MIN
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.parts.pointwise import POINTWISE
from tinycompress.oracle import Oracle

Results = npt.NDArray[np.int8]

_VALUES = INT8_MAX - INT8_MIN + 1
_TYPES = frozenset({DType.BOOL, DType.FLOAT32, DType.INT8, DType.INT16, DType.INT32, DType.INT64})
_FOREIGN = frozenset({DType.BOOL, DType.FLOAT32})
_CONSTANT = -1
"""In place of a root: the tensor has one known value, however many elements."""


@dataclass(frozen=True)
class _Function:
    """``ops`` compute ``result`` of ``root``, both int8, element by element."""

    root: int
    result: int
    ops: tuple[Op, ...]


def tabulate_functions(graph: Graph, exact_to: ExactTo) -> Graph:
    """Look up what is a function of one int8 element, where operators lack or compute in float.

    Args:
        graph: The graph with its state resolved, none of its operators changed.
        exact_to: The runtime that computes the results. What it does not run stays as it is.
    """
    roots = _roots(graph)
    makers = {output: op for op in graph.ops for output in op.outputs}
    tables: dict[int, Op] = {}
    tensors = list(graph.tensors)
    left, seen = _needed(graph, roots), set[int]()
    while left:
        index = left.pop()
        if index in seen or index not in roots:
            continue
        seen.add(index)
        function = _function(graph, makers, index, roots[index])
        results = None if function is None else _computed(graph, function, exact_to)
        if function is None or results is None:
            # Perhaps what it is computed of is one.
            left += makers[index].inputs
            continue
        tensors.append(_table(graph.tensors[index], len(tensors), results))
        tables[index] = _look_up(function, len(tensors) - 1)
    if not tables:
        return graph
    changed = map_ops(graph, lambda op: tables.get(op.outputs[0], op) if op.outputs else op)
    return replace(changed, tensors=tuple(tensors))


def _needed(graph: Graph, roots: Mapping[int, int]) -> list[int]:
    """The tensors that operators read which are no part of a function, or that are outputs."""
    others = (op for op in graph.ops if roots.keys().isdisjoint(op.outputs))
    return [*graph.outputs, *(index for op in others for index in op.inputs)]


def _table(result: Tensor, index: int, results: Results) -> Tensor:
    return replace(
        result, index=index, name=f"{result.name}/table", shape=results.shape, data=results
    )


def _look_up(function: _Function, table: int) -> Op:
    last = function.ops[-1]
    options = MappingProxyType({"axis": 0, "batch_dims": 0, OF_INT8: True})
    return Op(last.index, "GATHER", (table, function.root), (function.result,), options)


def _function(graph: Graph, makers: Mapping[int, Op], index: int, root: int) -> _Function | None:
    """What computes a tensor of its root, where that is to become a table."""
    tensor = graph.tensors[index]
    if root == _CONSTANT or tensor.dtype is not DType.INT8 or not _has_one_scale(tensor):
        return None
    ops = tuple(_behind(makers, index, root))
    return _Function(root, index, ops) if any(_is_foreign(graph, op) for op in ops) else None


def _is_foreign(graph: Graph, op: Op) -> bool:
    """Whether an operator has no kernel for integers."""
    moving = (graph.tensors[i] for i in (*op.inputs, *op.outputs))
    return op.kind not in OPS or any(t.dtype in _FOREIGN and not t.is_constant for t in moving)


def _roots(graph: Graph) -> dict[int, int]:
    """Of every tensor that is a function of one int8 tensor alone, which that is."""
    roots: dict[int, int] = {}
    for op in graph.ops:
        if op.kind not in POINTWISE or len(op.outputs) != 1 or min(op.inputs, default=-1) < 0:
            continue
        found = {_root(graph.tensors[index], roots) for index in op.inputs}
        moving = found - {_CONSTANT}
        output = graph.tensors[op.outputs[0]]
        if None in found or len(moving) > 1 or output.dtype not in _TYPES or output.is_variable:
            continue
        root = next(iter(moving), _CONSTANT)
        if root is not None and (root == _CONSTANT or output.shape == graph.tensors[root].shape):
            roots[output.index] = root
    return roots


def _root(tensor: Tensor, roots: Mapping[int, int]) -> int | None:
    """What a tensor is a function of; None if that is no single int8 element."""
    if tensor.index in roots:
        return roots[tensor.index]
    if tensor.data is not None:
        return _CONSTANT if _is_uniform(tensor) else None
    known = tensor.dtype is DType.INT8 and not tensor.is_variable and _has_one_scale(tensor)
    return tensor.index if known and tensor.shape and tensor.elements else None


def _is_uniform(tensor: Tensor) -> bool:
    """Whether a constant is the same in every place."""
    known = tensor.dtype in _TYPES and _has_one_scale(tensor) and not tensor.is_variable
    if not known or tensor.data is None or tensor.data.size == 0:
        return False
    # As bytes: a zero has a sign, and a NaN is like itself.
    each = np.ascontiguousarray(tensor.data).reshape(-1, 1).view(np.uint8)
    return bool((each == each[0]).all())


def _has_one_scale(tensor: Tensor) -> bool:
    return tensor.quantization is None or not tensor.quantization.per_channel


def _behind(makers: Mapping[int, Op], result: int, root: int) -> list[Op]:
    """The operators from a root to a result, in their order."""
    found: dict[int, Op] = {}
    left = [result]
    while left:
        index = left.pop()
        maker = makers.get(index)
        if index != root and maker is not None and maker.index not in found:
            found[maker.index] = maker
            left += maker.inputs
    return [found[index] for index in sorted(found)]


def _computed(graph: Graph, function: _Function, exact_to: ExactTo) -> Results | None:
    """The results of -128 .. 127; None where the runtime does not compute them."""
    # The schema of .tflite files, for which other builds need not wait.
    from tinycompress.ir.parts.graph_file import part_as_file

    root = graph.tensors[function.root]
    shape = (*(1 for _ in root.shape[1:]), _VALUES)
    used = dict.fromkeys(i for op in function.ops for i in (*op.inputs, *op.outputs))
    tensors = tuple(_resized((graph.tensors[i] for i in used), root.shape, shape))
    part = part_as_file(tensors, function.ops, [function.root], [function.result])
    return _run(part, shape, exact_to)


def _resized(
    tensors: Iterable[Tensor], old: tuple[int, ...], new: tuple[int, ...]
) -> Iterator[Tensor]:
    """Tensors with one element for each value; what has one value anyway is kept small."""
    for tensor in tensors:
        shape = new if tensor.shape == old else tuple(1 for _ in tensor.shape)
        data = None if tensor.data is None else np.full(shape, tensor.data.reshape(-1)[0])
        yield replace(tensor, shape=shape, data=data)


@lru_cache(maxsize=256)
def _run(part: bytes, shape: tuple[int, ...], exact_to: ExactTo) -> Results | None:
    try:
        oracle = Oracle(part, exact_to)
    except ModelError:
        return None
    try:
        (results,) = oracle.run(np.arange(INT8_MIN, INT8_MAX + 1).astype(np.int8).reshape(shape))
    except ModelError:
        return None
    finally:
        oracle.close()
    stored: Results = results.reshape(-1)
    stored.flags.writeable = False
    return stored
