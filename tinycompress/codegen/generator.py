"""The AOT engine, from the model to C: passes, legality, lowering, memory plan, rendering."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen.arena.places import copies_onto_itself, places
from tinycompress.codegen.choosing.flash import sharing_trades
from tinycompress.codegen.choosing.ram import fit_ram
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.legality import check_legality
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.passes import run_passes
from tinycompress.codegen.rendering.render import render
from tinycompress.codegen.state import resolve_state
from tinycompress.ir.graph import Graph, Model, Op


def generate_sources(model: Model, options: CodegenOptions) -> GeneratedSources:
    """Generate the C of a model.

    Raises:
        ModelError: The model cannot be built exactly; with every reason.
    """
    graph = run_passes(resolve_state(model))
    check_legality(graph, options)
    fitted = fit_ram(graph, options, lower_op)
    sources = render(model, fitted.graph, fitted.layers, fitted.layout, options)
    return replace(sources, trades=(*fitted.trades, *sharing_trades(fitted.layers, options)))


def lower_graph(graph: Graph, options: CodegenOptions) -> tuple[Layer, ...]:
    """Choose the kernel of every operator that needs one; the graph has passed the checks."""
    found = places(graph)
    lowered = (layer for op in graph.ops for layer in lower_op(graph, op, options))
    return tuple(layer for layer in lowered if not copies_onto_itself(layer, found))


def lower_op(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Layer, ...]:
    """The layers of one operator, none if it only names bytes anew."""
    lower = OPS[op.kind].lower
    layers = () if lower is None else lower(graph, op, options)
    return layers if isinstance(layers, tuple) else (layers,)
