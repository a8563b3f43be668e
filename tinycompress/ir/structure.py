"""Check that subgraphs make sense as dataflow: indices, order of execution, sizes, calls."""

from __future__ import annotations

from tinycompress.ir.flatbuffer import damaged
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
        for index in (*op.inputs, *op.outputs, *op.intermediates):
            optional = index == -1 and index in op.inputs
            if not optional and not 0 <= index < count:
                damaged(f"{where}op {op.index} {op.kind} names tensor {index} of {count}")
    for index in (*graph.inputs, *graph.outputs):
        if not 0 <= index < count:
            damaged(f"{where or 'the model '}names tensor {index} of {count} as input or output")
    if len(set(graph.inputs)) != len(graph.inputs):
        damaged(f"{where or 'the model '}has the same tensor as input twice")


def _check_dataflow(graph: Graph, where: str) -> None:
    known = {t.index for t in graph.tensors if t.is_constant or t.is_variable}
    for index in graph.inputs:
        if graph.tensors[index].is_constant:
            damaged(f"{where}input '{graph.tensors[index].name}' has constant data")
        known.add(index)
    for op in graph.ops:
        for index in op.inputs:
            # Custom operators are handed scratch memory as an input that nobody wrote.
            if index >= 0 and index not in known and op.kind != "CUSTOM":
                _check_unwritten(graph, op, index, where)
        for index in op.outputs:
            tensor = graph.tensors[index]
            if index in known:
                damaged(
                    f"{where}op {op.index} {op.kind} writes tensor {index} '{tensor.name}', which"
                    " already has a value"
                )
            known.add(index)
    for index in graph.outputs:
        if index not in known:
            damaged(f"{where}output '{graph.tensors[index].name}' is never written")


def _check_unwritten(graph: Graph, op: Op, index: int, where: str) -> None:
    tensor = graph.tensors[index]
    if tensor.elements == 0:
        return
    late = [other for other in graph.ops if index in other.outputs]
    reason = f"only op {late[0].index} {late[0].kind} writes it" if late else "nothing writes it"
    damaged(
        f"{where}op {op.index} {op.kind} reads tensor {index} '{tensor.name}' before it has a"
        f" value: {reason}"
    )


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
