"""Arithmetic of tensors of different shapes in at most four dimensions, which is what TFLM has.

Keras computes GroupNormalization of an image in five. Neighbouring dimensions that are alike, equal
in both or 1 in the same one, count as one dimension, so that fewer do: equal values.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from tinycompress.conversion.graphs.nodes import imported, reshape

_KINDS = frozenset(
    {"Add", "AddV2", "Maximum", "Minimum", "Mul", "RealDiv", "SquaredDifference", "Sub"}
)
_MOST_DIMENSIONS = 4


def broadcasts_of_few_dimensions(graph_def: Any) -> None:
    """Reshape the operands of such arithmetic, and its result back, in place.

    What still has more dimensions, or sizes that are not known, stays as it is.
    """
    if not any(node.op in _KINDS for node in graph_def.node):
        return
    graph = imported(graph_def)
    added: list[Any] = []
    for node in graph_def.node:
        if node.op not in _KINDS:
            continue
        operation = graph.get_operation_by_name(node.name)
        shapes = [one.shape for one in (*operation.inputs, *operation.outputs)]
        if not all(shape.is_fully_defined() for shape in shapes):
            continue
        left, right, result = (shape.as_list() for shape in shapes)
        if left == right or len(result) <= _MOST_DIMENSIONS:
            continue
        merged = _merged(left, right)
        if len(merged[0]) <= _MOST_DIMENSIONS:
            added += _in_fewer(node, merged, result)
    graph_def.node.extend(added)


def _merged(left: Sequence[int], right: Sequence[int]) -> tuple[list[int], list[int]]:
    """Both shapes with dimensions put together that are alike."""
    rank = max(len(left), len(right))
    pairs = zip(
        [1] * (rank - len(left)) + list(left), [1] * (rank - len(right)) + list(right), strict=True
    )
    groups: list[tuple[str, list[int], list[int]]] = []
    for one, other in pairs:
        if one == other == 1:
            continue
        alike = "both" if one == other else "left" if other == 1 else "right"
        if not groups or groups[-1][0] != alike:
            groups.append((alike, [], []))
        groups[-1][1].append(one)
        groups[-1][2].append(other)
    return [prod(group[1]) for group in groups], [prod(group[2]) for group in groups]


def _in_fewer(node: Any, merged: tuple[list[int], list[int]], result: list[int]) -> list[Any]:
    """Make a node the reshaped result of one in fewer dimensions; what that takes."""
    inner = type(node)()
    inner.CopyFrom(node)
    inner.name = f"{node.name}/in_fewer_dimensions"
    added = [inner]
    kind = node.attr["T"].type
    for place, shape in enumerate(merged):
        reshaped = type(node)(name=f"{node.name}/operand_{place}")
        added += [reshaped, reshape(reshaped, node.input[place], shape, kind)]
        inner.input[place] = reshaped.name
    return [*added, reshape(node, inner.name, result, kind)]
