"""Float islands that are the same on integers: what only chooses or moves elements."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinycompress.artifacts import TensorSpec
from tinycompress.codegen.rewrite import consumers
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.quantize import dequantize, quantize

_CHOOSING = frozenset(
    {
        "REDUCE_MAX", "REDUCE_MIN", "MAX_POOL_2D", "RESHAPE", "SQUEEZE", "EXPAND_DIMS",
        "TRANSPOSE", "SLICE", "STRIDED_SLICE",
    }
)  # fmt: skip
"""Operators each of whose outputs is one of the elements of its first input."""

_PLACES = frozenset({"ARG_MAX", "ARG_MIN"})
"""Operators that tell where the largest or smallest element is."""

_QUANTISED = (DType.INT8, DType.INT16)


@dataclass(frozen=True)
class _Island:
    """DEQUANTIZE of ``source``, ``chain``, QUANTIZE as ``end``: None behind ARG_MAX and ARG_MIN."""

    source: Tensor
    chain: tuple[Op, ...]
    end: Op | None


def integer_islands(graph: Graph) -> Graph:
    """Compute on the integers where DEQUANTIZE and QUANTIZE around an island give them back.

    Both are monotone, so that a choice among the real values is one among the stored ones; that
    QUANTIZE gives every stored value back is tried on all of them. For ARG_MAX and ARG_MIN it is
    enough that different stored values are different real ones.
    """
    for op in graph.ops:
        island = _ending_at(graph, op)
        if island is not None and _is_exact(graph, island):
            graph = _on_integers(graph, island)
    return graph


def _ending_at(graph: Graph, last: Op) -> _Island | None:
    """The island whose last operator this is."""
    if last.kind not in ("QUANTIZE", *_PLACES) or not last.inputs or len(last.outputs) != 1:
        return None
    makers = {index: op for op in graph.ops for index in op.outputs}
    readers = consumers(graph)
    chain = [] if last.kind == "QUANTIZE" else [last]
    at = last.inputs[0]
    while (maker := makers.get(at)) is not None and _is_private(graph, readers, at):
        if maker.kind == "DEQUANTIZE":
            source = graph.tensors[maker.inputs[0]]
            end = last if last.kind == "QUANTIZE" else None
            return _Island(source, tuple(reversed(chain)), end) if chain else None
        if maker.kind not in _CHOOSING or not _is_plain(maker):
            return None
        chain.append(maker)
        at = maker.inputs[0]
    return None


def _is_private(graph: Graph, readers: dict[int, list[Op]], index: int) -> bool:
    """Whether one operator alone reads a float tensor, so that its type may change."""
    single = len(readers.get(index, [])) == 1 and index not in graph.outputs
    return single and graph.tensors[index].dtype is DType.FLOAT32


def _is_plain(op: Op) -> bool:
    return len(op.outputs) == 1 and op.options.get("fused_activation_function", "NONE") == "NONE"


def _is_exact(graph: Graph, island: _Island) -> bool:
    source, q = island.source, island.source.quantization
    if source.dtype not in _QUANTISED or source.is_constant or q is None or q.per_channel:
        return False
    limits = np.iinfo(source.dtype.numpy)
    stored = np.arange(limits.min, limits.max + 1, dtype=np.int32).astype(source.dtype.numpy)
    with np.errstate(over="ignore"):
        real = dequantize(stored, _spec(source))
    if island.end is None:
        finite = bool(np.isfinite(real).all())
        return source.dtype is DType.INT8 and finite and bool((np.diff(real) > 0).all())
    target = graph.tensors[island.end.outputs[0]]
    if target.dtype is not source.dtype or target.quantization != q:
        return False
    return bool((quantize(real, _spec(target)) == stored).all())


def _spec(tensor: Tensor) -> TensorSpec:
    q = tensor.quantization
    if q is None:
        raise ValueError(f"tensor '{tensor.name}' has no quantisation")
    return TensorSpec(tensor.name, tensor.shape, tensor.dtype.value, q.scale, q.zero_point)


def _on_integers(graph: Graph, island: _Island) -> Graph:
    """The chain on the stored values, from DEQUANTIZE's input to QUANTIZE's output."""
    inside = {op.outputs[0] for op in island.chain if graph.tensors[op.outputs[0]].dtype
              is DType.FLOAT32}  # fmt: skip
    dtype, q = island.source.dtype, island.source.quantization
    tensors = tuple(
        replace(tensor, dtype=dtype, quantization=q) if tensor.index in inside else tensor
        for tensor in graph.tensors
    )
    first, last = island.chain[0].index, island.chain[-1].index

    def change(op: Op) -> Op | None:
        if island.end is not None and op.index == island.end.index:
            return None
        if op.index == first:
            op = replace(op, inputs=(island.source.index, *op.inputs[1:]))
        if op.index == last and island.end is not None:
            op = replace(op, outputs=island.end.outputs)
        return op

    ops = tuple(new for op in graph.ops if (new := change(op)) is not None)
    return replace(graph, tensors=tensors, ops=ops)
