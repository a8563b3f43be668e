"""Buffers that fill and drain slide over each other, and no byte that is still needed is lost."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from tinycompress.codegen.arena.lifetimes import Lifetime, find_reuses, least_distance
from tinycompress.codegen.arena.planner import Buffer, Reuse, plan_memory
from tinycompress.codegen.overlap import Overlap


@dataclass(frozen=True)
class Part:
    """A run of bytes of a buffer, and the steps at which it is written and read."""

    begin: int
    end: int
    written: int
    read: int


@st.composite
def buffers(draw: st.DrawFn) -> list[Part]:
    """The parts of one buffer; steps are in the parts' order, in reverse, or anyhow."""
    count = draw(st.integers(1, 5))
    size = draw(st.integers(1, 6))
    start = draw(st.integers(-1, 8))
    order = draw(st.permutations(range(count))) if draw(st.booleans()) else list(range(count))
    at_once = draw(st.booleans())
    found = []
    for i, place in enumerate(order):
        written = start if at_once else start + i
        read = written + draw(st.integers(1, 3)) + (i if draw(st.booleans()) else 0)
        found.append(Part(place * size, (place + 1) * size, written, read))
    return found


def _lifetime(parts: list[Part]) -> Lifetime:
    lifetime = Lifetime(max(part.end for part in parts))
    for part in parts:
        lifetime.write(part.written, part.begin, part.end)
        lifetime.read(part.read, part.begin, part.end)
    return lifetime


@settings(max_examples=300, deadline=None)
@given(st.lists(buffers(), min_size=1, max_size=6))
def test_no_part_is_overwritten_before_it_is_read(found: list[list[Part]]) -> None:
    lifetimes = [_lifetime(parts) for parts in found]
    layout = [
        Buffer(f"b{i}", each.size_bytes, each.first, each.last, 1)
        for i, each in enumerate(lifetimes)
    ]
    plan = plan_memory(layout, find_reuses(lifetimes, {}), work=2_000)
    assert plan.arena_bytes >= plan.lower_bound_bytes
    memory: dict[int, tuple[int, int]] = {}
    for step in range(-1, max(each.last for each in lifetimes) + 1):
        for number, parts in enumerate(found):
            for part in parts:
                if part.written == step:
                    for byte in range(part.begin, part.end):
                        memory[plan.offsets[number] + byte] = (number, byte)
        # What a step writes may come before what it reads.
        for number, parts in enumerate(found):
            for part in parts:
                if part.read == step:
                    for byte in range(part.begin, part.end):
                        assert memory[plan.offsets[number] + byte] == (number, byte)


def _filling(size: int, parts: int, first: int, last: int) -> Lifetime:
    lifetime = Lifetime(size * parts)
    for i in range(parts):
        lifetime.write(first + i, size * i, size * (i + 1))
    lifetime.read(last, 0, size * parts)
    return lifetime


def _draining(size: int, parts: int, first: int) -> Lifetime:
    lifetime = Lifetime(size * parts)
    lifetime.write(-1, 0, size * parts)
    for i in range(parts):
        lifetime.read(first + i, size * i, size * (i + 1))
    return lifetime


def test_a_buffer_fills_where_another_drains() -> None:
    """Without an order within the step, a part is read before the next part is free."""
    filling, draining = _filling(10, 4, 0, 9), _draining(10, 4, 0)
    assert least_distance(filling, draining, {}) == 10
    assert find_reuses([draining, filling], {}) == [Reuse(1, 0, 10)]


def test_the_order_within_steps_brings_them_nearer() -> None:
    filling, draining = _filling(10, 4, 0, 9), _draining(10, 4, 0)
    allowed = {step: Overlap(2) for step in range(4)}
    assert least_distance(filling, draining, dict.fromkeys(range(4), 2)) == 2
    assert find_reuses([filling, draining], {(0, 1): allowed}) == [Reuse(0, 1, 2)]


def test_multiples_must_agree() -> None:
    filling, draining = _filling(10, 2, 0, 9), _draining(10, 2, 0)
    same = {0: Overlap(2, 4), 1: Overlap(0, 4).moved(8)}
    assert find_reuses([filling, draining], {(0, 1): same}) == [Reuse(0, 1, 8, 4, 0)]
    others = {0: Overlap(2, 4), 1: Overlap(0, 4).moved(7)}
    assert find_reuses([filling, draining], {(0, 1): others}) == []
    moved = {0: Overlap(2, 4).moved(1), 1: Overlap(2).moved(1)}
    assert find_reuses([filling, draining], {(0, 1): moved}) == [Reuse(0, 1, 3, 4, 1)]


def test_what_is_written_and_never_read_is_in_the_way_while_it_is_written() -> None:
    dead, waiting = Lifetime(8), Lifetime(8)
    dead.write(3, 0, 8)
    waiting.write(0, 0, 8)
    waiting.read(5, 0, 8)
    assert find_reuses([dead, waiting], {}) == []


def test_whole_buffers_have_no_leave() -> None:
    one, other = _filling(8, 1, 0, 2), _filling(8, 1, 1, 3)
    assert find_reuses([one, other], {}) == []
