"""The model inputs that index into a tensor, with their ranges: random inputs must stay inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from tinycompress.ir.graph import Graph, Op

Largest = npt.NDArray[np.int64]
"""The largest index, for the whole tensor or along its last dimension; the smallest is 0."""

_INDICES = 1
_DATA: Mapping[str, slice] = {
    "CONCATENATION": slice(None),
    "PACK": slice(None),
    "SPLIT": slice(1, 2),
    **dict.fromkeys(
        (
            "BROADCAST_TO", "CAST", "EXPAND_DIMS", "GATHER", "GATHER_ND", "RESHAPE", "REVERSE_V2",
            "SLICE", "SPLIT_V", "SQUEEZE", "STRIDED_SLICE", "TILE", "TRANSPOSE", "UNPACK",
        ),
        slice(0, 1),
    ),
}  # fmt: skip
"""Operators that hand values on as they are, and the inputs from which they take them."""


def index_ranges(graph: Graph) -> dict[int, Largest]:
    """The largest values of inputs that reach the indices of a GATHER or GATHER_ND as they are.

    Args:
        graph: The main subgraph.

    Returns:
        By the position among ``graph.inputs``. Values that are computed on their way are not
        followed.
    """
    writers = {index: op for op in graph.ops for index in op.outputs}
    found: dict[int, Largest] = {}
    pending = [bound for op in graph.ops for bound in _bounds(graph, op)]
    while pending:
        index, largest = pending.pop()
        known = found.get(index)
        smaller = largest if known is None else np.minimum(known, largest)
        if known is not None and np.array_equal(smaller, np.broadcast_to(known, smaller.shape)):
            continue
        found[index] = smaller
        if index in writers:
            taken = writers[index].inputs[_DATA.get(writers[index].kind, slice(0))]
            pending += [(source, smaller.min()) for source in taken if source >= 0]
    return {position: found[index] for position, index in enumerate(graph.inputs) if index in found}


def _bounds(graph: Graph, op: Op) -> Iterator[tuple[int, Largest]]:
    """The indices of an operator, with what they may be at most."""
    if op.kind not in ("GATHER", "GATHER_ND") or len(op.inputs) != 2 or min(op.inputs) < 0:
        return
    shape, indices = graph.tensors[op.inputs[0]].shape, graph.tensors[op.inputs[_INDICES]]
    axis = op.options.get("axis", 0)
    if op.kind == "GATHER" and isinstance(axis, int) and -len(shape) <= axis < len(shape):
        yield indices.index, np.array(shape[axis] - 1, np.int64)
    elif op.kind == "GATHER_ND" and indices.shape and 1 <= indices.shape[-1] <= len(shape):
        yield indices.index, np.array(shape[: indices.shape[-1]], np.int64) - 1
