"""The passes over the graph, in the order in which they run: each ``Graph -> Graph``, all exact."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.artifacts import ExactTo
from tinycompress.codegen.passes.drop_dead import drop_dead_ops
from tinycompress.codegen.passes.fold_constants import fold_constants
from tinycompress.codegen.passes.fold_lookups import fold_lookups
from tinycompress.codegen.passes.fold_pad import fold_pads
from tinycompress.codegen.passes.half_constants import read_half_constants
from tinycompress.codegen.passes.islands import integer_islands
from tinycompress.codegen.passes.roll_steps import roll_steps
from tinycompress.codegen.passes.share_state import share_state
from tinycompress.codegen.passes.tabulate import tabulate_functions
from tinycompress.codegen.passes.views import fold_views_of_constants, keep_only_data_of_views
from tinycompress.ir.graph import Graph

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    # Before operands are cut: they tell one step from another.
    roll_steps,
    keep_only_data_of_views,
    fold_views_of_constants,
    fold_constants,
    read_half_constants,
    integer_islands,
    fold_lookups,
    # After the operands are cut: what computed them is dead now.
    drop_dead_ops,
    fold_pads,
    share_state,
)


def run_passes(graph: Graph, *, roll: bool = True, exact_to: ExactTo | None = None) -> Graph:
    """The graph after all passes.

    Args:
        graph: The graph, its state resolved.
        roll: Whether equal time steps become a loop; else they stay one behind the other.
        exact_to: The runtime that is asked for the tables of functions of one element; without one
            there are none.
    """
    if exact_to is not None:
        # On operators as the file has them: that is what the runtime runs.
        graph = tabulate_functions(graph, exact_to)
    for transform in PASSES:
        if roll or transform is not roll_steps:
            graph = transform(graph)
    return graph
