"""Bytes that are live between operators: a lower bound for every arena."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tinycompress.codegen.arena.lifetimes import Lifetime
from tinycompress.codegen.arena.patch import Stage, patches_of
from tinycompress.codegen.arena.places import Place, places
from tinycompress.codegen.arena.row_flow import activations
from tinycompress.ir.graph import Graph, Op


class LiveBytes:
    """Of a graph, and of the same graph with a stage in patches.

    Attributes:
        graph: The graph.
        totals: Bytes that are live before each operator and behind the last one.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._places = places(graph)
        self._lifetimes: dict[int, Lifetime] = {}
        uses = _Uses(graph, self._places, self._lifetimes)
        for index in graph.inputs:
            uses.write(-1, index)
        uses.run(graph.ops, 0)
        for index in graph.outputs:
            uses.read(len(graph.ops), index)
        self.totals = [0] * (len(graph.ops) + 1)
        for lifetime in self._lifetimes.values():
            for step in range(lifetime.first + 1, lifetime.last + 1):
                self.totals[step] += _size(lifetime, step)

    def most_with_patches(self, stage: Stage, after: Graph) -> int:
        """Most bytes that are live between two operators with a stage in patches.

        Only what the stage reads and writes is looked at anew; all else is live as it was.

        Args:
            stage: A stage of the graph.
            after: The graph with the stage in patches.
        """
        ends = (self.graph.tensors[self._places[i].root] for i in (stage.source, stage.target))
        if any(tensor.is_variable for tensor in ends):
            return max(LiveBytes(after).totals)  # what state lies in decides what lies in it
        ops = patches_of(self.graph, after, stage)
        before = self._touched(stage)
        touched = self._moved(before, stage, len(ops))
        uses = _Uses(after, self._places_of(stage, after, ops), touched)
        uses.run(ops, stage.begin)
        inside = range(stage.begin, stage.begin + len(ops) + 1)
        found = [sum(_size(each, step) for each in touched.values()) for step in inside]
        rest = self.totals[stage.end] - sum(_size(each, stage.end) for each in before.values())
        outside = [
            total - sum(_size(before[root], step) - _size(touched[root], step) for root in before
                        if root in touched)
            for step, total in enumerate(self.totals[: stage.begin])
        ]  # fmt: skip
        return max([rest + max(found), *outside, *self.totals[stage.end + 1 :]])

    def _touched(self, stage: Stage) -> dict[int, Lifetime]:
        """Lifetimes of all that the stage reads or writes."""
        ops = self.graph.ops[stage.begin : stage.end]
        indices = (i for op in ops for i in (*activations(self.graph, op), *op.outputs))
        return {root: self._lifetimes[root] for root in {self._places[i].root for i in indices}}

    def _moved(
        self, before: Mapping[int, Lifetime], stage: Stage, count: int
    ) -> dict[int, Lifetime]:
        """What is left of lifetimes without the stage, which becomes ``count`` operators."""
        later = count - (stage.end - stage.begin)
        found: dict[int, Lifetime] = {}
        for root, lifetime in before.items():
            moved = Lifetime(lifetime.size_bytes)
            for uses, note in ((lifetime.reads, moved.read), (lifetime.writes, moved.write)):
                for step, (begin, end) in uses.items():
                    if not stage.begin <= step < stage.end:
                        note(step if step < stage.begin else step + later, begin, end)
            if moved.reads or moved.writes:
                found[root] = moved
        return found

    def _places_of(self, stage: Stage, after: Graph, ops: tuple[Op, ...]) -> dict[int, Place]:
        """Where the tensors of a stage in patches lie."""
        alone = replace(after, ops=ops, inputs=(stage.source,), outputs=(stage.target,))
        found = {}
        for index, place in places(alone).items():
            base = self._places.get(place.root)
            if base is not None:
                place = Place(base.root, base.offset_bytes + place.offset_bytes)
            found[index] = place
        return found


class _Uses:
    """Notes which bytes of which memory operators use."""

    def __init__(
        self, graph: Graph, found: Mapping[int, Place], lifetimes: dict[int, Lifetime]
    ) -> None:
        self._graph = graph
        self._places = found
        self._lifetimes = lifetimes

    def run(self, ops: Iterable[Op], first: int) -> None:
        """Note what operators read and write, the first at step ``first``."""
        for step, op in enumerate(ops, start=first):
            sources = activations(self._graph, op)
            if len({self._places[index].root for index in (*sources, *op.outputs)}) == 1:
                continue  # nothing runs: only names for the same memory
            for index in sources:
                self.read(step, index)
            for index in op.outputs:
                self.write(step, index)

    def read(self, step: int, index: int) -> None:
        """Note that a step reads a tensor."""
        self._of(index).read(step, *self._bytes(index))

    def write(self, step: int, index: int) -> None:
        """Note that a step writes a tensor."""
        self._of(index).write(step, *self._bytes(index))

    def _of(self, index: int) -> Lifetime:
        root = self._places[index].root
        if root not in self._lifetimes:
            self._lifetimes[root] = Lifetime(self._graph.tensors[root].size_bytes)
        return self._lifetimes[root]

    def _bytes(self, index: int) -> tuple[int, int]:
        begin = self._places[index].offset_bytes
        return begin, begin + self._graph.tensors[index].size_bytes


def _size(lifetime: Lifetime, step: int) -> int:
    begin, end = lifetime.live(step) or (0, 0)
    return end - begin
