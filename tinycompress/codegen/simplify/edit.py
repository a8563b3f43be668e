"""New constants and operators with changed weights, for passes that compute on weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.ops import operands as o
from tinycompress.ir.graph import DType, Graph, Op, Quantization, Tensor

Int64s = npt.NDArray[np.int64]


class Editor:
    """A graph that is being changed.

    Constants are never changed, as several operators may share one: a changed one is a new tensor.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._ops = {op.index: op for op in graph.ops}
        self._before: dict[int, Op] = {}
        self._tensors = list(graph.tensors)

    @property
    def graph(self) -> Graph:
        """The graph with the changes so far."""
        ops: list[Op] = []
        for op in self._graph.ops:
            ops += [self._before[op.index]] if op.index in self._before else []
            ops.append(self._ops[op.index])
        return replace(self._graph, tensors=tuple(self._tensors), ops=tuple(ops))

    def add(self, tensor: Tensor) -> int:
        """Add a tensor; its index."""
        self._tensors.append(replace(tensor, index=len(self._tensors)))
        return len(self._tensors) - 1

    def insert_before(self, op: Op, new: Op) -> None:
        """Let a new operator, at most one, run just before another; its index is made here."""
        index = 1 + max(each.index for each in (*self._ops.values(), *self._before.values()))
        self._before[op.index] = replace(new, index=index)

    def set_input(self, op: Op, place: int, index: int) -> None:
        """Let an operator read another tensor at a place, behind its present operands or there."""
        inputs = [*self._ops[op.index].inputs]
        inputs += [-1] * (place + 1 - len(inputs))
        inputs[place] = index
        self._ops[op.index] = replace(self._ops[op.index], inputs=tuple(inputs))

    def reshape(self, index: int, shape: tuple[int, ...]) -> None:
        """Give an activation another shape."""
        self._tensors[index] = replace(self._tensors[index], shape=shape)

    def set_operand(self, op: Op, place: int, tensor: Tensor) -> None:
        """Give an operator another constant at a place."""
        self.set_input(op, place, self.add(tensor))

    def set_options(self, op: Op, changed: Op) -> None:
        """Take the options of a changed copy of an operator."""
        self._ops[op.index] = replace(self._ops[op.index], options=changed.options)

    def set_data(
        self,
        op: Op,
        place: int,
        data: npt.NDArray[Any],
        quantization: Quantization | None = None,
    ) -> None:
        """Give a constant operand other data, of its type and any shape; None keeps its scales."""
        tensor = o.operand(self._graph, op, place)
        found = data.astype(tensor.dtype.numpy)
        found.setflags(write=False)
        scales = tensor.quantization if quantization is None else quantization
        changed = replace(tensor, shape=found.shape, data=found, quantization=scales)
        self.set_operand(op, place, changed)

    def set_bias(self, op: Op, values: Int64s) -> None:
        """Give a sum of products another bias, which fits int32; it may have had none."""
        if o.optional_operand(self._graph, op, 2) is not None:
            self.set_data(op, 2, values)
            return
        x, weights = o.operand(self._graph, op, 0), o.operand(self._graph, op, 1)
        q, scale = o.quantization(weights), o.quantization(x).scale
        data = values.astype(np.int32)
        data.setflags(write=False)
        bias = Tensor(
            0,
            f"{weights.name} bias",
            data.shape,
            DType.INT32,
            Quantization(tuple(scale * s for s in q.scales), (0,) * len(q.scales)),
            data,
        )
        self.set_operand(op, 2, bias)
