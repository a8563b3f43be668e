"""A DEPTHWISE_CONV_2D as the fast kernels see it: geometry, weights per channel, requantisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.conv.convolution import reference_stairs
from tinycompress.codegen.ops.requantize import bias_values
from tinycompress.codegen.ops.window import Window
from tinycompress.codegen.rounding.channels import Int64s, folded_biases, sum_ranges
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding, SumRange
from tinycompress.ir.arithmetic import INT32_MAX
from tinycompress.ir.graph import Graph, Op, Tensor

RIGHT_SHIFTS = range(-31, 0)
"""Shifts that the double roundings of the fast kernels can do."""


@dataclass(frozen=True)
class DepthwiseGeometry:
    """A window on one channel, (height, width) each; ``paddings`` are top, bottom,
    left, right."""

    input: tuple[int, int]
    output: tuple[int, int]
    size: tuple[int, int]
    stride: tuple[int, int]
    paddings: tuple[int, int, int, int]

    @classmethod
    def of(cls, x: Tensor, window: Window) -> DepthwiseGeometry:
        """The window's; a single column lies down, as rows are what the kernels are fast on."""
        found = cls(
            (x.shape[1], x.shape[2]),
            window.output,
            window.size,
            window.stride,
            window.padding,
        )
        if found.input[1] == found.output[1] == found.size[1] == 1 and not any(window.padding[2:]):
            return cls(
                found.input[::-1],
                found.output[::-1],
                found.size[::-1],
                found.stride[::-1],
                (0, 0, window.padding[0], window.padding[1]),
            )
        return found

    @property
    def params(self) -> dict[str, int]:
        """Filter, strides and padding as the kernels' parameters call them."""
        return {
            "filter_height": self.size[0],
            "filter_width": self.size[1],
            "stride_height": self.stride[0],
            "stride_width": self.stride[1],
            "pad_top": self.paddings[0],
            "pad_left": self.paddings[2],
        }


@dataclass(frozen=True)
class DepthwiseProblem:
    """An operator and what every variant derives from it; ``rows`` is ``[channels, taps]``."""

    graph: Graph
    op: Op
    geometry: DepthwiseGeometry
    reference: Layer
    rows: Int64s
    biases: Int64s
    ranges: list[SumRange]
    stairs: list[DoubleRounding]

    def overflows(self, channel: int, gain: int) -> bool:
        """Whether sums times ``gain`` may leave int32."""
        sums = self.ranges[channel]
        return gain * max(-sums.low, sums.high) > INT32_MAX

    def array(self, role: str, values: npt.ArrayLike, dtype: npt.DTypeLike) -> ConstArray:
        """A constant array that stems from the filter."""
        name = o.operand(self.graph, self.op, 1).name
        return ConstArray(name, role, np.array(values, np.int64).astype(dtype))


def depthwise_problem(graph: Graph, op: Op, window: Window, reference: Layer) -> DepthwiseProblem:
    """What every variant of a DEPTHWISE_CONV_2D derives from it; it has passed the checks."""
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    channels = weights.shape[3]
    rows = np.asarray(weights.data, np.int64).reshape(-1, channels).T
    bias = bias_values(o.optional_operand(graph, op, 2), channels)
    biases = folded_biases(rows, bias, o.quantization(x).zero_point)
    stairs = reference_stairs(graph, op, 3)
    geometry, ranges = DepthwiseGeometry.of(x, window), sum_ranges(rows, biases)
    return DepthwiseProblem(graph, op, geometry, reference, rows, biases, ranges, stairs)
