"""What the code generator knows of one kind of operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op

Constraint = Callable[[Graph, Op, CodegenOptions], str | None]
"""Returns None if the operator obeys, else what is wrong, with the offending value.

Its docstring is the rule: the text that a user reads in errors and in docs/SUPPORTED_OPS.md.
"""

Lowering = Callable[[Graph, Op, CodegenOptions], Layer | tuple[Layer, ...]]
"""One layer, or several that run one after the other."""


@dataclass(frozen=True)
class OpSpec:
    """How one kind of operator is checked and lowered.

    Args:
        structure: Constraints in order of dependence: each may assume those before it, and the
            others and ``lower`` assume them all.
        constraints: All further ones, independent of each other.
        lower: Chooses the kernel and computes its parameters; None if the operator only gives the
            same bytes another shape, so that nothing runs on the device.
    """

    structure: tuple[Constraint, ...]
    constraints: tuple[Constraint, ...]
    lower: Lowering | None

    def violations(self, graph: Graph, op: Op, options: CodegenOptions) -> tuple[str, ...]:
        """Broken rules with their details: the first structural one, else all others."""
        structural = _broken(self.structure, graph, op, options)
        first = next(structural, None)
        if first is not None:
            return (first,)
        return tuple(_broken(self.constraints, graph, op, options))


def _broken(
    constraints: tuple[Constraint, ...], graph: Graph, op: Op, options: CodegenOptions
) -> Iterator[str]:
    for constraint in constraints:
        detail = constraint(graph, op, options)
        if detail is not None:
            yield f"{rule_of(constraint)}: {detail}"


def rule_of(constraint: Constraint) -> str:
    """The text of a constraint's rule."""
    return " ".join((constraint.__doc__ or "").split())
