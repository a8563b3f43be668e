"""Where every activation lives in the arena.

Buffers that are live at the same step do not overlap, but for one case: what a layer writes may
lie in what it reads for the last time, as far as its kernel's order of access allows.

Placing buffers of fixed lifetimes in the least memory is NP-hard. Each try places them one by one
at the lowest offset that is free while they live; what is searched is the order. Several greedy
orders come first, then all orders of a few buffers, or a hill climb of many that moves the buffers
at the top of the plan forward, after the manner of Vela's hill-climb allocator. A plan that reaches
the lower bound (the most bytes that are live at one time) ends the search.
"""

from __future__ import annotations

import functools
import random
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from itertools import permutations

CLIMB_WORK = 400_000
"""Pairs of buffers that the hill climb compares at most: about half a second."""
_MAX_PERMUTED = 6
"""Buffers of which every order is tried, instead of climbing."""
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
class Reuse:
    """Leave for one buffer, ``output``, to lie in another's memory; both are indices of buffers.

    It holds where the input's offset less the output's is at least ``distance_bytes``, which may be
    negative, and some multiple of ``multiple_bytes`` and ``remainder_bytes``.
    """

    output: int
    input: int
    distance_bytes: int
    multiple_bytes: int = 1
    remainder_bytes: int = 0

    def allows(self, output_offset: int, input_offset: int) -> bool:
        """Whether the two may lie there even if they overlap."""
        distance = input_offset - output_offset
        return distance >= self.distance_bytes and self.fits(distance)

    def fits(self, distance: int) -> bool:
        """Whether a distance is one of those that are the right multiples apart."""
        return distance % self.multiple_bytes == self.remainder_bytes

    def saved_bytes(self, output_size: int, input_size: int) -> int:
        """Most bytes that the two can have in common."""
        least = max(self.distance_bytes, 0)
        distance = least + (self.remainder_bytes - least) % self.multiple_bytes
        return max(min(output_size - distance, input_size), 0)


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets of the buffers, in their order.

    ``lower_bound_bytes`` is what no plan can go below; ``peak_step`` is the step at which the top
    of the arena is in use, the one with most live bytes if there are several.
    """

    buffers: tuple[Buffer, ...]
    offsets: tuple[int, ...]
    arena_bytes: int
    lower_bound_bytes: int
    peak_step: int


def plan_memory(
    buffers: Sequence[Buffer], reuses: Sequence[Reuse] = (), *, work: int = CLIMB_WORK
) -> MemoryPlan:
    """Place buffers in as little memory as the search finds.

    Args:
        buffers: All buffers; sizes are positive.
        reuses: Which of them may overlap although both are live at one step; at most one for each
            pair.
        work: Pairs of buffers that the hill climb may compare.

    Returns:
        A plan in which buffers that are live at the same step do not overlap unless a reuse allows
        it, each at a multiple of its alignment. The same input gives the same plan.
    """
    bound = _lower_bound(buffers, reuses)
    # Names have no say, and many models that are looked at one after the other differ in no more.
    nameless = tuple(replace(buffer, name="") for buffer in buffers)
    offsets = _searched(nameless, tuple(reuses), bound, work)
    arena = max((o + b.size_bytes for o, b in zip(offsets, buffers, strict=True)), default=0)
    peak_step = _peak_step(buffers, offsets, arena)
    return MemoryPlan(tuple(buffers), offsets, arena, bound, peak_step)


@functools.lru_cache(maxsize=64)
def _searched(
    buffers: tuple[Buffer, ...], reuses: tuple[Reuse, ...], bound: int, work: int
) -> tuple[int, ...]:
    return tuple(_Search(buffers, reuses).run(bound, work))


def _peak_step(buffers: Sequence[Buffer], offsets: Sequence[int], arena: int) -> int:
    """The first step with most live bytes of those at which the arena's last byte is in use."""
    tops = [b for b, offset in zip(buffers, offsets, strict=True) if offset + b.size_bytes == arena]
    steps = {step for b in buffers for step in (b.first, b.last) if _live(tops, step)}
    return min(steps, key=lambda step: (-sum(b.size_bytes for b in _live(buffers, step)), step),
               default=0)  # fmt: skip


def _live(buffers: Sequence[Buffer], step: int) -> list[Buffer]:
    return [b for b in buffers if b.first <= step <= b.last]


def _lower_bound(buffers: Sequence[Buffer], reuses: Sequence[Reuse]) -> int:
    """Most bytes live at one step, less what may be shared there."""
    steps = sorted({buffer.first for buffer in buffers})
    shared: dict[int, dict[int, int]] = {}
    for reuse in reuses:
        output, source = buffers[reuse.output], buffers[reuse.input]
        begin = bisect_left(steps, max(output.first, source.first))
        end = bisect_right(steps, min(output.last, source.last))
        for step in steps[begin:end]:
            saved = shared.setdefault(step, {})
            total = saved.get(reuse.output, 0)
            total += reuse.saved_bytes(output.size_bytes, source.size_bytes)
            # A byte of the output counts once, in however many inputs it lies.
            saved[reuse.output] = min(total, output.size_bytes)
    best = 0
    for step in steps:
        live = _live(buffers, step)
        # Each but the topmost buffer is followed by an aligned one.
        alignment = min((b.alignment_bytes for b in live), default=1)
        padding = [_align(b.size_bytes, alignment) - b.size_bytes for b in live]
        needed = sum(b.size_bytes for b in live)
        if step in shared:
            needed -= sum(shared[step].values())
        else:
            needed += sum(padding) - max(padding, default=0)
        best = max(best, needed)
    return best


class _Search:
    """Orders of placement, and the best plan seen."""

    def __init__(self, buffers: tuple[Buffer, ...], reuses: tuple[Reuse, ...]) -> None:
        self._buffers = buffers
        self._reuses: list[dict[int, Reuse]] = [{} for _ in buffers]
        for reuse in reuses:
            self._reuses[reuse.output][reuse.input] = reuse
            self._reuses[reuse.input][reuse.output] = reuse
        self._neighbours = [
            [j for j, other in enumerate(buffers) if j != i and buffer.overlaps_in_time(other)]
            for i, buffer in enumerate(buffers)
        ]
        everything = range(len(buffers))
        self._distances = [[self._distance(i, j) for j in self._neighbours[i]] for i in everything]
        self._in_multiples = [
            any(reuse.multiple_bytes > 1 for reuse in reuses.values()) for reuses in self._reuses
        ]

    def run(self, bound: int, work: int) -> list[int]:
        """The best offsets found."""
        steps = work // (len(self._buffers) + sum(map(len, self._neighbours)) + 1)
        orders = self._greedy_orders()
        order, offsets, peak = orders[0], list[int](), sys.maxsize
        for each in orders:
            placed = self._place_below(each, peak)
            if placed is not None:
                order, offsets, peak = each, placed, self._peak(placed)
        if peak > bound and len(self._buffers) <= _MAX_PERMUTED:
            return self._best_of_all(offsets, bound)
        if peak > bound:
            offsets = self._climb(order, offsets, bound, steps)
        return offsets

    def _best_of_all(self, offsets: list[int], bound: int) -> list[int]:
        """Few buffers have few orders: what climbing might find is among them."""
        best, best_offsets = self._peak(offsets), offsets
        for order in permutations(range(len(self._buffers))):
            placed = self._place_below(order, best)
            if placed is not None:
                best, best_offsets = self._peak(placed), placed
            if best <= bound:
                break
        return best_offsets

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
            # What is written goes below what it is computed from.
            sorted(everything, key=lambda i: (-self._buffers[i].last, -size(i), i)),
            self._outputs_first(),
        ]

    def _outputs_first(self) -> list[int]:
        """Every buffer before those that it may lie in, the longest needed first of the others."""
        waiting = [
            sum(reuse.input == i for reuse in self._reuses[i].values())
            for i in range(len(self._buffers))
        ]
        ready = [(-self._buffers[i].last, i) for i, count in enumerate(waiting) if not count]
        heapify(ready)
        order: list[int] = []
        while ready:
            i = heappop(ready)[1]
            order.append(i)
            for j, reuse in self._reuses[i].items():
                waiting[j] -= reuse.output == i
                if reuse.output == i and not waiting[j]:
                    heappush(ready, (-self._buffers[j].last, j))
        # Buffers that may lie in each other in a circle come last.
        return order + [i for i, count in enumerate(waiting) if count]

    def _place(self, order: Sequence[int]) -> list[int]:
        """Offsets when each buffer in turn takes the lowest place that it may have."""
        placed = self._place_below(order, sys.maxsize)
        assert placed is not None, "no buffer ends there"
        return placed

    def _place_below(self, order: Sequence[int], limit: int) -> list[int] | None:
        """As `_place`, but given up as soon as a buffer would end at ``limit`` or above."""
        offsets = [-1] * len(self._buffers)
        for i in order:
            lowest = self._lowest_candidate if self._in_multiples[i] else self._lowest
            offset = lowest(i, offsets)
            if offset + self._buffers[i].size_bytes >= limit:
                return None
            offsets[i] = offset
        return offsets

    def _lowest(self, i: int, offsets: Sequence[int]) -> int:
        """The lowest place of a buffer, found in one sweep over what is taken."""
        taken = sorted(
            (offsets[j] - before, offsets[j] + after)
            for j, before, after in self._distances[i]
            if offsets[j] >= 0
        )
        alignment, offset = self._buffers[i].alignment_bytes, 0
        for begin, end in taken:
            if begin > offset:
                break
            if end > offset:
                offset = _align(end, alignment)
        return offset

    def _distance(self, i: int, j: int) -> tuple[int, int, int]:
        """How far below and above the begin of ``j`` that of ``i`` may not be, with ``j``."""
        own, other = self._buffers[i].size_bytes, self._buffers[j].size_bytes
        reuse = self._reuses[i].get(j)
        if reuse is not None and reuse.output == i:
            own = min(own, reuse.distance_bytes)
        elif reuse is not None:
            other = min(other, reuse.distance_bytes)
        return j, own - 1, other

    def _lowest_candidate(self, i: int, offsets: Sequence[int]) -> int:
        """The lowest place of a buffer with a reuse that asks for multiples."""
        placed = [j for j in self._neighbours[i] if offsets[j] >= 0]
        return next(
            offset
            for offset in sorted(self._candidates(i, placed, offsets))
            if all(self._may_lie(i, offset, j, offsets[j]) for j in placed)
        )

    def _candidates(self, i: int, placed: Sequence[int], offsets: Sequence[int]) -> set[int]:
        """Offsets of which one is the lowest possible, the bottom and all ends among them."""
        alignment = self._buffers[i].alignment_bytes
        found = {0}
        for j in placed:
            found.add(_align(offsets[j] + self._buffers[j].size_bytes, alignment))
            reuse = self._reuses[i].get(j)
            if reuse is not None and reuse.input == i:
                found.add(max(_align(offsets[j] + reuse.distance_bytes, alignment), 0))
        for j in placed:
            reuse = self._reuses[i].get(j)
            if reuse is not None and reuse.multiple_bytes > 1:
                found |= {
                    congruent
                    for offset in found
                    if (congruent := self._congruent(i, offset, offsets[j], reuse)) is not None
                }
        return found

    def _congruent(self, i: int, offset: int, other: int, reuse: Reuse) -> int | None:
        """The lowest aligned offset from ``offset`` on that is the right multiples away."""
        alignment = self._buffers[i].alignment_bytes
        for candidate in range(offset, offset + alignment * reuse.multiple_bytes, alignment):
            if reuse.fits(other - candidate if reuse.output == i else candidate - other):
                return candidate
        return None

    def _may_lie(self, i: int, offset: int, j: int, other: int) -> bool:
        """Whether buffer ``i`` may lie at ``offset`` while ``j`` is at ``other``."""
        below = offset + self._buffers[i].size_bytes <= other
        if below or offset >= other + self._buffers[j].size_bytes:
            return True
        reuse = self._reuses[i].get(j)
        if reuse is None:
            return False
        return reuse.allows(offset, other) if reuse.output == i else reuse.allows(other, offset)

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
            placed = self._place_below(candidate, current_peak + 1)
            # Sideways and, rarely, upward moves let the search leave plateaus.
            if placed is None and chooser.random() < 0.02:
                placed = self._place(candidate)
            if placed is None:
                continue
            order, current, current_peak = candidate, placed, self._peak(placed)
            if current_peak < best:
                best, best_offsets = current_peak, placed
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
