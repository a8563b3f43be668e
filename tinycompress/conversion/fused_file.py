"""What is to be done to the file of a model whose LSTM layers became operators.

The operator keeps its state from one inference to the next, and a Keras layer that is not stateful
starts from 0 with every sample. The file says so in its metadata, which our reader knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tinycompress.ir.state import EVERY_INFERENCE, RESET_METADATA
from tinycompress.ir.tflite_objects import empty_buffer, pack, unpack

_LSTM = schema.BuiltinOperator.UNIDIRECTIONAL_SEQUENCE_LSTM
_QUANTIZE = schema.BuiltinOperator.QUANTIZE
_HIDDEN = 18
"""Place of the hidden state among the operator's inputs."""


def finished(tflite: bytes) -> bytes:
    """The converter's file with its faults cured, and the reset of its state in the metadata."""
    model = unpack(tflite)
    for graph in model.subgraphs:
        graph.operators = list(_with_outputs_of_hidden_scale(model, graph))
    _without_first_values(model)
    _ask_for_reset(model)
    return pack(model)


def _with_outputs_of_hidden_scale(model: Any, graph: Any) -> Iterator[Any]:
    """The operators, with a QUANTIZE behind each LSTM whose output has another scale than its state.

    The output is the hidden state, and the kernels write it in the state's scale. Where what
    follows needs its inputs in one scale, as CONCATENATION does, TensorFlow's quantiser gives that
    scale to the output alone.
    """
    for operator in graph.operators:
        yield operator
        if model.operatorCodes[operator.opcodeIndex].builtinCode != _LSTM:
            continue
        output, state = (
            graph.tensors[index] for index in (operator.outputs[0], operator.inputs[_HIDDEN])
        )
        if _scaling(output) == _scaling(state):
            continue
        hidden = schema.TensorT()
        hidden.__dict__.update(output.__dict__)
        hidden.name, hidden.quantization = output.name + b"/hidden", state.quantization
        graph.tensors.append(hidden)
        requantize = schema.OperatorT()
        requantize.opcodeIndex = _code(model, _QUANTIZE)
        requantize.inputs, requantize.outputs = [len(graph.tensors) - 1], list(operator.outputs)
        operator.outputs = list(requantize.inputs)
        yield requantize


def _scaling(tensor: Any) -> tuple[list[float], list[int]]:
    return list(tensor.quantization.scale), list(tensor.quantization.zeroPoint)


def _code(model: Any, builtin: int) -> int:
    """Index of an operator's code; a new one where the file has none."""
    for index, code in enumerate(model.operatorCodes):
        if code.builtinCode == builtin:
            return index
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = builtin
    code.version = 1
    model.operatorCodes.append(code)
    return len(model.operatorCodes) - 1


def _without_first_values(model: Any) -> None:
    """Leave out the first values of state, and all that nothing refers to.

    TensorFlow writes them for one of two equal graphs, and for the other not.
    """
    nothing = empty_buffer(model)
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    for tensor in tensors:
        if tensor.isVariable:
            tensor.buffer = nothing
    users = [*tensors, *(model.metadata or ())]
    kept = sorted({0, nothing} | {one.buffer for one in users})
    for user in users:
        user.buffer = kept.index(user.buffer)
    model.buffers = [model.buffers[index] for index in kept]


def _ask_for_reset(model: Any) -> None:
    said = schema.BufferT()
    said.data = np.frombuffer(EVERY_INFERENCE, np.uint8)
    model.buffers.append(said)
    entry = schema.MetadataT()
    entry.name, entry.buffer = RESET_METADATA, len(model.buffers) - 1
    model.metadata = [*(model.metadata or ()), entry]
