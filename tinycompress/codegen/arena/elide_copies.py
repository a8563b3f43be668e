"""Let parts lie in their whole, so that nothing is copied."""

from __future__ import annotations

from tinycompress.codegen.arena.places import IN_PLACE
from tinycompress.codegen.ops import OPS
from tinycompress.codegen.rewrite import map_ops, with_options
from tinycompress.ir.graph import Graph, Op


def elide_copies(graph: Graph) -> Graph:
    """Mark all operators that only cut or join: ``places`` finds which of their copies can go.

    Not among the passes that always run: a whole is in memory from its first part on, and what
    keeps a part waiting for the others may make a copy the smaller evil.
    """

    def change(op: Op) -> Op:
        spec = OPS.get(op.full_kind)
        made_of_copies = spec is not None and spec.plan is not None
        return with_options(op, **{IN_PLACE: True}) if made_of_copies else op

    return map_ops(graph, change)
