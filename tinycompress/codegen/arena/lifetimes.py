"""Which bytes of a buffer are in use at each step, and how near two buffers may therefore lie.

Parts of a buffer may be written or read at different steps. Bytes that are not yet written, or not
read any more, are free. For every buffer, the hull of the bytes in use is known before and during
each step. Two buffers may overlap as long as these hulls never meet. A buffer that fills can thus
slide over one that drains.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from tinycompress.codegen.arena.planner import Reuse
from tinycompress.codegen.overlap import Overlap

Range = tuple[int, int]
"""Bytes from ``begin`` up to ``end``."""


class Lifetime:
    """Uses of one buffer: for every step at which it is used, the hull of the bytes."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.reads: dict[int, Range] = {}
        self.writes: dict[int, Range] = {}
        self._live: dict[int, Range | None] = {}

    def read(self, step: int, begin: int, end: int) -> None:
        """Note that a step reads bytes."""
        self.reads[step] = _hull(self.reads.get(step), (begin, end))

    def write(self, step: int, begin: int, end: int) -> None:
        """Note that a step writes bytes; step -1 stands for the host."""
        self.writes[step] = _hull(self.writes.get(step), (begin, end))

    @property
    def first(self) -> int:
        """The first step of all uses."""
        return min((*self.reads, *self.writes))

    @property
    def last(self) -> int:
        """The last step of all uses."""
        return max((*self.reads, *self.writes))

    @property
    def partial(self) -> bool:
        """Whether some use is not of the whole buffer."""
        whole = (0, self.size_bytes)
        return any(each != whole for uses in (self.reads, self.writes) for each in uses.values())

    def live(self, step: int) -> Range | None:
        """The bytes that were written before a step and that it or a later one reads."""
        if step not in self._live:
            read = [each for at, each in self.reads.items() if at >= step]
            written = [end for at, (_, end) in self.writes.items() if at < step]
            found = None
            if read and written:
                begin = min(begin for begin, _ in read)
                end = min(max(end for _, end in read), max(written))
                found = (begin, end) if begin < end else None
            self._live[step] = found
        return self._live[step]

    def during(self, step: int) -> Range | None:
        """The bytes that must not be touched by others while a step runs."""
        uses = (self.live(step), self.live(step + 1), self.reads.get(step), self.writes.get(step))
        found: Range | None = None
        for use in uses:
            found = use if found is None else _hull(use, found)
        return found


Orders = Mapping[tuple[int, int], Mapping[int, Overlap]]
"""By the numbers of a buffer that is written and one that is read: for each step that does both,
what the order allows in which its kernel works, from begin to begin."""


def find_reuses(lifetimes: Sequence[Lifetime], orders: Orders) -> list[Reuse]:
    """Pairs of buffers that may lie in each other although both are in use at some step.

    Args:
        lifetimes: Of all buffers, by their numbers.
        orders: What kernels allow.

    Returns:
        At most one leave for each pair, the one that can save more.
    """
    pairs = dict.fromkeys(orders)
    for i, one in enumerate(lifetimes):
        if one.partial:
            for j in range(len(lifetimes)):
                pairs |= {(i, j): None, (j, i): None}
    best: dict[frozenset[int], tuple[int, Reuse]] = {}
    for low, high in pairs:
        one, other = lifetimes[low], lifetimes[high]
        if low == high or one.first > other.last or other.first > one.last:
            continue
        allowed = orders.get((low, high), {})
        distance = least_distance(one, other, {s: o.distance_bytes for s, o in allowed.items()})
        apart = reduce(Overlap.both, allowed.values(), Overlap(distance))
        saved = one.size_bytes - apart.distance_bytes
        key = frozenset((low, high))
        if saved > 0 and (key not in best or saved > best[key][0]):
            reuse = Reuse(low, high, apart.distance_bytes, apart.multiple_bytes,
                          apart.remainder_bytes)  # fmt: skip
            best[key] = (saved, reuse)
    return [reuse for _, reuse in best.values()]


def least_distance(low: Lifetime, high: Lifetime, in_order: Mapping[int, int]) -> int:
    """How far above the begin of ``low`` the begin of ``high`` must be at least.

    Args:
        low: The buffer that is to lie lower.
        high: The other one.
        in_order: For steps that write ``low`` while they read ``high``, the distance that is enough
            for what the step reads, by the order in which its kernel works.
    """
    found = -(low.size_bytes + high.size_bytes)
    for step in range(max(low.first, high.first), min(low.last, high.last) + 1):
        found = max(found, _above(low.live(step), high.live(step), found))
        if step in in_order:
            found = max(found, in_order[step])
            found = max(found, _above(low.writes.get(step), high.live(step + 1), found))
        else:
            found = max(found, _above(low.during(step), high.during(step), found))
    return found


def _above(low: Range | None, high: Range | None, otherwise: int) -> int:
    return otherwise if low is None or high is None else low[1] - high[0]


def _hull(a: Range | None, b: Range) -> Range:
    return b if a is None else (min(a[0], b[0]), max(a[1], b[1]))
