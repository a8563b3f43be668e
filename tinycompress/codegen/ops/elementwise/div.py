"""DIV on int8 or int16, with broadcasting: a reciprocal by Newton steps, then two roundings.

Where the references shift by more than 31 bits, which C++ leaves undefined, the firmware does what
their packages do on x86, the only form in which they are the oracles; both do the same. On int32
the quotient is rounded towards zero.
"""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.elementwise.binary import (
    binary_spec,
    clamp_params,
    scales,
    zero_points,
)
from tinycompress.codegen.ops.elementwise.whole import also_whole, is_whole
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.graph import DType, Graph, Op

_MAX_SHIFT = {DType.INT8: 22, DType.INT16: 14}
"""A dividend of 9 (17) bits has 23 (15) bits of headroom; dividing by zero takes one of them."""


def _factor(graph: Graph, op: Op, options: CodegenOptions) -> float:
    """LiteRT computes it in float32, TFLM as built does not."""
    a, b, y = scales(graph, op)
    if options.exact_to == "tflm":
        return a / (b * y)
    product = float32(b * y)
    return float32(a / product) if product else float("inf")


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """The factor of all quotients; ValueError if the references would shift to the left by it."""
    real = _factor(graph, op, options)
    multiplier, shift = quantize_multiplier(real)
    if shift > _MAX_SHIFT[o.result(graph, op).dtype]:
        raise ValueError(f"it is {real:g}")
    return {
        **zero_points(graph, op),
        "output_multiplier": multiplier,
        "output_shift": shift,
        **clamp_params(graph, op),
    }


def divisor_not_zero(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """A constant divisor must have no element whose value is zero"""
    divisor = o.operand(graph, op, 1)
    if divisor.data is None:
        return None
    at = np.flatnonzero(divisor.data.reshape(-1) == o.quantization(divisor).zero_point)
    return f"element {at[0]} of '{divisor.name}'" if at.size else None


def known_divisor(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """On int32, the divisor must be constant, without 0: the runtimes stop at a division by it"""
    if not is_whole(graph, op):
        return None
    divisor = o.operand(graph, op, 1)
    if divisor.data is None:
        return f"'{divisor.name}' is computed by the model"
    return None if np.all(divisor.data) else f"'{divisor.name}' has a 0"


SPEC = also_whole(
    binary_spec(
        "div",
        scaling,
        "The first input's scale / (the second's x the output's) must be below 2^22, of int16"
        " below 2^14: the references shift by less than 0 bits otherwise, which C++ leaves"
        " undefined",
        o.tflm_on_int8,
        divisor_not_zero,
    ),
    "div",
    known_divisor,
)
