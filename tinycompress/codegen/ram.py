"""What is done for a small arena: the order of layers, and slower kernels where it peaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tinycompress.codegen.chooser import predicted_cycles
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.memory import ArenaLayout, lay_out
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.passes.order import order_for_memory
from tinycompress.errors import ModelError
from tinycompress.ir.graph import Graph

_WORTH = 4
"""For speed, a layer changes its kernel where that saves at least one in so many arena bytes."""

Lower = Callable[[Graph, CodegenOptions], tuple[Layer, ...]]


@dataclass(frozen=True)
class Fitted:
    """Layers, where their tensors lie, and in words what was given for memory."""

    layers: tuple[Layer, ...]
    layout: ArenaLayout
    trades: tuple[str, ...]


def fit_ram(graph: Graph, options: CodegenOptions, lower: Lower) -> Fitted:
    """Lower a graph and lay out its arena as the options want it.

    Args:
        graph: A graph that has passed the checks.
        options: `optimize` and `ram_budget_bytes` decide.
        lower: Chooses the kernels of a graph.

    Raises:
        ModelError: The arena does not fit the budget with any kernels.
    """
    fitted = _plain(graph, options, lower)
    if options.candidate is not None:
        return fitted
    reordered = order_for_memory(graph)
    if reordered.ops != graph.ops:
        other = _plain(reordered, options, lower)
        if other.layout.arena_bytes < fitted.layout.arena_bytes:
            graph, fitted = reordered, other
    fitted = _shrink(graph, options, lower, fitted)
    budget = options.ram_budget_bytes
    if budget is None or fitted.layout.arena_bytes <= budget:
        return fitted
    fitted = _shrink(graph, replace(options, optimize="ram"), lower, fitted)
    if fitted.layout.arena_bytes > budget:
        layout = fitted.layout
        raise ModelError(
            f"the arena takes {layout.arena_bytes} bytes at layer '{layout.peak_layer}', "
            f"the budget is {budget}",
            hint="a smaller input or fewer channels in the first layers shrink it most",
        )
    return fitted


def _plain(graph: Graph, options: CodegenOptions, lower: Lower) -> Fitted:
    layers = lower(graph, options)
    return Fitted(layers, lay_out(graph, layers), ())


def _shrink(graph: Graph, options: CodegenOptions, lower: Lower, fitted: Fitted) -> Fitted:
    """Change the kernel of the layer at the peak for as long as that pays."""
    while not _within(fitted, options):
        step = max(min(fitted.layout.peak_step, len(fitted.layers) - 1), 0)
        before = fitted.layers[step]
        wanted = replace(options, small=frozenset((before.op.index,)))
        # Only this operator is lowered again, and only where it is one layer before and after.
        again = lower(replace(graph, ops=(before.op,)), wanted)
        if len(again) != 1 or again[0].scratch_bytes >= before.scratch_bytes:
            break
        layers = (*fitted.layers[:step], *again, *fitted.layers[step + 1 :])
        layout = lay_out(graph, layers)
        saved = fitted.layout.arena_bytes - layout.arena_bytes
        worth = 1 if options.optimize == "ram" else fitted.layout.arena_bytes / _WORTH
        if saved < worth:
            break
        trade = _trade(before, again[0], saved, options)
        fitted = Fitted(layers, layout, (*fitted.trades, trade))
    return fitted


def _within(fitted: Fitted, options: CodegenOptions) -> bool:
    budget = options.ram_budget_bytes
    return not fitted.layers or (budget is not None and fitted.layout.arena_bytes <= budget)


def _trade(before: Layer, after: Layer, saved: int, options: CodegenOptions) -> str:
    costs = [predicted_cycles(layer, options.family) for layer in (before, after)]
    known = ""
    if costs[0] is not None and costs[1] is not None:
        known = f" for about {costs[1] - costs[0]:.0f} cycles"
    kernels = f"{after.kernel.name} instead of {before.kernel.name}"
    return f"layer '{before.name}': {kernels} saves {saved} bytes of RAM{known}"
