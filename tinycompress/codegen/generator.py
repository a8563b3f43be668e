"""The AOT engine, from the model to C: passes, legality, lowering, memory plan, rendering."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen.choosing.ram import as_preferred, fit_ram
from tinycompress.codegen.choosing.select import Preference
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rendering.render import render
from tinycompress.codegen.verdict import require_aot
from tinycompress.ir.graph import Model


def generate_sources(
    model: Model, options: CodegenOptions, prefer: Preference | None = None
) -> GeneratedSources:
    """Generate the C of a model.

    Args:
        model: What the reader made of the file.
        options: What the caller chooses.
        prefer: Takes the kernel of each operator, to measure or test it; the arena is then laid out
            as it comes. None lets the selector choose.

    Raises:
        ModelError: The model cannot be built exactly; with every reason.
        DoesNotFitError: The arena does not fit the budget.
    """
    graph = require_aot(model, options)
    fitted = fit_ram(graph, options) if prefer is None else as_preferred(graph, options, prefer)
    sources = render(
        model, fitted.graph, fitted.layers, fitted.layout, options, shared=fitted.shared
    )
    return replace(sources, trades=fitted.trades)
