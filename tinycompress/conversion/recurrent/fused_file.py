"""What is to be done to the file of a model whose LSTM layers became operators.

The operator keeps its state from one inference to the next, and a Keras layer that is not stateful
starts from 0 with every sample. The file says so in its metadata, which our reader knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from tinycompress.ir.state import EVERY_INFERENCE, RESET_METADATA
from tinycompress.ir.tflite_objects import (
    add_metadata,
    drop_unread_buffers,
    empty_buffer,
    new_operator,
    packed,
    unpacked,
)

_LSTM = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
_QUANTIZE = schema.BuiltinOperator.QUANTIZE
_HIDDEN = 18
"""Place of the hidden state, and of the cell state behind it, among the operator's inputs."""
_CELL = 19
_LEAST_CELL_SCALE = 2.0**-15
"""LiteRT computes the tanh of a cell state with a smaller one wrongly. It reaches from -1 to 1."""
_HIDDEN_INTERMEDIATE = 4
"""Place of its range among the operator's intermediates."""


def finished(tflite: bytes) -> bytes:
    """The converter's file with its faults cured, and the reset of its state in the metadata."""
    model = unpacked(tflite)
    for graph in model.subgraphs:
        graph.operators = list(_with_one_hidden_scale(model, graph))
    _without_first_values(model)
    add_metadata(model, RESET_METADATA, EVERY_INFERENCE)
    return packed(model)


def _with_one_hidden_scale(model: Any, graph: Any) -> Iterator[Any]:
    """The operators, with every LSTM's hidden state in the scale of all its steps.

    TensorFlow's quantiser has seen that range and notes it as the last intermediate. If what
    follows needs its inputs in one scale, as CONCATENATION does, the output gets that scale, and
    the state the range of last steps only. But the output is the hidden state: so the state gets
    the scale of all steps, and a QUANTIZE behind the operator brings it to what follows.
    """
    for operator in graph.operators:
        yield operator
        if model.operatorCodes[operator.opcodeIndex].builtinCode != _LSTM:
            continue
        intermediates = operator.intermediates
        if intermediates is None or len(intermediates) <= _HIDDEN_INTERMEDIATE:
            continue  # It computes in float32.
        cell = graph.tensors[operator.inputs[_CELL]].quantization
        cell.scale = [max(cell.scale[0], _LEAST_CELL_SCALE)]
        all_steps = graph.tensors[intermediates[_HIDDEN_INTERMEDIATE]].quantization
        output = graph.tensors[operator.outputs[0]]
        graph.tensors[operator.inputs[_HIDDEN]].quantization = all_steps
        if _scaling(output.quantization) == _scaling(all_steps):
            continue
        hidden = schema.TensorT()
        hidden.__dict__.update(output.__dict__)
        hidden.name, hidden.quantization = output.name + b"/hidden", all_steps
        graph.tensors.append(hidden)
        added = len(graph.tensors) - 1
        requantize = new_operator(model, _QUANTIZE, [added], operator.outputs)
        operator.outputs = list(requantize.inputs)
        yield requantize


def _scaling(quantization: Any) -> tuple[list[float], list[int]]:
    return list(quantization.scale), list(quantization.zeroPoint)


def _without_first_values(model: Any) -> None:
    """Leave out the first values of state, and all that nothing refers to.

    TensorFlow writes them for one of two equal graphs, and for the other not.
    """
    nothing = empty_buffer(model)
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    for tensor in tensors:
        if tensor.isVariable:
            tensor.buffer = nothing
    drop_unread_buffers(model)
