"""From layers to buffers with lifetimes, and from the plan back to tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinycompress.codegen.access_order import overlap_of
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.passes.views import is_view
from tinycompress.codegen.planner import Buffer, MemoryPlan, Reuse, plan_memory
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


def lay_out(graph: Graph, layers: Sequence[Layer], *, overlapping: bool = True) -> ArenaLayout:
    """Plan the arena: activations, scratch memory, inputs and outputs.

    Inputs are live until the last layer that reads them, outputs from the layer that writes them
    to the end, state all the time. A view shares the memory of what it views.

    Args:
        graph: The graph that the layers were lowered from.
        layers: In the order in which they run.
        overlapping: Whether what a layer writes may lie in what it reads for the last time.
    """
    roots = view_roots(graph)
    spans = _spans(graph, layers, roots)
    indices = sorted(spans)
    buffers = [
        Buffer(graph.tensors[i].name, graph.tensors[i].size_bytes, *spans[i], _ALIGNMENT_BYTES)
        for i in indices
    ]
    scratch = [step for step, layer in enumerate(layers) if layer.scratch_bytes]
    buffers += [
        Buffer(f"scratch of {layers[s].name}", layers[s].scratch_bytes, s, s, _ALIGNMENT_BYTES)
        for s in scratch
    ]
    plan = plan_memory(buffers, _reuses(layers, roots, spans, indices) if overlapping else ())
    placed = dict(zip(indices, plan.offsets, strict=False))
    return ArenaLayout(
        tensors={i: placed[root] for i, root in roots.items() if root in placed},
        scratch=dict(zip(scratch, plan.offsets[len(indices) :], strict=True)),
        arena_bytes=plan.arena_bytes,
        lower_bound_bytes=plan.lower_bound_bytes,
        peak_layer=_peak_layer(plan, layers),
        peak_step=plan.peak_step,
    )


def view_roots(graph: Graph) -> dict[int, int]:
    """For every tensor the one whose memory it shares, itself unless it is a view."""
    roots = {tensor.index: tensor.index for tensor in graph.tensors}
    for op in graph.ops:
        if is_view(op):
            roots[op.outputs[0]] = roots[op.inputs[0]]
    return roots


def _spans(
    graph: Graph, layers: Sequence[Layer], roots: Mapping[int, int]
) -> dict[int, tuple[int, int]]:
    """First and last step at which each root is live; the host writes inputs at step -1."""
    spans: dict[int, tuple[int, int]] = {}

    def use(index: int, step: int) -> None:
        first, last = spans.get(roots[index], (step, step))
        spans[roots[index]] = (min(first, step), max(last, step))

    for index in graph.inputs:
        use(index, -1)
    for step, layer in enumerate(layers):
        for index in (*layer.reads, *layer.writes):
            use(index, step)
    for index in graph.outputs:
        use(index, len(layers))
    for index in spans:
        if graph.tensors[index].is_variable:
            spans[index] = (-1, len(layers))
    return spans


def _reuses(
    layers: Sequence[Layer],
    roots: Mapping[int, int],
    spans: Mapping[int, tuple[int, int]],
    indices: Sequence[int],
) -> list[Reuse]:
    """Where a layer's output may lie in an input that no later layer needs."""
    numbers = {index: number for number, index in enumerate(indices)}
    found = []
    for step, layer in enumerate(layers):
        overlap = overlap_of(layer)
        if overlap is None or len(layer.writes) != 1:
            continue
        output = roots[layer.writes[0]]
        if spans[output][0] != step:
            continue
        found += [
            Reuse(numbers[output], numbers[source], overlap.distance_bytes, overlap.multiple_bytes)
            for source in dict.fromkeys(roots[index] for index in layer.reads)
            if spans[source][1] == step
        ]
    return found


def _peak_layer(plan: MemoryPlan, layers: Sequence[Layer]) -> str:
    return layers[min(max(plan.peak_step, 0), len(layers) - 1)].name
