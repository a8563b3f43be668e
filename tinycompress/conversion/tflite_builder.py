"""Adding tensors, operators and variables to a ``.tflite`` file: for tools that make streams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from tinycompress.ir.tflite_objects import (
    add_constant,
    add_tensor,
    drop_unread_buffers,
    new_operator,
)

_INIT_SUBGRAPH = 1


class TfliteBuilder:
    """The objects of a file of one subgraph, and what is added to them.

    Attributes:
        whole: The file's ``ModelT``.
        graph: The subgraph that operators and tensors are added to.
    """

    def __init__(self, whole: Any, scope: str) -> None:
        """Take a file's objects; names of what is added begin with ``scope``."""
        self.whole = whole
        self.graph = whole.subgraphs[0]
        self._scope = scope
        self._variables: list[tuple[str, npt.NDArray[Any]]] = []

    def read(self, name: str, first: npt.NDArray[Any], like: int) -> tuple[int, int]:
        """A new variable with its first value: the tensors of its handle and of its value."""
        self._variables.append((f"{self._scope}/{name}", first))
        handle = self._handle(f"{self._scope}/{name}")
        value = self.like(like, first.shape, f"{name}_before")
        self.op("READ_VARIABLE", [handle], [value], schema.ReadVariableOptionsT())
        return handle, value

    def assign(self, handle: int, value: int) -> None:
        """Assign a tensor to a variable."""
        self.op("ASSIGN_VARIABLE", [handle, value], [], schema.AssignVariableOptionsT())

    def keep_end(
        self, handle: int, whole: int, shape: Sequence[int], begin: int, axis: int
    ) -> None:
        """Assign the last values of a tensor along an axis to a variable."""
        end = self.like(whole, shape, "kept")
        begins = [begin if at == axis else 0 for at in range(len(shape))]
        operands = [whole, self.integers(begins), self.integers(shape)]
        self.op("SLICE", operands, [end], schema.SliceOptionsT())
        self.assign(handle, end)

    def concatenate(self, parts: list[int], whole: int, axis: int) -> None:
        """Put parts one behind the other along an axis."""
        options = schema.ConcatenationOptionsT()
        options.axis = axis
        self.op("CONCATENATION", parts, [whole], options)

    def reshape(self, source: int, target: int, shape: Sequence[int]) -> None:
        """Give a tensor's values another shape."""
        options = schema.ReshapeOptionsT()
        options.newShape = list(shape)
        self.op("RESHAPE", [source, self.integers(shape)], [target], options)

    def set_first_values(self) -> None:
        """Let the file begin with the first values of its variables, if it has any."""
        if not self._variables:
            return
        options = schema.CallOnceOptionsT()
        options.initSubgraphIndex = _INIT_SUBGRAPH
        self.op("CALL_ONCE", [], [], options)
        self.graph.operators.insert(0, self.graph.operators.pop())
        main, graph = self.graph, schema.SubGraphT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = [], [], [], []
        graph.name = "first_values"
        self.whole.subgraphs.append(graph)
        self.graph = graph
        for name, first in self._variables:
            self.assign(self._handle(name), self.constant(first))
        self.graph = main

    def integers(self, values: Sequence[int]) -> int:
        """A constant of int32."""
        return self.constant(np.array(values, np.int32))

    def constant(self, data: npt.NDArray[Any]) -> int:
        """A constant tensor."""
        return add_constant(self.whole, self.graph, f"{self._scope}/constant", data)

    def like(self, index: int, shape: Sequence[int], name: str) -> int:
        """A tensor with the type and quantisation of another."""
        other = self.graph.tensors[index]
        made = self._tensor(shape, other.type, f"{self._scope}/{name}")
        self.graph.tensors[made].quantization = other.quantization
        return made

    def op(self, kind: str, inputs: list[int], outputs: list[int], options: Any) -> None:
        """An operator at the end."""
        builtin = getattr(schema.BuiltinOperator, kind)
        self.graph.operators.append(new_operator(self.whole, builtin, inputs, outputs, options))

    def _handle(self, name: str) -> int:
        options = schema.VarHandleOptionsT()
        options.container, options.sharedName = "", name
        handle = self._tensor((), schema.TensorType.RESOURCE, name)
        self.op("VAR_HANDLE", [], [handle], options)
        return handle

    def _tensor(self, shape: Sequence[int], kind: int, name: str) -> int:
        return add_tensor(self.whole, self.graph, name, kind, shape)


def drop_unused(whole: Any) -> None:
    """Leave out, in place, tensors that no operator touches, and buffers that nothing refers to."""
    for graph in whole.subgraphs:
        touched = {*graph.inputs, *graph.outputs}
        touched.update(index for op in graph.operators for index in _operands(op))
        kept = sorted(index for index in touched if index >= 0)
        places = {old: new for new, old in enumerate(kept)} | {-1: -1}
        graph.tensors = [graph.tensors[index] for index in kept]
        for op in graph.operators:
            for name in ("inputs", "outputs", "intermediates"):
                if getattr(op, name) is not None:
                    setattr(op, name, [places[index] for index in getattr(op, name)])
        graph.inputs = [places[index] for index in graph.inputs]
        graph.outputs = [places[index] for index in graph.outputs]
    drop_unread_buffers(whole)


def _operands(op: Any) -> Iterator[int]:
    for name in ("inputs", "outputs", "intermediates"):
        found = getattr(op, name)
        if found is not None:
            yield from (int(index) for index in found)
