"""Which rows of its inputs an operator needs for some rows of its output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinycompress.codegen.ops import OPS
from tinycompress.codegen.ops.window import EXPLICIT_PADDING, Window
from tinycompress.codegen.rewrite import with_options
from tinycompress.ir.graph import Graph, Op

HEIGHT = 1
"""The dimension of an NHWC tensor that rows are counted along."""


@dataclass(frozen=True)
class Rows:
    """Rows of a tensor, from ``begin`` up to ``end``."""

    begin: int
    end: int

    @property
    def count(self) -> int:
        """How many there are."""
        return self.end - self.begin

    def joined(self, other: Rows | None) -> Rows:
        """Both, and what is between them."""
        if other is None:
            return self
        return Rows(min(self.begin, other.begin), max(self.end, other.end))


@dataclass(frozen=True)
class Flow:
    """An operator that computes some rows of its output alone.

    ``inputs`` has the rows that it needs of each input tensor that is an activation, ``op`` the
    options that make it compute these rows from those.
    """

    op: Op
    inputs: Mapping[int, Rows]


def flow(graph: Graph, op: Op, rows: Rows) -> Flow | None:
    """What an operator needs for some rows of its output; None if it cannot be cut into rows."""
    spec = OPS.get(op.full_kind)
    if spec is None or len(op.outputs) != 1 or not _is_image(graph, op.outputs[0]):
        return None
    if spec.window is not None:
        return _windowed(graph, op, spec.window(graph, op), rows)
    return _row_by_row(graph, op, rows) if spec.row_by_row else None


def activations(graph: Graph, op: Op) -> tuple[int, ...]:
    """The inputs that are not constant, each once."""
    present = dict.fromkeys(index for index in op.inputs if index >= 0)
    return tuple(index for index in present if not graph.tensors[index].is_constant)


def _is_image(graph: Graph, index: int) -> bool:
    tensor = graph.tensors[index]
    return len(tensor.shape) == 4 and tensor.shape[0] == 1 and not tensor.is_variable


def _row_by_row(graph: Graph, op: Op, rows: Rows) -> Flow | None:
    """Every element of the output comes from one place of each input."""
    shape = graph.tensors[op.outputs[0]].shape
    found = activations(graph, op)
    constants = [graph.tensors[i].shape for i in op.inputs if i >= 0 and i not in found]
    same = all(graph.tensors[index].shape == shape for index in found)
    # Constants of fewer dimensions, or one row, are the same for every row.
    if not found or not same or any(len(s) > 2 and s[-3] != 1 for s in constants):
        return None
    return Flow(op, dict.fromkeys(found, rows))


def _windowed(graph: Graph, op: Op, window: Window, rows: Rows) -> Flow | None:
    source = op.inputs[0]
    if not _is_image(graph, source):
        return None
    stride, (_, _, left, right) = window.stride[0], window.padding
    first = rows.begin * stride - window.padding[0]
    last = (rows.end - 1) * stride - window.padding[0] + window.reach[0]
    needed = _inside(graph, source, first, last)
    if needed is None:
        return None
    padding = (needed.begin - first, last - needed.end, left, right)
    return Flow(with_options(op, **{EXPLICIT_PADDING: padding}), {source: needed})


def _inside(graph: Graph, source: int, first: int, last: int) -> Rows | None:
    """The rows of a tensor between two that may lie outside it; None if it has none of them."""
    found = Rows(max(first, 0), min(last, graph.tensors[source].shape[HEIGHT]))
    return found if found.count > 0 else None
