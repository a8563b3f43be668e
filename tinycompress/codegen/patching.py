"""Which operators to compute in patches, and in how large ones, for a smaller arena."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tinycompress.codegen.lifetimes import Lifetime
from tinycompress.codegen.passes.patch import Stage, more_macs, patched, stages
from tinycompress.codegen.passes.row_flow import HEIGHT, activations
from tinycompress.codegen.places import places
from tinycompress.ir.graph import Graph

LONGEST_STAGE = 12
"""Operators in a stage at most; what overlaps grows with every window."""

_COUNTS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32)
"""Patches that a stage is tried in."""


@dataclass(frozen=True)
class Patching:
    """A graph with one stage in patches.

    ``floor_bytes`` is live between two operators, so that no arena can be smaller.
    """

    graph: Graph
    stage: Stage
    count: int
    more_macs: int
    floor_bytes: int


def patchings(graph: Graph, wanted_bytes: int, most_more_macs: int | None) -> list[Patching]:
    """Every stage in patches that may bring the arena to a size, with the fewest MACs first.

    Args:
        graph: Operators in the order in which they run.
        wanted_bytes: What must not be exceeded by the bytes that are live between two operators.
        most_more_macs: What may be computed twice; None is any number.
    """
    live = live_bytes(graph)
    above = [step for step, size in enumerate(live) if size > wanted_bytes]
    found = []
    for stage in stages(graph, LONGEST_STAGE):
        # Its input and output are whole: only what is between them shrinks.
        if not all(stage.begin < step < stage.end for step in above):
            continue
        found += [
            each
            for each in _of_stage(graph, stage, max(live), most_more_macs)
            if each.floor_bytes <= wanted_bytes
        ]
    return sorted(found, key=lambda each: (each.more_macs, each.count, each.stage.begin))


def live_bytes(graph: Graph) -> list[int]:
    """Bytes that are live before each operator and behind the last one."""
    found, steps = places(graph), len(graph.ops)
    lifetimes: dict[int, Lifetime] = {}

    def at(index: int) -> tuple[Lifetime, int, int]:
        root, begin = found[index].root, found[index].offset_bytes
        lifetime = lifetimes.setdefault(root, Lifetime(graph.tensors[root].size_bytes))
        return lifetime, begin, begin + graph.tensors[index].size_bytes

    for index in graph.inputs:
        lifetime, begin, end = at(index)
        lifetime.write(-1, begin, end)
    for step, op in enumerate(graph.ops):
        sources = activations(graph, op)
        if len({found[index].root for index in (*sources, *op.outputs)}) == 1:
            continue  # nothing runs: only names for the same memory
        for index in sources:
            lifetime, begin, end = at(index)
            lifetime.read(step, begin, end)
        for index in op.outputs:
            lifetime, begin, end = at(index)
            lifetime.write(step, begin, end)
    for index in graph.outputs:
        lifetime, begin, end = at(index)
        lifetime.read(steps, begin, end)
    totals = [0] * (steps + 1)
    for lifetime in lifetimes.values():
        for step in range(lifetime.first + 1, lifetime.last + 1):
            begin, end = lifetime.live(step) or (0, 0)
            totals[step] += end - begin
    return totals


def _of_stage(
    graph: Graph, stage: Stage, floor: int, most_more_macs: int | None
) -> Iterator[Patching]:
    """The stage in ever more patches, but for those that make the floor, in bytes, higher."""
    height = graph.tensors[stage.target].shape[HEIGHT]
    for rows in dict.fromkeys(-(-height // count) for count in _COUNTS if count <= height):
        found = patched(graph, stage, rows)
        if found is None:
            return
        more = more_macs(graph, found)
        if most_more_macs is not None and more > most_more_macs:
            return
        lower = max(live_bytes(found))
        if lower <= floor:
            floor = lower
            yield Patching(found, stage, -(-height // rows), more, lower)
