from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from tinycompress.codegen.arena.planner import Buffer, MemoryPlan, plan_memory


@st.composite
def buffers(draw: st.DrawFn) -> list[Buffer]:
    """Random lifetimes: chains, long skips, everything at once."""
    found = []
    for number in range(draw(st.integers(0, 14))):
        first = draw(st.integers(-1, 12))
        last = first + draw(st.sampled_from([0, 1, 1, 1, 2, 5, 13]))
        size = draw(st.one_of(st.integers(1, 40), st.sampled_from([1, 16, 4096, 99_999])))
        alignment = draw(st.sampled_from([1, 4, 4, 16]))
        found.append(Buffer(f"b{number}", size, first, last, alignment))
    return found


def check(plan: MemoryPlan) -> None:
    placed = list(zip(plan.buffers, plan.offsets, strict=True))
    for buffer, offset in placed:
        assert offset >= 0
        assert offset % buffer.alignment_bytes == 0
        assert offset + buffer.size_bytes <= plan.arena_bytes
    for (a, at), (b, bt) in combinations(placed, 2):
        if a.first <= b.last and b.first <= a.last:
            assert at + a.size_bytes <= bt or bt + b.size_bytes <= at, (a, at, b, bt)
    assert plan.arena_bytes >= plan.lower_bound_bytes
    ends = [offset + buffer.size_bytes for buffer, offset in placed]
    assert plan.arena_bytes == max(ends, default=0)


@settings(max_examples=120, deadline=None)
@given(buffers())
def test_live_buffers_never_overlap(found: list[Buffer]) -> None:
    plan = plan_memory(found, work=5_000)
    check(plan)
    assert plan == plan_memory(found, work=5_000)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=20))
def test_a_chain_reaches_the_lower_bound(sizes: list[int]) -> None:
    chain = [Buffer(f"b{i}", size * 4, i, i + 1) for i, size in enumerate(sizes)]
    plan = plan_memory(chain)
    check(plan)
    assert plan.arena_bytes == plan.lower_bound_bytes


def test_peak_step_is_where_most_bytes_are_live() -> None:
    found = [Buffer("in", 100, -1, 0), Buffer("mid", 400, 0, 1), Buffer("out", 200, 1, 2)]
    plan = plan_memory(found)
    assert (plan.lower_bound_bytes, plan.peak_step) == (600, 1)


def test_the_climb_beats_the_greedy_orders() -> None:
    """The activations of a MobileNet's first layers: greedy by size needs a third more."""
    sizes = [27648, 18432, 18432, 36864, 9216, 18432, 18432, 18432, 4608]
    chain = [Buffer(f"b{i}", size, i - 1, i) for i, size in enumerate(sizes)]
    plan = plan_memory(chain)
    check(plan)
    assert plan.arena_bytes == plan.lower_bound_bytes == 55_296
