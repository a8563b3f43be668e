"""Check that subgraphs make sense as dataflow: indices, order of execution, sizes, calls."""

from __future__ import annotations

from typing import NoReturn

from tinycompress.ir.flatbuffer import damaged, shorten
from tinycompress.ir.graph import Graph, Op
from tinycompress.ir.tflite_schema import SUBGRAPH_OPTIONS

MAX_ACTIVATION_BYTES = 256 << 20
"""Sum over all activations, far above any microcontroller, below what would hurt a host."""


def check_structure(graphs: tuple[Graph, ...]) -> None:
    """Refuse graphs that no order of execution makes sense of.

    Raises:
        ModelError: An index out of range, a tensor that is read before it is written or written
            twice, absurd sizes, or subgraphs that call each other in a circle.
    """
    activation_bytes = 0
    for number, graph in enumerate(graphs):
        where = f"subgraph {number} " if number else ""
        _check_indices(graph, where)
        _check_dataflow(graph, where)
        activation_bytes += sum(t.size_bytes for t in graph.tensors if t.data is None)
    if activation_bytes > MAX_ACTIVATION_BYTES:
        damaged(f"its activations take {activation_bytes} bytes, more than {MAX_ACTIVATION_BYTES}")
    _check_calls(graphs)


def _check_indices(graph: Graph, where: str) -> None:
    count = len(graph.tensors)
    for op in graph.ops:
        present = [index for index in op.inputs if index != -1]
        for index in (*present, *op.outputs, *op.intermediates):
            if not 0 <= index < count:
                damaged(f"{where}op {op.index} {op.kind} names tensor {index} of {count}")
    for index in (*graph.inputs, *graph.outputs):
        if not 0 <= index < count:
            damaged(f"{where or 'the model '}names tensor {index} of {count} as input or output")
    if len(set(graph.inputs)) != len(graph.inputs):
        damaged(f"{where or 'the model '}has the same tensor as input twice")


def _check_dataflow(graph: Graph, where: str) -> None:
    for index in (*graph.inputs, *(index for op in graph.ops for index in op.outputs)):
        if graph.tensors[index].elements == 0:
            shape = list(graph.tensors[index].shape)
            damaged(f"{where}{_title(graph, index)} has shape {shape}: no elements to compute")
    known = {t.index for t in graph.tensors if t.is_constant or t.is_variable}
    for index in graph.inputs:
        if graph.tensors[index].is_constant:
            damaged(f"{where}input {_title(graph, index)} has constant data")
        known.add(index)
    for op in graph.ops:
        for index in op.inputs:
            # Custom operators are handed scratch memory as an input that nobody wrote.
            if index >= 0 and index not in known and op.kind != "CUSTOM":
                _refuse_early_read(graph, op, index, where)
        for index in op.outputs:
            if index in known:
                title = _title(graph, index)
                damaged(f"{where}op {op.index} {op.kind} writes {title}, which has a value already")
            known.add(index)
    for index in graph.outputs:
        if index not in known:
            damaged(f"{where}output {_title(graph, index)} is never written")


def _title(graph: Graph, index: int) -> str:
    return f"tensor {index} '{shorten(graph.tensors[index].name)}'"


def _refuse_early_read(graph: Graph, op: Op, index: int, where: str) -> NoReturn:
    late = [other for other in graph.ops if index in other.outputs]
    reason = f"only op {late[0].index} {late[0].kind} writes it" if late else "nothing writes it"
    title = _title(graph, index)
    damaged(f"{where}op {op.index} {op.kind} reads {title} before it has a value: {reason}")


def _check_calls(graphs: tuple[Graph, ...]) -> None:
    """Subgraph indices in range, and no subgraph reaches itself."""
    callees: list[set[int]] = []
    for graph in graphs:
        called = set()
        for op in graph.ops:
            for option in SUBGRAPH_OPTIONS.get(op.kind, ()):
                target = op.options[option]
                if not isinstance(target, int) or not 0 <= target < len(graphs):
                    damaged(f"op {op.index} {op.kind} calls subgraph {target} of {len(graphs)}")
                called.add(target)
        callees.append(called)
    remaining = set(range(len(graphs)))
    while remaining:
        leaves = {number for number in remaining if not callees[number] & remaining}
        if not leaves:
            damaged(f"its subgraphs {sorted(remaining)} call each other in a circle")
        remaining -= leaves
