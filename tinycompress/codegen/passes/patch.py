"""Compute some operators in a row patch by patch, so that no tensor between them is ever whole.

A patch is some rows of what the last of the operators computes, over the full width: in NHWC
these are a run of bytes, so that a patch of the input is read where it is and a patch of the
output is written where it belongs. Rows that two patches need are computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from tinycompress.codegen.passes.row_flow import HEIGHT, Flow, Rows, activations, flow
from tinycompress.codegen.places import IN_PLACE
from tinycompress.ir.graph import DType, Graph, Op, OptionValue, Tensor
from tinycompress.ir.macs import total_macs


@dataclass(frozen=True)
class Stage:
    """Operators ``begin`` up to ``end`` of a graph, with one input and one output between them."""

    begin: int
    end: int
    source: int
    target: int


def stages(graph: Graph, longest: int) -> Iterator[Stage]:
    """All runs of two operators or more, up to ``longest``, that can be computed in patches."""
    cuttable = [_cuttable(graph, op) for op in graph.ops]
    for begin in range(len(graph.ops)):
        for end in range(begin + 1, min(begin + longest, len(graph.ops)) + 1):
            if not cuttable[end - 1]:
                break
            stage = _stage(graph, begin, end) if end - begin > 1 else None
            if stage is not None:
                yield stage


def patched(graph: Graph, stage: Stage, rows: int) -> Graph | None:
    """The graph with a stage in patches of so many rows, the last of what is left.

    Returns:
        The graph, which computes the same; None if some patch would be of padding alone.
    """
    height = graph.tensors[stage.target].shape[HEIGHT]
    ops, editor = graph.ops[stage.begin : stage.end], _Editor(graph)
    parts = []
    for begin in range(0, height, rows):
        part = editor.patch(ops, stage, Rows(begin, min(begin + rows, height)))
        if part is None:
            return None
        parts.append(part)
    editor.join(parts, stage.target)
    ops = (*graph.ops[: stage.begin], *editor.ops, *graph.ops[stage.end :])
    return replace(graph, tensors=tuple(editor.tensors), ops=ops)


def more_macs(before: Graph, after: Graph) -> int:
    """Multiply-accumulates that are done twice, less those for rows that no window reads."""
    return total_macs(after) - total_macs(before)


def _cuttable(graph: Graph, op: Op) -> bool:
    return len(op.outputs) == 1 and flow(graph, op, Rows(0, 1)) is not None


def _stage(graph: Graph, begin: int, end: int) -> Stage | None:
    ops, later = graph.ops[begin:end], graph.ops[end:]
    made = [op.outputs[0] for op in ops]
    sources = {i for op in ops for i in activations(graph, op)} - set(made)
    needed = {*graph.outputs, *(i for op in later for i in op.inputs)}
    height = graph.tensors[made[-1]].shape[HEIGHT]
    if len(sources) != 1 or needed.intersection(made) != {made[-1]} or height < 2:
        return None
    (source,) = sources
    # What no operator of the stage reads would be computed for nothing.
    read = {i for op in ops for i in op.inputs}
    return Stage(begin, end, source, made[-1]) if read.issuperset(made[:-1]) else None


class _Editor:
    """New tensors and operators behind those of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._next_op = max(op.index for op in graph.ops) + 1
        self.tensors = list(graph.tensors)
        self.ops: list[Op] = []

    def patch(self, ops: tuple[Op, ...], stage: Stage, rows: Rows) -> int | None:
        """Compute some rows of the stage's output; the tensor that holds them."""
        flows = self._flows(ops, stage.target, rows)
        if flows is None:
            return None
        height = self._graph.tensors[stage.source].shape[HEIGHT]
        made = {stage.source: (stage.source, Rows(0, height))}
        for found, own in flows:
            parts = {i: self._cut(*made[i], wanted) for i, wanted in found.inputs.items()}
            result = found.op.outputs[0]
            made[result] = (self._rows_of(self._graph.tensors[result], own), own)
            inputs = tuple(parts.get(index, index) for index in found.op.inputs)
            self._add(replace(found.op, inputs=inputs, outputs=(made[result][0],)))
        return made[stage.target][0]

    def join(self, parts: list[int], target: int) -> None:
        """Put patches one after the other."""
        options: dict[str, OptionValue] = {
            "axis": HEIGHT,
            "fused_activation_function": "NONE",
            IN_PLACE: True,
        }
        op = Op(0, "CONCATENATION", tuple(parts), (target,), MappingProxyType(options))
        self._add(op)

    def _flows(
        self, ops: tuple[Op, ...], target: int, rows: Rows
    ) -> list[tuple[Flow, Rows]] | None:
        """Each operator with the rows that it computes, followed back from the last."""
        needed = {target: rows}
        found: list[tuple[Flow, Rows]] = []
        for op in reversed(ops):
            own = needed[op.outputs[0]]
            flowing = flow(self._graph, op, own)
            if flowing is None:
                return None
            found.append((flowing, own))
            for index, wanted in flowing.inputs.items():
                needed[index] = wanted.joined(needed.get(index))
        return found[::-1]

    def _cut(self, tensor: int, held: Rows, wanted: Rows) -> int:
        """The wanted rows of a tensor that holds some."""
        if held == wanted:
            return tensor
        source = self.tensors[tensor]
        original = replace(source, name=source.name.partition(_ROWS)[0])
        part = self._rows_of(original, wanted)
        shape = self.tensors[part].shape
        begin = self._constant("begin", [0, wanted.begin - held.begin, 0, 0])
        size = self._constant("size", list(shape))
        options = MappingProxyType({IN_PLACE: True})
        self._add(Op(0, "SLICE", (tensor, begin, size), (part,), options))
        return part

    def _rows_of(self, tensor: Tensor, rows: Rows) -> int:
        batch, _, width, channels = tensor.shape
        return self._tensor(
            replace(
                tensor,
                name=f"{tensor.name.split(';')[0]}{_ROWS}{rows.begin}-{rows.end - 1}",
                shape=(batch, rows.count, width, channels),
                data=None,
            )
        )

    def _constant(self, name: str, values: list[int]) -> int:
        data = np.array(values, np.int32)
        return self._tensor(Tensor(0, name, data.shape, DType.INT32, data=data))

    def _tensor(self, tensor: Tensor) -> int:
        self.tensors.append(replace(tensor, index=len(self.tensors)))
        return len(self.tensors) - 1

    def _add(self, op: Op) -> None:
        self.ops.append(replace(op, index=self._next_op))
        self._next_op += 1


_ROWS = " rows "
