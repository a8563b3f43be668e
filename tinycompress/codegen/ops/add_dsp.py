"""ADD for cores with the DSP extension or MVE: every variant that computes a layer exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.fitted_multiply import DoubleRounding, SumRange, fit
from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.options import CoreFamily
from tinycompress.ir.arithmetic import (
    ADD_LEFT_SHIFT,
    INT32_MIN,
    AddScaling,
    add_scaling,
    multiply_by_quantized_multiplier_double,
)
from tinycompress.ir.graph import Graph, Op, Tensor

_HALF = (1 << 30, 0)
"""Multiplier and shift of the input with the larger scale."""
_FRACTION_BITS = 14
"""TCK_ADD_FRACTION_BITS of add_s8_dsp.h."""
_RIGHT_SHIFTS = range(-31, 0)


def dsp_variants(graph: Graph, op: Op, reference: Layer, family: CoreFamily) -> Iterator[Layer]:
    """The layer by each fast kernel that can compute it, the fastest first.

    Args:
        graph: The graph; the operator has passed the checks.
        op: An ADD of two tensors of as many elements as its output.
        reference: The layer by the reference kernel.
        family: ``mve`` has kernels of its own, with the same parameters.
    """
    first, second, y = o.operand(graph, op, 0), o.operand(graph, op, 1), o.result(graph, op)
    if o.quantization(first).scale > o.quantization(second).scale:
        first, second = second, first
    scale_1, scale_2, scale = (o.quantization(tensor).scale for tensor in (first, second, y))
    scaling = add_scaling(scale_1, scale_2, scale)
    equal = scaling.input1 == _HALF
    if scaling.input2 != _HALF or not (equal or scaling.input1[1] in _RIGHT_SHIFTS):
        return
    fast = replace(
        reference, arguments=(o.argument(first), o.argument(second), o.argument(y, written=True))
    )
    prefix = "add_s8_equal" if equal else "add_s8"
    suffix = "mve" if family == "mve" else "dsp"
    common = _inputs(scaling, first, second, equal)
    stairs = DoubleRounding(*scaling.output, o.quantization(y).zero_point, o.clamp_range(graph, op))
    for kind, params in _outputs(stairs, _sums(scaling, first, second)):
        low, high = stairs.clamp
        merged = {"count": y.elements, **common, **params, "clamp_min": low, "clamp_max": high}
        merged["offset_2"] = common["offset_2"] + params.get("offset_2", 0)
        yield replace(
            fast, kernel=Kernel(f"{prefix}_{kind}_{suffix}", "add_s8_dsp"), params=dict(merged)
        )


def _offset(tensor: Tensor) -> int:
    return -o.quantization(tensor).zero_point


def _inputs(scaling: AddScaling, first: Tensor, second: Tensor, equal: bool) -> dict[str, int]:
    offset_2 = _offset(second) << (ADD_LEFT_SHIFT - 1)
    if equal:
        return {"offset_2": offset_2 + (_offset(first) << (ADD_LEFT_SHIFT - 1))}
    multiplier, shift = scaling.input1
    return {
        "offset_1": _offset(first) << (ADD_LEFT_SHIFT + 1),
        "multiplier_1": multiplier,
        "power_1": INT32_MIN >> (-shift - 1),
        "offset_2": offset_2,
    }


def _sums(scaling: AddScaling, first: Tensor, second: Tensor) -> npt.NDArray[np.int64]:
    """The sums of both rescaled inputs that can occur, ascending."""

    def rescaled(tensor: Tensor, pair: tuple[int, int]) -> npt.NDArray[np.int64]:
        values = (value + _offset(tensor) << ADD_LEFT_SHIFT for value in range(-128, 128))
        products = (multiply_by_quantized_multiplier_double(value, *pair) for value in values)
        return np.array(list(products), np.int64)

    sums = np.add.outer(rescaled(first, scaling.input1), rescaled(second, scaling.input2))
    return np.unique(sums)


def _outputs(
    stairs: DoubleRounding, sums: npt.NDArray[np.int64]
) -> Iterator[tuple[str, dict[str, int]]]:
    ends = SumRange(int(sums[0]), int(sums[-1]))
    line = fit(stairs, ends, _FRACTION_BITS, occurring=sums)
    if line is not None:
        yield (
            "fitted",
            {"multiplier": line.multiplier, "addend": line.addend, "offset_2": line.shift},
        )
    if stairs.shift in _RIGHT_SHIFTS:
        yield (
            "double",
            {
                "multiplier": stairs.multiplier,
                "power": INT32_MIN >> (-stairs.shift - 1),
                "output_offset": stairs.zero_point,
            },
        )
