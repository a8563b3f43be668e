"""DIV on int8, with broadcasting: a reciprocal by Newton steps, then two roundings."""

from __future__ import annotations

import numpy as np

from tinycompress.codegen.layer import ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.binary import binary_spec, clamp_params, scales, zero_points
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import float32, quantize_multiplier
from tinycompress.ir.graph import Graph, Op

_MAX_SHIFT = 22
"""A dividend of +-255 has 23 bits of headroom; dividing by zero takes one of them."""


def _factor(graph: Graph, op: Op, options: CodegenOptions) -> float:
    """LiteRT computes it in float32, TFLM as built does not."""
    a, b, y = scales(graph, op)
    if options.exact_to == "tflm":
        return a / (b * y)
    product = float32(b * y)
    return float32(a / product) if product else float("inf")


def _largest_divisor(graph: Graph, op: Op) -> int:
    """The largest magnitude that a divisor less its zero point can have."""
    divisor = o.operand(graph, op, 1)
    low, high = o.limits(divisor.dtype)
    if divisor.data is not None:
        low, high = int(divisor.data.min()), int(divisor.data.max())
    zero_point = o.quantization(divisor).zero_point
    return max(abs(low - zero_point), abs(high - zero_point))


def scaling(graph: Graph, op: Op, options: CodegenOptions) -> dict[str, ParamValue]:
    """The factor of all quotients; ValueError if it is beyond what the references define."""
    real, largest = _factor(graph, op, options), _largest_divisor(graph, op)
    multiplier, shift = quantize_multiplier(real)
    # The references shift by the quotient's bits, which C++ defines from 0 to 31 only; most are
    # those of 0 divided by the largest divisor.
    if not largest.bit_length() - 1 <= shift <= _MAX_SHIFT:
        raise ValueError(f"it is {real:g}, with divisors up to {largest}")
    return {
        **zero_points(graph, op),
        "output_multiplier": multiplier,
        "output_shift": shift,
        **clamp_params(graph, op),
    }


def int8_only(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The tensors must be int8: TFLM has no int16 kernel, and LiteRT's shifts beyond 31 bits"""
    return "int16" if o.is_wide(graph, op) else None


def divisor_not_zero(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """A constant divisor must have no element that means zero"""
    divisor = o.operand(graph, op, 1)
    if divisor.data is None:
        return None
    at = np.flatnonzero(divisor.data.reshape(-1) == o.quantization(divisor).zero_point)
    return f"element {at[0]} of '{divisor.name}'" if at.size else None


SPEC = binary_spec(
    "div",
    scaling,
    "The first input's scale / (the second's x the output's) must be below 2^22, and at least half"
    " of the power of two in the largest divisor less its zero point (64 for 128 to 255): the"
    " references shift by more than 31 bits otherwise, which C++ leaves undefined",
    int8_only,
    divisor_not_zero,
)
