"""What the code generator knows of one kind of operator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op

Constraint = Callable[[Graph, Op, CodegenOptions], str | None]
"""Returns None if the operator obeys, else what is wrong, with the offending value.

Its docstring is the rule: the text that a user reads in errors and in docs/SUPPORTED_OPS.md.
"""

Lowering = Callable[[Graph, Op, CodegenOptions], Layer]


@dataclass(frozen=True)
class OpSpec:
    """How one kind of operator is checked and lowered.

    Args:
        structure: Constraints without which the others, and ``lower``, cannot be evaluated.
        constraints: All further ones.
        lower: Chooses the kernel and computes its parameters; None if the operator only gives the
            same bytes another shape, so that nothing runs on the device.
    """

    structure: tuple[Constraint, ...]
    constraints: tuple[Constraint, ...]
    lower: Lowering | None

    def violations(self, graph: Graph, op: Op, options: CodegenOptions) -> tuple[str, ...]:
        """Every broken rule with its detail; only structural ones if there are any."""
        for group in (self.structure, self.constraints):
            found = tuple(
                f"{rule_of(constraint)}: {detail}"
                for constraint in group
                if (detail := constraint(graph, op, options)) is not None
            )
            if found:
                return found
        return ()


def rule_of(constraint: Constraint) -> str:
    """The text of a constraint's rule."""
    return " ".join((constraint.__doc__ or "").split())
