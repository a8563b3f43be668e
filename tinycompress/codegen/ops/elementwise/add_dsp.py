"""ADD for cores with the DSP extension or MVE where no plane has the reference's outputs."""

from __future__ import annotations

from collections.abc import Iterator

from tinycompress.codegen.layer import Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.options import CoreFamily
from tinycompress.codegen.overlap import every_element
from tinycompress.ir.arithmetic import ADD_LEFT_SHIFT, INT32_MIN, AddScaling, add_scaling
from tinycompress.ir.graph import Graph, Op, Tensor

_HALF = (1 << 30, 0)
"""Multiplier and shift of the input with the larger scale."""
_RIGHT_SHIFTS = range(-31, 0)


def dsp_variants(graph: Graph, op: Op, reference: Layer, family: CoreFamily) -> Iterator[Layer]:
    """The layer with the reference's roundings, the input of the larger scale rescaled by a shift.

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
    multiplier, shift = scaling.output
    if shift not in _RIGHT_SHIFTS:
        return
    low, high = o.clamp_range(graph, op)
    kernel = Kernel(
        "elementwise/add",
        "add",
        "add_s8_dsp",
        variant="equal" if equal else "",
        rounding="two_roundings",
        family="mve" if family == "mve" else "dsp",
    )
    yield reference.by(
        kernel,
        {
            "count": y.elements,
            **_inputs(scaling, first, second, equal),
            "multiplier": multiplier,
            "power": INT32_MIN >> (-shift - 1),
            "output_offset": o.quantization(y).zero_point,
            "clamp_min": low,
            "clamp_max": high,
        },
        order=every_element,
        arguments=(o.argument(first), o.argument(second), o.argument(y, written=True)),
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
