"""Sums of 16x8 products: int16 activations, int8 weights.

With a 64-bit bias both runtimes keep the sum in 64 bits and multiply it by the upper 16 bits of the
factor; with a 32-bit bias the sum wraps at 32 bits and is rescaled like an int8 operator's.
LiteRT's FULLY_CONNECTED rounds once, in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint
from tinycompress.codegen.ops.requantize import bias_values, is_within
from tinycompress.codegen.ops.window import Window
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.arithmetic import quantize_multiplier
from tinycompress.ir.fixed_point import reduced_multiplier
from tinycompress.ir.graph import DType, Graph, Op

Int64s = npt.NDArray[np.int64]

_PARAMS = "conv_2d_s16"
REDUCED_REF = Kernel("conv/wide", "conv_2d", _PARAMS, types=("s16",))
TWO_ROUNDINGS_REF = replace(REDUCED_REF, rounding="two_roundings")
HALF_AWAY_REF = replace(REDUCED_REF, rounding="half_away")
MAX_REDUCED_SHIFT = 7
MAX_SUM = 2**47
"""Beyond it the product with 16 bits of the factor may leave 64 bits."""


def wide_bias(position: int, weights: int, axis: int, *types: DType) -> Constraint:
    """A constraint on the optional bias of an operator on int16.

    Args:
        position: Of the bias among the inputs.
        weights: Position of the weights.
        axis: Dimension of the weights that is the output channels.
        types: What the bias may be.
    """
    allowed = " or ".join(dtype.value for dtype in types)

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        if not o.is_wide(graph, op):
            return None
        bias = o.optional_operand(graph, op, position)
        channels = o.operand(graph, op, weights).shape[axis]
        if bias is not None:
            if not bias.is_constant or bias.dtype not in types:
                kind = "constant" if bias.is_constant else "computed"
                return f"'{bias.name}' is {kind} {bias.dtype.value}"
            if bias.elements != channels:
                return f"'{bias.name}' has {bias.elements} elements for {channels} channels"
        largest = int(sum_bounds(graph, op, weights, position, axis).max())
        return None if largest < MAX_SUM else f"a sum may reach {largest}"

    check.__doc__ = (
        f"On int16, a bias must be a constant {allowed} vector with one element per output channel,"
        " and sums must stay below 2^47"
    )
    return check


def sum_bounds(graph: Graph, op: Op, weights: int, bias: int, axis: int) -> Int64s:
    """The largest magnitude of each output channel's sum."""
    tensor = o.operand(graph, op, weights)
    data = np.abs(np.asarray(tensor.data, np.int64))
    channels = tensor.shape[axis]
    others = tuple(i for i in range(data.ndim) if i != axis)
    values = bias_values(o.optional_operand(graph, op, bias), channels)
    # Of -2^63 there is no magnitude in 64 bits; it is as large as what is refused.
    magnitudes = np.abs(np.maximum(values, -(2**62)))
    products = np.minimum(data.sum(axis=others), 2**45) * 2**15
    bounds: Int64s = products + np.minimum(magnitudes, 2**61)
    return bounds


def stated_bias(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """For litert on int16, quantized_bias_type must be the bias's type if that is int32"""
    bias = o.optional_operand(graph, op, 2)
    if options.exact_to != "litert" or not o.is_wide(graph, op) or bias is None:
        return None
    stated = op.options["quantized_bias_type"]
    if bias.dtype is DType.INT32 and stated != "INT32":
        return f"'{bias.name}' is int32, quantized_bias_type {stated}"
    return None


def narrow_sums(graph: Graph, op: Op, bias: int) -> bool:
    """Whether the sums are kept in 32 bits: those with a 32-bit bias, or with such a one absent."""
    tensor = o.optional_operand(graph, op, bias)
    if tensor is None:
        return op.options.get("quantized_bias_type") == "INT32"
    return tensor.dtype is DType.INT32


def too_large_for_reduced(scales: Sequence[float]) -> str | None:
    """Constraint detail if a scale is beyond what the runtimes shift a 64-bit sum by."""
    largest = max(scales)
    if is_within(largest, MAX_REDUCED_SHIFT):
        return None
    return f"input scale x weight scale / output scale is {largest:g}, must be below 2^7 of int16"


def rescaling(origin: str, scales: Sequence[float], *, reduced: bool) -> dict[str, ParamValue]:
    """Multipliers and shifts: of 16 bits, or of 31."""
    pairs = [quantize_multiplier(scale) for scale in scales]
    values = [reduced_multiplier(m) if reduced else m for m, _ in pairs]
    return {
        "multipliers": ConstArray(origin, "multipliers", np.array(values, np.int64)),
        "shifts": ConstArray(origin, "shifts", np.array([s for _, s in pairs], np.int8)),
    }


def wide_layer(
    graph: Graph,
    op: Op,
    kernel: Kernel,
    window: Window,
    weights: npt.NDArray[np.int8],
    rescale: dict[str, ParamValue],
    bias: int = 2,
    image: tuple[int, ...] | None = None,
) -> Layer:
    """The layer of a convolution on int16.

    Args:
        graph: The graph.
        op: An operator with input and weights at 0 and 1.
        kernel: By how it rescales.
        window: The geometry.
        weights: ``[outputs, height, width, inputs / groups]``.
        rescale: ``multipliers`` and ``shifts``.
        bias: Position of the bias.
        image: ``[batches, height, width, channels]`` that the input is taken as; its own shape if
            it is not given.
    """
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    origin = o.operand(graph, op, 1)
    outputs, height, width, depth = weights.shape
    batches, in_height, in_width, channels = image or x.shape
    low, high = o.clamp_range(graph, op)
    values = bias_values(o.optional_operand(graph, op, bias), outputs)
    params: dict[str, ParamValue] = {
        "batches": batches,
        "input_height": in_height,
        "input_width": in_width,
        "input_channels": channels,
        "output_height": window.output[0],
        "output_width": window.output[1],
        "output_channels": outputs,
        **window.params,
        "groups": channels // depth,
        "dilation_height": window.dilation[0],
        "dilation_width": window.dilation[1],
        "clamp_min": low,
        "clamp_max": high,
        "weights": ConstArray(origin.name, "weights", weights.reshape(-1)),
        "bias": ConstArray(origin.name, "bias", values),
        **rescale,
    }
    return o.layer(
        graph,
        op,
        kernel,
        params,
        reads=(x,),
        writes=y,
        shown=(origin,),
        macs=y.elements * height * width * depth,
    )
