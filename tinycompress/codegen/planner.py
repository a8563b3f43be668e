"""Where every activation lives in the arena: offsets such that live buffers never overlap.

Placing buffers of fixed lifetimes in the least memory is NP-hard. Each try places them one by one
at the lowest offset that is free while they live; what is searched is the order. Several greedy
orders come first, then a hill climb that moves the buffers at the top of the plan forward, after
the manner of Vela's hill-climb allocator. A plan that reaches the lower bound (the most bytes
that are live at one time) ends the search.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

_CLIMB_WORK = 400_000
"""Pairs of buffers that the hill climb compares at most: about half a second."""
_SEED = 20


@dataclass(frozen=True)
class Buffer:
    """Memory that is needed from step ``first`` to step ``last``, both included."""

    name: str
    size_bytes: int
    first: int
    last: int
    alignment_bytes: int = 4

    def overlaps_in_time(self, other: Buffer) -> bool:
        """Whether there is a step at which both are live."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets of the buffers, in their order.

    ``lower_bound_bytes`` is what no plan can go below; ``peak_step`` is the first step at which so
    many bytes are live.
    """

    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    arena_bytes: int
    lower_bound_bytes: int
    peak_step: int


def plan_memory(buffers: Sequence[Buffer], *, work: int = _CLIMB_WORK) -> MemoryPlan:
    """Place buffers in as little memory as the search finds.

    Args:
        buffers: All buffers; sizes are positive.
        work: Pairs of buffers that the hill climb may compare.

    Returns:
        A plan in which buffers that are live at the same step do not overlap, each at a multiple
        of its alignment. The same input gives the same plan.
    """
    bound, peak_step = _lower_bound(buffers)
    search = _Search(tuple(buffers))
    offsets = search.run(bound, work)
    arena = max((o + b.size_bytes for o, b in zip(offsets, buffers, strict=True)), default=0)
    return MemoryPlan(tuple(buffers), tuple(offsets), arena, bound, peak_step)


def _lower_bound(buffers: Sequence[Buffer]) -> tuple[int, int]:
    """Most bytes live at one step, and the first such step."""
    best, best_step = 0, 0
    for step in sorted({buffer.first for buffer in buffers}):
        live = [b for b in buffers if b.first <= step <= b.last]
        # Each but the topmost buffer is followed by an aligned one.
        alignment = min((b.alignment_bytes for b in live), default=1)
        padding = [_align(b.size_bytes, alignment) - b.size_bytes for b in live]
        needed = sum(b.size_bytes for b in live) + sum(padding) - max(padding, default=0)
        if needed > best:
            best, best_step = needed, step
    return best, best_step


class _Search:
    """Orders of placement, and the best plan seen."""

    def __init__(self, buffers: tuple[Buffer, ...]) -> None:
        self._buffers = buffers
        self._neighbours = [
            [j for j, other in enumerate(buffers) if j != i and buffer.overlaps_in_time(other)]
            for i, buffer in enumerate(buffers)
        ]

    def run(self, bound: int, work: int) -> list[int]:
        """The best offsets found."""
        steps = work // (len(self._buffers) + sum(map(len, self._neighbours)) + 1)
        orders = self._greedy_orders()
        plans = [(self._peak(offsets), offsets, order) for order, offsets in self._placed(orders)]
        peak, offsets, order = min(plans, key=lambda plan: plan[0])
        if peak > bound:
            offsets = self._climb(order, offsets, bound, steps)
        return offsets

    def _greedy_orders(self) -> list[list[int]]:
        everything = range(len(self._buffers))

        def size(i: int) -> int:
            return self._buffers[i].size_bytes

        def span(i: int) -> int:
            return self._buffers[i].last - self._buffers[i].first + 1

        pressure = [size(i) + sum(size(j) for j in self._neighbours[i]) for i in everything]
        return [
            sorted(everything, key=lambda i: (-size(i), -span(i), i)),
            sorted(everything, key=lambda i: (-size(i) * span(i), -size(i), i)),
            sorted(everything, key=lambda i: (-pressure[i], -size(i), i)),
            sorted(everything, key=lambda i: (self._buffers[i].first, -size(i), i)),
        ]

    def _placed(self, orders: list[list[int]]) -> list[tuple[list[int], list[int]]]:
        return [(order, self._place(order)) for order in orders]

    def _place(self, order: Sequence[int]) -> list[int]:
        """Offsets when each buffer in turn takes the lowest gap that is free while it lives."""
        offsets = [-1] * len(self._buffers)
        for i in order:
            buffer = self._buffers[i]
            taken = sorted(
                (offsets[j], offsets[j] + self._buffers[j].size_bytes)
                for j in self._neighbours[i]
                if offsets[j] >= 0
            )
            offset = 0
            for begin, end in taken:
                if offset + buffer.size_bytes <= begin:
                    break
                offset = max(offset, _align(end, buffer.alignment_bytes))
            offsets[i] = offset
        return offsets

    def _peak(self, offsets: Sequence[int]) -> int:
        ends = (o + b.size_bytes for o, b in zip(offsets, self._buffers, strict=True))
        return max(ends, default=0)

    def _climb(self, order: list[int], offsets: list[int], bound: int, steps: int) -> list[int]:
        chooser = random.Random(_SEED)
        best, best_offsets = self._peak(offsets), offsets
        current_peak, current = best, offsets
        for _ in range(steps):
            if best <= bound:
                break
            candidate = self._moved(order, current, current_peak, chooser)
            placed = self._place(candidate)
            peak = self._peak(placed)
            # Sideways and, rarely, upward moves let the search leave plateaus.
            if peak <= current_peak or chooser.random() < 0.02:
                order, current, current_peak = candidate, placed, peak
            if peak < best:
                best, best_offsets = peak, placed
        return best_offsets

    def _moved(
        self, order: list[int], offsets: list[int], peak: int, chooser: random.Random
    ) -> list[int]:
        """The order with a buffer at the top, or one that lives beside it, moved forward."""
        top = [
            i for i, offset in enumerate(offsets) if offset + self._buffers[i].size_bytes == peak
        ]
        chosen = chooser.choice(top)
        if self._neighbours[chosen] and chooser.random() < 0.5:
            chosen = chooser.choice(self._neighbours[chosen])
        position = order.index(chosen)
        rest = order[:position] + order[position + 1 :]
        place = (
            chooser.randint(0, max(position - 1, 0)) if position else chooser.randrange(len(order))
        )
        return [*rest[:place], chosen, *rest[place:]]


def _align(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment
