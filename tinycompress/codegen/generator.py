"""The AOT engine, from the model to C: passes, legality, lowering, memory plan, rendering."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.legality import check_legality
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.passes.state import resolve_state
from tinycompress.codegen.ram import fit_ram
from tinycompress.codegen.render import render
from tinycompress.ir.graph import Graph, Model


def generate_sources(model: Model, options: CodegenOptions) -> GeneratedSources:
    """Generate the C of a model.

    Raises:
        ModelError: The model cannot be built exactly; with every reason.
    """
    graph = run_passes(resolve_state(model))
    check_legality(graph, options)
    fitted = fit_ram(graph, options, lower_graph)
    sources = render(model, graph, fitted.layers, fitted.layout, options)
    return replace(sources, trades=fitted.trades)


def lower_graph(graph: Graph, options: CodegenOptions) -> tuple[Layer, ...]:
    """Choose the kernel of every operator that needs one; the graph has passed the checks."""
    lowered: list[Layer] = []
    for op in graph.ops:
        lower = OPS[op.kind].lower
        if lower is not None:
            layers = lower(graph, op, options)
            lowered += layers if isinstance(layers, tuple) else (layers,)
    return tuple(lowered)
