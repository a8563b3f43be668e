"""What the code generator knows of one kind of operator: all of it is in its ``OpSpec``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tinycompress.codegen.layer import Layer
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op

if TYPE_CHECKING:
    from tinycompress.codegen.ops.movement.copies import Copy
    from tinycompress.codegen.ops.window import Window

Constraint = Callable[[Graph, Op, CodegenOptions], str | None]
"""Returns None if the operator obeys, else what is wrong, with the offending value.

Its docstring is the rule: the text that a user reads in errors and in docs/SUPPORTED_OPS.md.
"""

Steps = tuple[Layer, ...]
"""Layers that run one after the other."""

Lowering = Callable[[Graph, Op, CodegenOptions], tuple[Steps, ...]]
"""Every exact way to run an operator, in order of preference where costs are not known.

The last is the one of last resort, mostly by a reference kernel: the only one whose parameters have
room for any number.
"""


def alternatives(layers: Iterable[Layer]) -> tuple[Steps, ...]:
    """Layers of which each runs the operator alone."""
    return tuple((layer,) for layer in layers)


def one_layer(lower: Callable[[Graph, Op, CodegenOptions], Layer]) -> Lowering:
    """The lowering of an operator that there is one kernel for."""
    return lambda graph, op, options: ((lower(graph, op, options),),)


def in_turn(lower: Callable[[Graph, Op, CodegenOptions], Steps]) -> Lowering:
    """The lowering of an operator that takes several layers."""
    return lambda graph, op, options: (lower(graph, op, options),)


@dataclass(frozen=True)
class OpSpec:
    """How one kind of operator is checked and lowered, and what passes may do with it.

    Args:
        structure: Constraints in order of dependence: each may assume those before it, and the
            others and ``lower`` assume them all.
        constraints: All further ones, independent of each other.
        lower: Lists the kernels that can run it, with their parameters; None if it only gives the
            same bytes another shape, so that nothing runs on the device.
        macs: Its multiply-accumulates, as the field counts them: padding included, bias not. None
            if it is no sum of products. Of any file's operator: raises ModelError where operands
            are missing or have a rank that the operator cannot have.
        window: The window that it slides over its first input, NHWC; None if it has none.
        outside: What a tap of the window outside the input counts as: its ``zero_point``, or the
            ``lowest`` value. None if it is not counted, or the window is no such sum.
        row_by_row: Whether each element of the output comes from the same place of each input.
        plan: The copies that it is made of, of which each may be unnecessary.
    """

    structure: tuple[Constraint, ...]
    constraints: tuple[Constraint, ...]
    lower: Lowering | None
    macs: Callable[[Graph, Op], int] | None = None
    window: Callable[[Graph, Op], Window] | None = None
    outside: Literal["zero_point", "lowest"] | None = None
    row_by_row: bool = False
    plan: Callable[[Graph, Op], tuple[Copy, ...]] | None = None

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
