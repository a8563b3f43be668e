"""The AOT engine, from the model to C: passes, legality, lowering, memory plan, rendering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from tinycompress.artifacts import GeneratedSources, Simplification
from tinycompress.codegen.choosing.encoding import encoding_trades, expanding_trades
from tinycompress.codegen.choosing.ram import Fitted, as_preferred, fit_ram
from tinycompress.codegen.choosing.select import Preference
from tinycompress.codegen.macs import total_macs
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rendering.render import render
from tinycompress.codegen.simplify.simplify import Simplified, simplify
from tinycompress.codegen.stages import join_stages, stage_infos
from tinycompress.codegen.verdict import require_aot
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.cascade.models import stage_model
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
    if model.stages:
        return _generate_stages(model, options, prefer)
    simplified, fitted = _lowered(model, options, prefer)
    sources = render(
        model, fitted.graph, fitted.layers, fitted.layout, options, shared=fitted.shared
    )
    recomputed = total_macs(fitted.graph) - total_macs(simplified.graph)
    trades = (
        *fitted.trades,
        *encoding_trades(fitted.layers, options),
        *expanding_trades(fitted.layers),
    )
    return replace(
        sources, trades=trades, simplification=simplified.summary, recomputed_macs=recomputed,
        flash_estimate_bytes=fitted.flash_bytes, predicted_cost=fitted.cost,
    )  # fmt: skip


def _generate_stages(
    model: Model, options: CodegenOptions, prefer: Preference | None
) -> GeneratedSources:
    """The C of a cascade: kernels of each stage are chosen as if it were alone."""
    # Stages are lists of layers: their time steps stay one behind the other.
    lowered = [
        _lowered(stage_model(model, stage), options, prefer, roll=False) for stage in model.stages
    ]
    joined = join_stages(model.stages, [fitted for _, fitted in lowered], options)
    sources = render(
        model, joined.graph, joined.layers, joined.layout, options,
        shared=joined.shared, stages=joined.stages,
    )  # fmt: skip
    recomputed = sum(
        total_macs(fitted.graph) - total_macs(simplified.graph) for simplified, fitted in lowered
    )
    summaries = [simplified.summary for simplified, _ in lowered if simplified.summary is not None]
    return replace(
        sources, trades=(*joined.trades, *encoding_trades(joined.layers, options)),
        simplification=_added(summaries), recomputed_macs=recomputed, stages=stage_infos(joined),
    )  # fmt: skip


def _added(summaries: Sequence[Simplification]) -> Simplification | None:
    """What went from all stages."""
    if not summaries:
        return None
    names = [field.name for field in fields(Simplification)]
    return Simplification(**{name: sum(getattr(one, name) for one in summaries) for name in names})


def _lowered(
    model: Model, options: CodegenOptions, prefer: Preference | None, *, roll: bool = True
) -> tuple[Simplified, Fitted]:
    graph = require_aot(model, options, roll=roll)
    simplified = simplify(graph, options) if options.simplify else Simplified(graph, None)
    if prefer is not None:
        return simplified, as_preferred(simplified.graph, options, prefer)
    return simplified, _fitted(graph, simplified, options)


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
