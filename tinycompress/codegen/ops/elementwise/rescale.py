"""Quantised values on another scale, where a table of 256 bytes does not do: more than 8 bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.requantize import MAX_LEFT_SHIFT
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op

_RESCALE = Kernel("elementwise/convert", "rescale", "rescale")
_TYPES: Mapping[DType, str] = {DType.INT8: "s8", DType.INT16: "s16", DType.INT32: "s32"}


@dataclass(frozen=True)
class Rescale:
    """Factors as multiplier and shift, of values from zero on and of those below.

    ``sign_before`` and ``sign_after`` are 1 or -1 and belong to values below zero: for the value
    and for the product.
    """

    positive: tuple[int, int]
    negative: tuple[int, int]
    sign_before: int = 1
    sign_after: int = 1

    @classmethod
    def by(cls, real: float) -> Rescale:
        """One factor for all.

        Raises:
            ValueError: It is 2^30 or more.
        """
        pair = factor(real)
        return cls(pair, pair)


def factor(real: float) -> tuple[int, int]:
    """Multiplier and shift.

    Raises:
        ValueError: The factor is 2^30 or more, which no reference kernel shifts by.
    """
    multiplier, shift = quantize_multiplier(real)
    if shift > MAX_LEFT_SHIFT:
        raise ValueError(f"a factor is {real:g}")
    return multiplier, shift


def rescale_layer(
    graph: Graph, op: Op, rescale: Rescale, clamp: tuple[int, int] | None = None
) -> Layer:
    """The layer that rescales an operator's input to its output, and limits it.

    Args:
        graph: The graph.
        op: An operator with one input and one output, of int8, int16 or int32.
        rescale: The factors.
        clamp: The limits of stored values; None for those of the output's type.
    """
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    low, high = clamp or o.limits(y.dtype)
    return o.layer(
        graph,
        op,
        Kernel(
            "elementwise/convert", "rescale", "rescale", types=(_TYPES[x.dtype], _TYPES[y.dtype])
        ),
        {
            "count": y.elements,
            "input_offset": -o.quantization(x).zero_point,
            "output_offset": o.quantization(y).zero_point,
            "multiplier": rescale.positive[0],
            "shift": rescale.positive[1],
            "negative_multiplier": rescale.negative[0],
            "negative_shift": rescale.negative[1],
            "sign_before": rescale.sign_before,
            "sign_after": rescale.sign_after,
            "clamp_min": low,
            "clamp_max": high,
        },
        reads=(x,),
        writes=y,
    )
