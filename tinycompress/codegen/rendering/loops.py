"""Loops over time steps among the layers of a model, as the template writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tinycompress.codegen.arena.memory import ArenaLayout
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.ops.operands import int_option
from tinycompress.codegen.ops.recurrent import steps


@dataclass(frozen=True)
class Loop:
    """Layers that run again and again: from ``first`` to ``last``, as long as a counter in the
    arena is below ``count``."""

    first: int
    last: int
    counter: int
    count: int


def loops_of(layers: Sequence[Layer], layout: ArenaLayout) -> list[Loop]:
    """The loops over time steps, in their order: there is none in another."""
    begins = [at for at, layer in enumerate(layers) if layer.op.kind == steps.BEGIN]
    ends = [at for at, layer in enumerate(layers) if layer.op.kind == steps.END]
    return [
        Loop(
            begin + 1,
            end,
            layout.tensors[layers[begin].op.outputs[0]],
            int_option(layers[begin].op, steps.COUNT),
        )
        for begin, end in zip(begins, ends, strict=True)
    ]
