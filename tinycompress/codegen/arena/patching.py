"""Which operators to compute in patches for a smaller arena, and in how many patches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tinycompress.codegen.arena.live_bytes import LiveBytes
from tinycompress.codegen.arena.patch import Stage, more_macs, patched, stages
from tinycompress.codegen.arena.row_flow import HEIGHT
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


def patchings(graph: Graph, wanted_bytes: int, most_more_macs: int | None) -> Iterator[Patching]:
    """Every stage in patches that may bring the arena to a size, with the fewest MACs first.

    A graph is made when it is asked for: of hundreds, few are.

    Args:
        graph: Operators in the order in which they run.
        wanted_bytes: What must not be exceeded by the bytes that are live between two operators.
        most_more_macs: What may be computed twice; None is any number.
    """
    live = LiveBytes(graph)
    above = [step for step, size in enumerate(live.totals) if size > wanted_bytes]
    plans: list[_Plan] = []
    for stage in stages(graph, LONGEST_STAGE):
        # Its input and output are whole: only what is between them shrinks.
        if all(stage.begin < step < stage.end for step in above):
            plans += _plans(graph, stage, most_more_macs)
    tried: dict[_Plan, _Tried] = {}
    for plan in sorted(plans, key=lambda each: (each.more_macs, each.count, each.stage.begin)):
        found = _try(live, plan, tried)
        if found.graph is not None and found.floor_bytes <= wanted_bytes:
            yield Patching(found.graph, plan.stage, plan.count, plan.more_macs, found.floor_bytes)


@dataclass(frozen=True, eq=False)
class _Plan:
    """A stage in patches of so many rows; ``fewer`` is the plan with the next larger ones."""

    stage: Stage
    rows: int
    count: int
    more_macs: int
    fewer: _Plan | None


@dataclass(frozen=True, eq=False)
class _Tried:
    """The graph of a plan, None if fewer patches have a lower floor; the lowest floor so far."""

    graph: Graph | None
    floor_bytes: int


def _plans(graph: Graph, stage: Stage, most_more_macs: int | None) -> Iterator[_Plan]:
    """The stage in ever more patches, as long as few enough MACs are done twice."""
    height, plan = graph.tensors[stage.target].shape[HEIGHT], None
    for rows in dict.fromkeys(-(-height // count) for count in _COUNTS if count <= height):
        more = more_macs(graph, stage, rows)
        if more is None or (most_more_macs is not None and more > most_more_macs):
            return
        plan = _Plan(stage, rows, -(-height // rows), more, plan)
        yield plan


def _try(live: LiveBytes, plan: _Plan, tried: dict[_Plan, _Tried]) -> _Tried:
    """Make the graph of a plan, behind those with fewer patches."""
    if plan not in tried:
        floor = max(live.totals)
        if plan.fewer is not None:
            floor = _try(live, plan.fewer, tried).floor_bytes
        found = patched(live.graph, plan.stage, plan.rows)
        lower = live.most_with_patches(plan.stage, found)
        tried[plan] = _Tried(found if lower <= floor else None, min(lower, floor))
    return tried[plan]
