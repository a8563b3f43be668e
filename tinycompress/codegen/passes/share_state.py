"""Let operators read and write state where it lives, where no copy is needed."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.codegen.ops import is_view
from tinycompress.ir.graph import Graph, Op, Tensor


def share_state(graph: Graph) -> Graph:
    """Drop READ_VARIABLE and ASSIGN_VARIABLE whose value can live in the state itself.

    Runs last: later passes would have to know that the order of operators matters for state.
    """
    for kind, without in (("READ_VARIABLE", _without_read), ("ASSIGN_VARIABLE", _without_assign)):
        for index in [op.index for op in graph.ops if op.kind == kind]:
            # Each step makes new operators, which keep their indices.
            (op,) = (op for op in graph.ops if op.index == index)
            if _has_its_operands(op):
                graph = without(graph, op)
    return graph


def _has_its_operands(op: Op) -> bool:
    """What has not is refused by the checks, which come later."""
    inputs, outputs = (1, 1) if op.kind == "READ_VARIABLE" else (2, 0)
    return (len(op.inputs), len(op.outputs)) == (inputs, outputs) and min(op.inputs) >= 0


def _without_read(graph: Graph, read: Op) -> Graph:
    """What was read is not needed any more when the state changes."""
    state, value = graph.tensors[read.inputs[0]], graph.tensors[read.outputs[0]]
    if not _interchangeable(state, value):
        return graph
    changes = _next_write(graph, state.index, graph.ops.index(read) + 1)
    if _last_use(graph, value.index) > changes:
        return graph
    return _joined(graph, read, value.index, state.index)


def _without_assign(graph: Graph, assign: Op) -> Graph:
    """Nobody sees the state between the making of the value and its assignment."""
    state, value = graph.tensors[assign.inputs[0]], graph.tensors[assign.inputs[1]]
    end = graph.ops.index(assign)
    makers = [at for at, op in enumerate(graph.ops) if value.index in op.outputs]
    if len(makers) != 1 or is_view(graph.ops[makers[0]]) or not _interchangeable(state, value):
        return graph
    aliases = _aliases(graph, state.index)
    read = {index for op in graph.ops[makers[0] : end] for index in op.inputs}
    written = {index for op in graph.ops[makers[0] : end] for index in op.outputs}
    if aliases & (read | written):
        return graph
    if _last_use(graph, value.index) > _next_write(graph, state.index, end + 1):
        return graph
    return _joined(graph, assign, value.index, state.index)


def _interchangeable(state: Tensor, value: Tensor) -> bool:
    """Whether the state can stand for the value: an activation of the same type and shape."""
    if state.initial is None or value.is_constant or value.is_variable:
        return False
    return (state.shape, state.dtype, state.quantization) == (
        value.shape,
        value.dtype,
        value.quantization,
    )


def _aliases(graph: Graph, index: int) -> set[int]:
    """The tensor and all views of it."""
    found = {index}
    for op in graph.ops:
        if is_view(op) and op.inputs[0] in found:
            found.add(op.outputs[0])
    return found


def _last_use(graph: Graph, index: int) -> int:
    """Position of the last operator that reads the tensor; past all if the caller does."""
    aliases = _aliases(graph, index)
    if aliases & {*graph.inputs, *graph.outputs}:
        return len(graph.ops) + 1
    return max((at for at, op in enumerate(graph.ops) if aliases & set(op.inputs)), default=-1)


def _next_write(graph: Graph, state: int, start: int) -> int:
    """Position of the next operator that changes the state, past the last if there is none."""
    for at, op in enumerate(graph.ops[start:], start=start):
        if state in op.outputs or (op.kind == "ASSIGN_VARIABLE" and state in op.inputs[:1]):
            return at
    return len(graph.ops)


def _joined(graph: Graph, dropped: Op, value: int, state: int) -> Graph:
    """Without an operator, and with the state in place of the value."""

    def renamed(indices: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(state if index == value else index for index in indices)

    ops = (
        replace(op, inputs=renamed(op.inputs), outputs=renamed(op.outputs))
        for op in graph.ops
        if op is not dropped
    )
    return replace(graph, ops=tuple(ops))
