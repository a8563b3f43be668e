"""From layers to buffers with lifetimes, and from the plan back to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinycompress.codegen.arena.lifetimes import Lifetime, find_reuses
from tinycompress.codegen.arena.places import Place, places
from tinycompress.codegen.arena.planner import CLIMB_WORK, Buffer, MemoryPlan, plan_memory
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.overlap import Overlap
from tinycompress.ir.graph import Graph

_ALIGNMENT_BYTES = 4


@dataclass(frozen=True)
class ArenaLayout:
    """Offsets in the arena: of every activation by its index, of scratch memory by its layer.

    ``peak_layer`` names the layer that runs while most bytes are live, ``peak_step`` is its place.
    """

    tensors: Mapping[int, int]
    scratch: Mapping[int, int]
    arena_bytes: int
    lower_bound_bytes: int
    peak_layer: str
    peak_step: int = 0


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
    found = places(graph)
    roots = _roots(graph, layers, found)
    scratch = {step: _scratch(layers[step], step) for step in range(len(layers))}
    used = {step: each for step, each in scratch.items() if each.size_bytes}
    names = [graph.tensors[root].name for root in roots]
    names += [f"scratch of {layers[step].name}" for step in used]
    lifetimes = [*roots.values(), *used.values()]
    alignments = [max(graph.tensors[root].dtype.item_bytes, _ALIGNMENT_BYTES) for root in roots]
    alignments += [_ALIGNMENT_BYTES] * len(used)
    buffers = [
        Buffer(name, each.size_bytes, each.first, each.last, alignment)
        for name, each, alignment in zip(names, lifetimes, alignments, strict=True)
    ]
    reuses = find_reuses(lifetimes, _orders(layers, found, list(roots))) if overlapping else ()
    plan = plan_memory(buffers, reuses, work=work)
    begins = dict(zip(roots, plan.offsets, strict=False))
    return ArenaLayout(
        tensors={
            index: begins[place.root] + place.offset_bytes
            for index, place in found.items()
            if place.root in begins
        },
        scratch=dict(zip(used, plan.offsets[len(roots) :], strict=True)),
        arena_bytes=plan.arena_bytes,
        lower_bound_bytes=plan.lower_bound_bytes,
        peak_layer=_peak_layer(plan, layers),
        peak_step=plan.peak_step,
    )


def _roots(
    graph: Graph, layers: Sequence[Layer], found: Mapping[int, Place]
) -> dict[int, Lifetime]:
    """When the bytes of each root are in use; the host writes inputs at step -1."""
    lifetimes: dict[int, Lifetime] = {}

    def at(index: int) -> tuple[Lifetime, int, int]:
        root, begin = found[index].root, found[index].offset_bytes
        lifetime = lifetimes.setdefault(root, Lifetime(graph.tensors[root].size_bytes))
        return lifetime, begin, begin + graph.tensors[index].size_bytes

    for step, layer in enumerate(layers):
        for index in layer.reads:
            lifetime, begin, end = at(index)
            lifetime.read(step, begin, end)
        for index in layer.writes:
            lifetime, begin, end = at(index)
            lifetime.write(step, begin, end)
    for index in graph.inputs:
        lifetime, begin, end = at(index)
        lifetime.write(-1, begin, end)
    for index in graph.outputs:
        lifetime, begin, end = at(index)
        lifetime.read(len(layers), begin, end)
    for root, lifetime in lifetimes.items():
        if graph.tensors[root].is_variable:
            lifetime.write(-1, 0, lifetime.size_bytes)
            lifetime.read(len(layers), 0, lifetime.size_bytes)
    return {root: lifetimes[root] for root in sorted(lifetimes)}


def _scratch(layer: Layer, step: int) -> Lifetime:
    lifetime = Lifetime(layer.scratch_bytes)
    lifetime.write(step, 0, layer.scratch_bytes)
    return lifetime


def _orders(
    layers: Sequence[Layer], found: Mapping[int, Place], roots: Sequence[int]
) -> dict[tuple[int, int], dict[int, Overlap]]:
    """By buffers written and read, for each step that does, what the kernel's order allows.

    Distances are between the begins of the buffers.
    """
    numbers = {root: number for number, root in enumerate(roots)}
    orders: dict[tuple[int, int], dict[int, Overlap]] = {}
    for step, layer in enumerate(layers):
        overlap = layer.overlap
        if overlap is None or len(layer.writes) != 1:
            continue
        written = found[layer.writes[0]]
        for read in dict.fromkeys(found[index] for index in layer.reads):
            if read.root == written.root:
                continue
            apart = overlap.moved(written.offset_bytes - read.offset_bytes)
            steps = orders.setdefault((numbers[written.root], numbers[read.root]), {})
            # A layer that reads two parts of one buffer must spare both.
            steps[step] = apart if step not in steps else steps[step].both(apart)
    return orders


def _peak_layer(plan: MemoryPlan, layers: Sequence[Layer]) -> str:
    return layers[min(max(plan.peak_step, 0), len(layers) - 1)].name
