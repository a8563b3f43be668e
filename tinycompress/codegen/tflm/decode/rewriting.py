"""A ``.tflite`` file with DECODE operators in front of those whose filters were encoded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tinycompress.codegen.tflm.decode.format import Encoded
from tinycompress.ir.reader import DECODE_CUSTOM_CODE
from tinycompress.ir.tflite_objects import empty_buffer, packed, unpacked


class Rewriter:
    """One file, unpacked.

    Args:
        tflite: The whole file, which `tinycompress.ir.reader.read_model` took.

    Raises:
        ModelError: The file is damaged where that reader does not look, as in its metadata.
    """

    def __init__(self, tflite: bytes) -> None:
        self._model = unpacked(tflite)
        self._graph = self._model.subgraphs[0]
        graphs = self._model.subgraphs
        self._users = Counter(each.buffer for graph in graphs for each in graph.tensors)
        self._users.update(each.buffer for each in self._model.metadata or ())

    @property
    def is_planned(self) -> bool:
        """Whether the file says where each tensor lies in the arena: none may be added then."""
        names = [each.name for each in self._model.metadata or ()]
        return b"OfflineMemoryAllocation" in names

    def is_shared(self, tensor: int) -> bool:
        """Whether something else in the file has the same bytes as its data."""
        return self._users[self._graph.tensors[tensor].buffer] > 1

    def rewritten(self, encoded: Mapping[int, Encoded]) -> bytes:
        """The file with these filters encoded.

        A filter's tensor becomes the output of the DECODE operator, so that nothing else changes.
        Each operator that reads it has a DECODE right before it, since decoded weights need to live
        no longer than one operator. What is encoded has neither name nor quantisation.

        Args:
            encoded: By index of the filter's tensor in the first subgraph. An object decodes once.
        """
        graph = self._graph
        inputs = {tensor: self._encoded(tensor, each) for tensor, each in encoded.items()}
        code = self._operator_code()
        operators, decoded = [], set()
        for operator in graph.operators:
            # An operator without inputs may have no list of them.
            read = () if operator.inputs is None else dict.fromkeys(operator.inputs)
            for tensor in read:
                if tensor not in inputs:
                    continue
                output = tensor
                if tensor in decoded:
                    output = self._copy(tensor)
                    operator.inputs = [output if one == tensor else one for one in operator.inputs]
                decoded.add(tensor)
                operators.append(_decode(code, inputs[tensor], output))
            operators.append(operator)
        graph.operators = operators
        return self.packed()

    def packed(self) -> bytes:
        """The bytes of the file as it is now."""
        return packed(self._model)

    def _encoded(self, tensor: int, encoded: Encoded) -> tuple[int, int]:
        """Indices of the two inputs, new tensors; the filter's buffer is the first one's now."""
        whole = self._graph.tensors[tensor]
        stream = self._constant(encoded.stream, whole.buffer)
        self._model.buffers.append(schema.BufferT())
        ancillary = self._constant(encoded.ancillary, len(self._model.buffers) - 1)
        # The reader's axis of a single scale is 0; LUT and Prune insist on what the file says.
        if whole.quantization is not None and len(whole.quantization.scale) == 1:
            whole.quantization.quantizedDimension = 0
        whole.buffer = empty_buffer(self._model)
        return stream, ancillary

    def _constant(self, data: bytes, buffer: int) -> int:
        self._model.buffers[buffer].data = np.frombuffer(data, np.uint8)
        tensor = schema.TensorT()
        tensor.type, tensor.shape, tensor.buffer = schema.TensorType.UINT8, [len(data)], buffer
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _copy(self, tensor: int) -> int:
        whole, other = self._graph.tensors[tensor], schema.TensorT()
        other.__dict__.update(whole.__dict__)
        self._graph.tensors.append(other)
        return len(self._graph.tensors) - 1

    def _operator_code(self) -> int:
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CUSTOM
        code.customCode, code.version = DECODE_CUSTOM_CODE, 1
        self._model.operatorCodes.append(code)
        return len(self._model.operatorCodes) - 1


def _decode(code: int, inputs: tuple[int, int], output: int) -> Any:
    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs, operator.outputs = code, list(inputs), [output]
    return operator
