"""Dense layers do not look at the ends of their inputs that no output needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.simplify.edit import Editor
from tinycompress.codegen.simplify.products import products_of, stored_weights
from tinycompress.ir.graph import DType, Graph, Op, Tensor

_MULTIPLE = 4
"""What is left begins and ends at a whole word, so that it can stay where it lies."""


@dataclass(frozen=True)
class Trimmed:
    """The graph that is left, and how many inputs its dense layers have less."""

    graph: Graph
    inputs: int


def trim_unread_ends(graph: Graph) -> Trimmed:
    """Cut off leading and trailing inputs of FULLY_CONNECTED whose weights are all zero.

    What is left is a run of bytes in the same place: a SLICE that needs no copy, as a rule. Unread
    inputs between others stay: to close up the gaps would take a copy.
    """
    inputs = 0
    for op in graph.ops:
        run = _read_run(graph, op)
        if run is not None:
            inputs += o.operand(graph, op, 0).elements - (run.stop - run.start)
            graph = _sliced(graph, op, run)
    return Trimmed(graph, inputs)


def _read_run(graph: Graph, op: Op) -> range | None:
    """The inputs from the first to the last that some output reads; None if those are all."""
    products = products_of(graph, op) if op.kind == "FULLY_CONNECTED" else None
    x = o.operand(graph, op, 0) if products is not None else None
    # One row, all of it in the last dimension.
    if products is None or x is None or not x.elements == x.shape[-1] == products.weights[0].size:
        return None
    read = np.flatnonzero(products.weights.any(axis=(0, 1)))
    if not read.size:
        return None
    begin = int(read[0]) // _MULTIPLE * _MULTIPLE
    end = min(-(-(int(read[-1]) + 1) // _MULTIPLE) * _MULTIPLE, x.elements)
    return None if end - begin == x.elements else range(begin, end)


def _sliced(graph: Graph, op: Op, run: range) -> Graph:
    products, x = products_of(graph, op), o.operand(graph, op, 0)
    if products is None:
        raise ValueError(f"op {op.index} is no sum of products")
    editor, count = Editor(graph), len(run)
    tensor = o.operand(graph, op, 1)
    q = o.quantization(tensor)
    weights = products.weights[:, :, run.start : run.stop]
    stored = stored_weights(op, weights, (len(weights), count))
    editor.set_data(op, 1, stored + (0 if q.per_channel else q.zero_point))
    *outer, _ = x.shape
    part = editor.add(
        replace(x, name=f"{x.name} {run.start}-{run.stop - 1}", shape=(*outer, count))
    )
    begin = editor.add(_integers(f"{x.name} begin", [0] * len(outer) + [run.start]))
    size = editor.add(_integers(f"{x.name} size", [*outer, count]))
    editor.insert_before(op, Op(0, "SLICE", (x.index, begin, size), (part,), MappingProxyType({})))
    editor.set_input(op, 0, part)
    return editor.graph


def _integers(name: str, values: list[int]) -> Tensor:
    data = np.array(values, np.int32)
    data.setflags(write=False)
    return Tensor(0, name, data.shape, DType.INT32, data=data)
