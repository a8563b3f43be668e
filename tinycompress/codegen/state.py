"""State that is kept between invocations: from variables and their handles to tensors.

The file has it in two forms. Variable tensors are operands of the one operator that keeps them
(SVDF, LSTM). Resource variables have a name; VAR_HANDLE makes a handle from it, READ_VARIABLE and
ASSIGN_VARIABLE take that handle, and CALL_ONCE runs a subgraph that gives them their first values.
Signal operators keep theirs out of the file's sight: they get a tensor as one more operand. After
these passes all are tensors with ``is_variable`` and ``initial`` set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from tinycompress.codegen.layer import C_TYPES
from tinycompress.ir.graph import DType, Graph, Model, Op, Tensor
from tinycompress.ir.signal import SIGNAL_STATE, is_signal

_Key = tuple[str, str]
_ACCESS = ("READ_VARIABLE", "ASSIGN_VARIABLE")
STATE_OPERANDS: Mapping[str, tuple[int, ...]] = {
    "SVDF": (4,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (18, 19),
}
"""By operator, which operands are variable tensors that it keeps."""


def resolve_state(model: Model) -> Graph:
    """The main graph with its state as tensors; what cannot be resolved stays as it is."""
    graph = _with_signal_state(_with_variable_tensors(model.main))
    initial = _initial_values(model)
    handles = _handles(graph)
    if initial is None or not handles:
        return graph
    states: dict[_Key, Tensor] = {}
    for key in dict.fromkeys(handles.values()):
        state = _state_tensor(graph, key, handles, initial, len(graph.tensors) + len(states))
        if state is None:
            return graph
        states[key] = state
    ops = tuple(_resolved(graph, handles, states))
    return replace(graph, tensors=(*graph.tensors, *states.values()), ops=ops)


def _with_variable_tensors(graph: Graph) -> Graph:
    """Give variable tensors that belong to an operator the value that both runtimes give them."""
    kept = {
        op.inputs[position]
        for op in graph.ops
        for position in STATE_OPERANDS.get(op.kind, ())
        if position < len(op.inputs) and op.inputs[position] >= 0
    }
    return replace(
        graph,
        tensors=tuple(
            replace(tensor, data=None, initial=_zero(tensor))
            if tensor.index in kept and tensor.is_variable and tensor.dtype in C_TYPES
            else tensor
            for tensor in graph.tensors
        ),
    )


def _with_signal_state(graph: Graph) -> Graph:
    """Give signal operators a tensor for what they keep: like their last output, at first 0."""
    states: list[Tensor] = []

    def keeping(op: Op) -> Op:
        if not (is_signal(op) and op.custom_code in SIGNAL_STATE and op.outputs):
            return op
        like = graph.tensors[op.outputs[-1]]
        if like.dtype not in C_TYPES:
            return op
        state = replace(
            like,
            index=len(graph.tensors) + len(states),
            name=f"{like.name}_state",
            is_variable=True,
            initial=_zero(like),
        )
        states.append(state)
        return replace(op, inputs=(*op.inputs, state.index))

    ops = tuple(map(keeping, graph.ops))
    return replace(graph, tensors=(*graph.tensors, *states), ops=ops)


def _zero(tensor: Tensor) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    """The zero point of an int8 variable, zero of any other."""
    known = tensor.quantization is not None and tensor.dtype is DType.INT8
    zero = tensor.quantization.zero_point if known and tensor.quantization is not None else 0
    return np.full(tensor.shape, zero, tensor.dtype.numpy)


def _handles(graph: Graph) -> dict[int, _Key]:
    """The variables' names, by the tensors that hold their handles."""
    return {op.outputs[0]: _key(op) for op in graph.ops if op.kind == "VAR_HANDLE" and op.outputs}


def _key(op: Op) -> _Key:
    return str(op.options["container"]), str(op.options["shared_name"])


def _initial_values(model: Model) -> dict[_Key, Tensor] | None:
    """The constants that CALL_ONCE assigns; None if it does anything else, or too late."""
    values: dict[_Key, Tensor] = {}
    accessed = False
    for op in model.main.ops:
        accessed = accessed or op.kind in _ACCESS
        if op.kind != "CALL_ONCE":
            continue
        called = op.options["init_subgraph_index"]
        if accessed or not isinstance(called, int) or not 0 < called < len(model.graphs):
            return None
        found = _assigned_constants(model.graphs[called])
        if found is None:
            return None
        values |= found
    return values


def _assigned_constants(graph: Graph) -> dict[_Key, Tensor] | None:
    handles, values = _handles(graph), {}
    for op in graph.ops:
        if op.kind == "VAR_HANDLE":
            continue
        if op.kind != "ASSIGN_VARIABLE" or len(op.inputs) != 2 or op.inputs[0] not in handles:
            return None
        value = graph.tensors[op.inputs[1]] if op.inputs[1] >= 0 else None
        if value is None or value.data is None:
            return None
        values[handles[op.inputs[0]]] = value
    return values


def _state_tensor(
    graph: Graph, key: _Key, handles: Mapping[int, _Key], initial: Mapping[_Key, Tensor], index: int
) -> Tensor | None:
    """The tensor of a variable; None if it has no first value, or its users disagree on it."""
    values = []
    for op in graph.ops:
        users = [i for i in op.inputs if i in handles and handles[i] == key]
        if not users:
            continue
        value = _value(graph, op) if op.inputs[0] in users else None
        if value is None or len(users) > 1:
            return None
        values.append(value)
    first = initial.get(key)
    if not values or first is None or first.data is None or values[0].dtype not in C_TYPES:
        return None
    if any((v.dtype, v.elements) != (first.dtype, first.elements) for v in values):
        return None
    return replace(
        values[0],
        index=index,
        name=key[1],
        data=None,
        is_variable=True,
        initial=first.data.reshape(values[0].shape),
    )


def _value(graph: Graph, op: Op) -> Tensor | None:
    """What READ_VARIABLE reads or ASSIGN_VARIABLE assigns."""
    if op.kind == "READ_VARIABLE" and len(op.inputs) == len(op.outputs) == 1:
        return graph.tensors[op.outputs[0]]
    if op.kind == "ASSIGN_VARIABLE" and len(op.inputs) == 2 and op.inputs[1] >= 0:
        return graph.tensors[op.inputs[1]]
    return None


def _resolved(
    graph: Graph, handles: Mapping[int, _Key], states: Mapping[_Key, Tensor]
) -> Iterator[Op]:
    for op in graph.ops:
        if op.kind in ("CALL_ONCE", "VAR_HANDLE"):
            continue
        if op.kind in _ACCESS and op.inputs and op.inputs[0] in handles:
            op = replace(op, inputs=(states[handles[op.inputs[0]]].index, *op.inputs[1:]))
        yield op
