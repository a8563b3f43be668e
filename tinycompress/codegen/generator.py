"""The AOT engine, from the model to C: passes, legality, lowering, memory plan, rendering."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.artifacts import GeneratedSources
from tinycompress.codegen.choosing.encoding import encoding_trades
from tinycompress.codegen.choosing.ram import Fitted, as_preferred, fit_ram
from tinycompress.codegen.choosing.select import Preference
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rendering.render import render
from tinycompress.codegen.simplify.simplify import Simplified, simplify
from tinycompress.codegen.verdict import require_aot
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.graph import Graph, Model


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
    simplified = simplify(graph, options) if options.simplify else Simplified(graph, None)
    if prefer is None:
        fitted = _fitted(graph, simplified, options)
    else:
        fitted = as_preferred(simplified.graph, options, prefer)
    sources = render(
        model, fitted.graph, fitted.layers, fitted.layout, options, shared=fitted.shared
    )
    recomputed = total_macs(fitted.graph) - total_macs(simplified.graph)
    trades = (*fitted.trades, *encoding_trades(fitted.layers, options))
    return replace(
        sources, trades=trades, simplification=simplified.summary, recomputed_macs=recomputed,
        flash_estimate_bytes=fitted.flash_bytes, predicted_cost=fitted.cost,
    )  # fmt: skip


def _fitted(graph: Graph, simplified: Simplified, options: CodegenOptions) -> Fitted:
    """The simplified graph in an arena no larger than that of the graph as it was.

    Patches are chosen anew for what is left, and may come out larger: there are fewer MACs of
    which they may add a share. Then the arena that the whole graph needs is the budget.
    """
    fitted = fit_ram(simplified.graph, options)
    budgets = options.ram_budget_bytes is not None or options.has_allowance
    if simplified.summary is None or budgets:
        return fitted
    before = fit_ram(graph, options).arena_bytes
    if fitted.arena_bytes <= before:
        return fitted
    try:
        return fit_ram(simplified.graph, replace(options, ram_budget_bytes=before))
    except DoesNotFitError:
        return fitted
