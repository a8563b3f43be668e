"""Independent operators, laid out by hand: each output as near to its input as it may be."""

from __future__ import annotations

from dataclasses import dataclass

from support.cases.kernels import KernelCases
from support.cases.lowering import check_legality, lower_graph
from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen import CodegenOptions
from tinycompress.codegen.arena.memory import ArenaLayout
from tinycompress.codegen.arena.places import places
from tinycompress.codegen.choosing.select import Preference, fastest
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.overlap import Overlap
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.rendering.render import render
from tinycompress.ir.graph import Graph
from tinycompress.ir.reader import read_model


@dataclass(frozen=True)
class Placed:
    """Independent operators, each with its output as near to its input as it may be, or nearer."""

    sources: GeneratedSources
    layers: tuple[Layer, ...]
    overlapping: tuple[bool, ...]


def _near(layer: Layer, graph: Graph, overlap: Overlap, steps_nearer: int) -> int | None:
    """Offset of the first input less that of the output; None if they would not overlap."""
    input_bytes = graph.tensors[layer.reads[0]].size_bytes
    output_bytes = graph.tensors[layer.writes[0]].size_bytes
    multiple = overlap.multiple_bytes
    least = -(-max(overlap.distance_bytes, 1 - input_bytes) // multiple) * multiple
    distance = least - steps_nearer * multiple
    if steps_nearer and distance >= overlap.distance_bytes:
        return None  # the input's length is what limits the distance
    return distance if -input_bytes < distance < output_bytes else None


def place(
    cases: KernelCases,
    core: CodegenOptions,
    steps_nearer: int,
    prefer: Preference = fastest,
) -> Placed:
    """Generate all cases' operators with a layout made by hand."""
    model = read_model(cases.tflite())
    graph = run_passes(model.main)
    check_legality(graph, core)
    layers = lower_graph(graph, core, prefer)
    offsets: dict[int, int] = {}
    scratch: dict[int, int] = {}
    overlapping = []
    end = 0
    for step, layer in enumerate(layers):
        overlap = layer.overlap
        distance = None if overlap is None else _near(layer, graph, overlap, steps_nearer)
        output, (first, *others) = layer.writes[0], dict.fromkeys(layer.reads)
        overlapping.append(distance is not None)
        if distance is None:
            distance = graph.tensors[output].size_bytes
        offsets[output] = end + max(-distance, 0)
        offsets[first] = end + max(distance, 0)
        end = max(offsets[i] + graph.tensors[i].size_bytes for i in (output, first))
        for other in others:
            offsets[other] = end
            end += graph.tensors[other].size_bytes
        end = -(-end // 8) * 8
        if layer.scratch_bytes:
            scratch[step] = end
            end += -(-layer.scratch_bytes // 8) * 8
    tensors = {
        index: offsets[place.root] + place.offset_bytes
        for index, place in places(graph).items()
        if place.root in offsets
    }
    layout = ArenaLayout(tensors, scratch, max(end, 1), 0, "none")
    return Placed(render(model, graph, layers, layout, core), layers, tuple(overlapping))
