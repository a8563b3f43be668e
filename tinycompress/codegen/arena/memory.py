"""From layers to buffers with lifetimes, and from the plan back to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinycompress.artifacts import BufferKind, PlannedBuffer
from tinycompress.codegen.arena.lifetimes import Lifetime, find_reuses
from tinycompress.codegen.arena.places import places
from tinycompress.codegen.arena.planner import CLIMB_WORK, Buffer, MemoryPlan, plan_memory
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.overlap import Overlap
from tinycompress.ir.graph import Graph

_ALIGNMENT_BYTES = 4


@dataclass(frozen=True)
class ArenaLayout:
    """Offsets in the arena: of every activation by its index, of scratch memory by its layer.

    ``peak_layer`` names the layer that runs while most bytes are live, ``peak_step`` is its place.
    ``buffers`` are what tensors and scratch memory share, for people to look at.
    """

    tensors: Mapping[int, int]
    scratch: Mapping[int, int]
    arena_bytes: int
    lower_bound_bytes: int
    peak_layer: str
    peak_step: int = 0
    buffers: tuple[PlannedBuffer, ...] = ()


def lay_out(
    graph: Graph, layers: Sequence[Layer], *, overlapping: bool = True, work: int = CLIMB_WORK
) -> ArenaLayout:
    """Plan the arena: activations, scratch memory, inputs and outputs.

    Inputs are live until the last layer that reads them, outputs from the layer that writes them
    to the end, state all the time. Tensors that share memory are one buffer.

    Args:
        graph: The graph that the layers were lowered from.
        layers: In the order in which they run.
        overlapping: Whether buffers may lie in each other's bytes that are not in use: what a layer
            writes in what it reads for the last time, above all.
        work: How long to search, as in ``plan_memory``.
    """
    return _Arena(graph, layers).laid_out(overlapping, work)


class _Arena:
    """The buffers of a graph's layers: roots, which hold tensors, then pieces of scratch memory."""

    def __init__(self, graph: Graph, layers: Sequence[Layer]) -> None:
        self._graph = graph
        self._layers = layers
        self._places = places(graph)
        self._roots = self._lifetimes()
        scratch = {step: _scratch(layer, step) for step, layer in enumerate(layers)}
        self._scratch = {step: each for step, each in scratch.items() if each.size_bytes}

    def laid_out(self, overlapping: bool, work: int) -> ArenaLayout:
        """Offsets for all tensors and all scratch memory."""
        lifetimes = [*self._roots.values(), *self._scratch.values()]
        reuses = find_reuses(lifetimes, self._orders()) if overlapping else ()
        plan = plan_memory(self._buffers(lifetimes), reuses, work=work)
        begins = dict(zip(self._roots, plan.offsets, strict=False))
        return ArenaLayout(
            tensors={
                index: begins[place.root] + place.offset_bytes
                for index, place in self._places.items()
                if place.root in begins
            },
            scratch=dict(zip(self._scratch, plan.offsets[len(self._roots) :], strict=True)),
            arena_bytes=plan.arena_bytes,
            lower_bound_bytes=plan.lower_bound_bytes,
            peak_layer=_peak_layer(plan, self._layers),
            peak_step=plan.peak_step,
            buffers=self._planned(plan),
        )

    def _planned(self, plan: MemoryPlan) -> tuple[PlannedBuffer, ...]:
        kinds: list[BufferKind] = [self._kind(root) for root in self._roots]
        kinds += ["scratch"] * len(self._scratch)
        return tuple(
            PlannedBuffer(buffer.name, kind, offset, buffer.size_bytes, buffer.first, buffer.last)
            for buffer, offset, kind in zip(plan.buffers, plan.offsets, kinds, strict=True)
        )

    def _kind(self, root: int) -> BufferKind:
        """What the tensors of a buffer are to the caller; input first where it is several."""
        held = {index for index, place in self._places.items() if place.root == root}
        if self._graph.tensors[root].is_variable:
            return "state"
        if held & set(self._graph.inputs):
            return "input"
        return "output" if held & set(self._graph.outputs) else "activation"

    def _buffers(self, lifetimes: Sequence[Lifetime]) -> list[Buffer]:
        tensors = [self._graph.tensors[root] for root in self._roots]
        names = [tensor.name for tensor in tensors]
        names += [f"scratch of {self._layers[step].name}" for step in self._scratch]
        alignments = [max(tensor.dtype.item_bytes, _ALIGNMENT_BYTES) for tensor in tensors]
        alignments += [_ALIGNMENT_BYTES] * len(self._scratch)
        return [
            Buffer(name, each.size_bytes, each.first, each.last, alignment)
            for name, each, alignment in zip(names, lifetimes, alignments, strict=True)
        ]

    def _lifetimes(self) -> dict[int, Lifetime]:
        """When the bytes of each root are in use; the host writes inputs at step -1."""
        graph, end = self._graph, len(self._layers)
        found: dict[int, Lifetime] = {}
        for step, layer in enumerate(self._layers):
            for index in (*layer.reads, *layer.keeps):
                self._note(found, index).read(step, *self._bytes(index))
            for index in (*layer.writes, *layer.claims):
                self._note(found, index).write(step, *self._bytes(index))
        for index in graph.inputs:
            self._note(found, index).write(-1, *self._bytes(index))
        for index in graph.outputs:
            self._note(found, index).read(end, *self._bytes(index))
        for root, lifetime in found.items():
            if graph.tensors[root].is_variable:
                lifetime.write(-1, 0, lifetime.size_bytes)
                lifetime.read(end, 0, lifetime.size_bytes)
        return {root: found[root] for root in sorted(found)}

    def _note(self, found: dict[int, Lifetime], index: int) -> Lifetime:
        root = self._places[index].root
        return found.setdefault(root, Lifetime(self._graph.tensors[root].size_bytes))

    def _bytes(self, index: int) -> tuple[int, int]:
        """Where a tensor begins and ends in its root."""
        begin = self._places[index].offset_bytes
        return begin, begin + self._graph.tensors[index].size_bytes

    def _orders(self) -> dict[tuple[int, int], dict[int, Overlap]]:
        """By buffers written and read, for each step that does, what the kernel's order allows.

        Distances are between the begins of the buffers.
        """
        numbers = {root: number for number, root in enumerate(self._roots)}
        orders: dict[tuple[int, int], dict[int, Overlap]] = {}
        for step, layer in enumerate(self._layers):
            overlap = layer.overlap
            if overlap is None or len(layer.writes) != 1:
                continue
            written = self._places[layer.writes[0]]
            for read in dict.fromkeys(self._places[index] for index in layer.reads):
                if read.root == written.root:
                    continue
                apart = overlap.moved(written.offset_bytes - read.offset_bytes)
                steps = orders.setdefault((numbers[written.root], numbers[read.root]), {})
                # A layer that reads two parts of one buffer must spare both.
                steps[step] = apart if step not in steps else steps[step].both(apart)
        return orders


def _scratch(layer: Layer, step: int) -> Lifetime:
    lifetime = Lifetime(layer.scratch_bytes)
    lifetime.write(step, 0, layer.scratch_bytes)
    return lifetime


def _peak_layer(plan: MemoryPlan, layers: Sequence[Layer]) -> str:
    return layers[min(max(plan.peak_step, 0), len(layers) - 1)].name
