"""Compute consecutive operators patch by patch, so no tensor between them is ever whole.

A patch is some rows of what the last of the operators computes, over the full width: in NHWC
these are a run of bytes, so that a patch of the input is read where it is and a patch of the
output is written where it belongs. Rows that two patches need are computed twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from tinycompress.codegen.arena.places import IN_PLACE
from tinycompress.codegen.arena.row_flow import HEIGHT, Flow, Rows, activations, flow
from tinycompress.codegen.macs import macs
from tinycompress.ir.graph import DType, Graph, Op, OptionValue, Tensor


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


def patched(graph: Graph, stage: Stage, rows: int) -> Graph:
    """The graph with a stage in patches of so many rows, the last of what is left.

    Raises:
        ValueError: Some patch would be of padding alone; ``more_macs`` is None for these.
    """
    editor = _Editor(graph)
    parts = [editor.patch(flows, stage) for flows in _patches(graph, stage, rows)]
    editor.join(parts, stage.target)
    ops = (*graph.ops[: stage.begin], *editor.ops, *graph.ops[stage.end :])
    return replace(graph, tensors=tuple(editor.tensors), ops=ops)


def more_macs(graph: Graph, stage: Stage, rows: int) -> int | None:
    """Multiply-accumulates that are done twice, less those for rows that no window reads.

    Returns:
        None if the stage cannot be computed in patches of so many rows.
    """
    ops = graph.ops[stage.begin : stage.end]
    # Every row of an output takes as many.
    of_row = {
        op.outputs[0]: macs(graph, op) // graph.tensors[op.outputs[0]].shape[HEIGHT] for op in ops
    }
    done = 0
    try:
        for flows in _patches(graph, stage, rows):
            done += sum(of_row[found.op.outputs[0]] * own.count for found, own in flows)
    except ValueError:
        return None
    return done - sum(macs(graph, op) for op in ops)


def _patches(graph: Graph, stage: Stage, rows: int) -> Iterator[list[tuple[Flow, Rows]]]:
    """Of each patch, the operators with the rows that they compute.

    Raises:
        ValueError: Some patch would be of padding alone.
    """
    height = graph.tensors[stage.target].shape[HEIGHT]
    for begin in range(0, height, rows):
        yield _flows(graph, stage, Rows(begin, min(begin + rows, height)))


def _flows(graph: Graph, stage: Stage, rows: Rows) -> list[tuple[Flow, Rows]]:
    """Each operator with the rows that it computes, followed back from the last."""
    needed = {stage.target: rows}
    found: list[tuple[Flow, Rows]] = []
    for op in reversed(graph.ops[stage.begin : stage.end]):
        own = needed[op.outputs[0]]
        flowing = flow(graph, op, own)
        if flowing is None:
            raise ValueError(f"rows {own.begin} to {own.end} need nothing but padding")
        found.append((flowing, own))
        for index, wanted in flowing.inputs.items():
            needed[index] = wanted.joined(needed.get(index))
    return found[::-1]


def patches_of(before: Graph, after: Graph, stage: Stage) -> tuple[Op, ...]:
    """The operators that compute a stage in patches."""
    return after.ops[stage.begin : len(after.ops) - len(before.ops) + stage.end]


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

    def patch(self, flows: list[tuple[Flow, Rows]], stage: Stage) -> int:
        """Compute some rows of the stage's output; the tensor that holds them."""
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
