"""One view of CONV_2D, DEPTHWISE_CONV_2D and FULLY_CONNECTED: sums of products with constants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.conv.convolution import filter_window, reference_stairs
from tinycompress.codegen.ops.dense.fully_connected import reference_stairs as dense_stairs
from tinycompress.codegen.ops.requantize import bias_values
from tinycompress.codegen.ops.window import Window
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rounding.fitted_multiply import Staircase
from tinycompress.ir.graph import DType, Graph, Op, Tensor

Int64s = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_CHANNELS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3}
"""Dimension of the filter that is the output channels."""


@dataclass(frozen=True, eq=False)
class Products:
    """An operator on int8 whose outputs are sums of products with constant weights.

    Args:
        weights: ``[outputs, taps, depth]``, their zero point taken off.
        bias: ``[outputs]``.
        sources: ``[outputs, depth]``, which channel of the input each weight is for.
        inside: ``[places, taps]``, every set of taps that lie inside the input at some output
            position; one outside adds nothing.
        channels: Of the input.
        zero_point: Of the input.
    """

    weights: Int64s
    bias: Int64s
    sources: Int64s
    inside: Bools
    channels: int
    zero_point: int

    @property
    def mixes(self) -> bool:
        """Whether each output can be left out alone: no output is bound to one input channel."""
        return self.channels == 1 or bool((self.sources == self.sources[0]).all())

    def summed(self, terms: Int64s) -> Int64s:
        """Terms ``[outputs, taps, ..]`` summed over the taps of each place, ``[outputs, places,
        ..]``."""
        found: Int64s = np.einsum("ot...,pt->op...", terms, self.inside.astype(np.int64))
        return found


def channels_of(tensor: Tensor) -> int:
    """The size of the last dimension; 1 for a scalar."""
    return tensor.shape[-1] if tensor.shape else 1


def products_of(graph: Graph, op: Op) -> Products | None:
    """The sums of an operator that has passed the checks; None if it is none, or not on int8."""
    if op.kind not in (*_CHANNELS, "FULLY_CONNECTED"):
        return None
    x, y = o.operand(graph, op, 0), o.result(graph, op)
    if not (x.dtype is y.dtype is DType.INT8):
        return None
    return _dense(graph, op) if op.kind == "FULLY_CONNECTED" else _windowed(graph, op)


def stairs_of(graph: Graph, op: Op, options: CodegenOptions) -> Sequence[Staircase]:
    """The requantisation of each output of an operator that has ``products_of``."""
    outputs = o.result(graph, op).shape[-1]
    if op.kind == "FULLY_CONNECTED":
        found = dense_stairs(graph, op, options)
        return found if len(found) == outputs else [found[0]] * outputs
    return reference_stairs(graph, op, _CHANNELS[op.kind])


def stored_weights(op: Op, weights: Int64s, shape: tuple[int, ...]) -> Int64s:
    """``Products.weights`` as the operator's tensor, of a given shape, holds them."""
    if op.kind == "DEPTHWISE_CONV_2D":
        weights = weights[:, :, 0].T
    stored: Int64s = weights.reshape(shape)
    return stored


def _windowed(graph: Graph, op: Op) -> Products:
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    axis = _CHANNELS[op.kind]
    outputs, inputs = weights.shape[axis], x.shape[3]
    data = np.asarray(weights.data, np.int64)
    if axis == 3:
        data = data.reshape(-1, outputs).T[:, :, None]
    else:
        data = data.reshape(outputs, -1, weights.shape[3])
    groups = inputs // data.shape[2]
    group = np.arange(outputs) // (outputs // groups)
    return Products(
        weights=data,
        bias=bias_values(o.optional_operand(graph, op, 2), outputs),
        sources=group[:, None] * data.shape[2] + np.arange(data.shape[2]),
        inside=_places(filter_window(graph, op), x.shape[1:3]),
        channels=inputs,
        zero_point=o.quantization(x).zero_point,
    )


def _dense(graph: Graph, op: Op) -> Products | None:
    x, weights = o.operand(graph, op, 0), o.operand(graph, op, 1)
    (outputs, inputs), channels = weights.shape, channels_of(x)
    if inputs % channels:
        return None
    q = o.quantization(weights)
    data = np.asarray(weights.data, np.int64) - (0 if q.per_channel else q.zero_point)
    return Products(
        weights=data.reshape(outputs, -1, channels),
        bias=bias_values(o.optional_operand(graph, op, 2), outputs),
        sources=np.tile(np.arange(channels), (outputs, 1)),
        inside=np.ones((1, inputs // channels), bool),
        channels=channels,
        zero_point=o.quantization(x).zero_point,
    )


def _places(window: Window, size: tuple[int, ...]) -> Bools:
    """Which taps lie inside an input of a height and width, each set of them once."""
    rows, columns = (
        _along(window.size[i], window.stride[i], window.dilation[i], window.padding[2 * i],
               window.output[i], size[i])
        for i in (0, 1)
    )  # fmt: skip
    both = rows[:, None, :, None] & columns[None, :, None, :]
    return both.reshape(len(rows) * len(columns), -1)


def _along(taps: int, stride: int, dilation: int, before: int, outputs: int, size: int) -> Bools:
    at = np.arange(outputs)[:, None] * stride - before + np.arange(taps)[None, :] * dilation
    return np.unique((at >= 0) & (at < size), axis=0)
