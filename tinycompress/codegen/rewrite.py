"""Small edits of an immutable graph, which passes are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy.typing as npt

from tinycompress.ir.graph import Graph, Op, OptionValue


def map_ops(graph: Graph, change: Callable[[Op], Op | None]) -> Graph:
    """Replace every op by ``change(op)``; None removes it."""
    return replace(graph, ops=tuple(new for op in graph.ops if (new := change(op)) is not None))


def with_constants(graph: Graph, values: Mapping[int, npt.NDArray[Any]]) -> Graph:
    """Give tensors constant values; the arrays have the tensors' shapes."""
    return replace(
        graph,
        tensors=tuple(
            replace(tensor, data=values[tensor.index]) if tensor.index in values else tensor
            for tensor in graph.tensors
        ),
    )


def with_options(op: Op, **changes: OptionValue) -> Op:
    """The op with some options changed or added."""
    return replace(op, options=MappingProxyType({**op.options, **changes}))


def consumers(graph: Graph) -> dict[int, list[Op]]:
    """The ops that read each tensor."""
    found: dict[int, list[Op]] = {}
    for op in graph.ops:
        for index in dict.fromkeys(op.inputs):
            found.setdefault(index, []).append(op)
    return found
