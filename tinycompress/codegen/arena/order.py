"""An order of operators that keeps fewer bytes alive at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from tinycompress.codegen.ops import is_view
from tinycompress.codegen.rewrite import consumers
from tinycompress.ir.graph import Graph, Op

_WIDTH = 48
"""Beginnings that are followed up at a time, in a graph of few operators."""

_WORK = 1500
"""Beginnings that are followed up in all: large graphs get a narrower beam, not a longer search."""

_NEXT = 6
"""Operators that are tried next behind each beginning, the earliest in the given order."""


@dataclass(frozen=True)
class _Beginning:
    """Some operators in order, the most bytes that were alive, and what is alive behind them."""

    order: tuple[int, ...]
    peak_bytes: int
    live: frozenset[int]
    live_bytes: int


def order_for_memory(graph: Graph) -> Graph:
    """Reorder the operators for a low peak of live bytes, by a beam search.

    Returns the graph as it is if its operators form a chain, or if some of them keep state: what
    they read depends on when they run.
    """
    keeps_state = any(tensor.is_variable for tensor in graph.tensors)
    if keeps_state or not all(op.outputs for op in graph.ops) or _is_chain(graph):
        return graph
    found = _Search(graph).best()
    return replace(graph, ops=tuple(graph.ops[number] for number in found.order))


def _is_chain(graph: Graph) -> bool:
    """Whether every operator needs what the one before it computed: there is one order only."""
    return all(set(a.outputs) & set(b.inputs) for a, b in pairwise(graph.ops))


class _Search:
    """Operators by their numbers; views count as what they view."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._roots = {tensor.index: tensor.index for tensor in graph.tensors}
        for op in graph.ops:
            if is_view(op):
                self._roots[op.outputs[0]] = self._roots[op.inputs[0]]
        self._producers = {i: n for n, op in enumerate(graph.ops) for i in op.outputs}
        self._readers = self._readers_of_roots()
        self._kept = {self._roots[index] for index in graph.outputs}

    def best(self) -> _Beginning:
        """The order of all operators with the lowest peak; the given one among equals."""
        graph = self._graph
        first = frozenset(self._roots[i] for i in graph.inputs)
        begin = sum(graph.tensors[i].size_bytes for i in first)
        width = min(_WIDTH, max(2, _WORK // len(graph.ops)))
        beam = [_Beginning((), begin, first, begin)]
        for _ in graph.ops:
            # Beginnings of the same operators differ in their peak only.
            best: dict[frozenset[int], _Beginning] = {}
            for beginning in beam:
                for number in self._ready(beginning):
                    longer = self._followed(beginning, number)
                    key = frozenset(longer.order)
                    if key not in best or longer.peak_bytes < best[key].peak_bytes:
                        best[key] = longer
            ranked = sorted(best.values(), key=lambda b: (b.peak_bytes, b.live_bytes, b.order))
            beam = ranked[:width]
        return beam[0]

    def _readers_of_roots(self) -> Mapping[int, frozenset[int]]:
        numbers = {id(op): n for n, op in enumerate(self._graph.ops)}
        found: dict[int, set[int]] = {}
        for index, ops in consumers(self._graph).items():
            if index >= 0:
                found.setdefault(self._roots[index], set()).update(numbers[id(op)] for op in ops)
        return {root: frozenset(ops) for root, ops in found.items()}

    def _ready(self, beginning: _Beginning) -> list[int]:
        done = set(beginning.order)
        ready = (
            number
            for number, op in enumerate(self._graph.ops)
            if number not in done
            and all(self._producers[i] in done for i in op.inputs if i in self._producers)
        )
        return list(islice(ready, _NEXT))

    def _followed(self, beginning: _Beginning, number: int) -> _Beginning:
        op = self._graph.ops[number]
        during = beginning.live | {self._roots[i] for i in op.outputs}
        peak = beginning.live_bytes + self._bytes(op, beginning.live)
        done = {*beginning.order, number}
        live = frozenset(
            root for root in during if root in self._kept or self._readers.get(root, set()) - done
        )
        order = (*beginning.order, number)
        size = sum(self._graph.tensors[root].size_bytes for root in live)
        return _Beginning(order, max(beginning.peak_bytes, peak), live, size)

    def _bytes(self, op: Op, live: frozenset[int]) -> int:
        """What the operator adds to the live bytes while it runs."""
        new = {self._roots[i] for i in op.outputs} - live
        return sum(self._graph.tensors[root].size_bytes for root in new)
