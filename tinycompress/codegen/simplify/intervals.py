"""Which values each channel of each tensor can have, whatever the inputs: interval arithmetic.

Intervals are of the integers that tensors store, per channel, which is the last dimension, over all
positions. They follow the operators' own arithmetic, rounding and clamp included; an operator that
is not followed can give every int8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.layer import ConstArray, Layer
from tinycompress.codegen.ops import OPS, is_view
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.movement.pad import paddings
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.rounding.fitted_multiply import DoubleRounding, Staircase
from tinycompress.codegen.simplify.products import Products, channels_of, products_of, stairs_of
from tinycompress.ir.arithmetic import INT8_MAX, INT8_MIN, INT32_MAX, add_scaling
from tinycompress.ir.arithmetic_arrays import add_int8
from tinycompress.ir.graph import DType, Graph, Op

Int64s = npt.NDArray[np.int64]

_HEADROOM = 512
"""What stays free up to the ends of int32 for rounding and a zero point."""


@dataclass(frozen=True, eq=False)
class Interval:
    """The smallest and largest stored value of each channel; both ``[channels]``."""

    low: Int64s
    high: Int64s

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        """Which channels have one value only."""
        same: npt.NDArray[np.bool_] = self.low == self.high
        return same

    def union(self, other: Interval) -> Interval:
        """The least interval that holds both; one channel stands for all."""
        return Interval(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    @classmethod
    def everything(cls, channels: int) -> Interval:
        """Every int8."""
        return cls(np.full(channels, INT8_MIN), np.full(channels, INT8_MAX))

    @classmethod
    def of_values(cls, values: npt.NDArray[np.int64]) -> Interval:
        """Of an array, over all dimensions but the last."""
        rows = values.reshape(-1, values.shape[-1])
        return cls(rows.min(axis=0), rows.max(axis=0))


class Intervals:
    """The intervals of a graph's int8 tensors.

    Args:
        graph: A graph that has passed the checks.
        options: Whose arithmetic the operators have.
    """

    def __init__(self, graph: Graph, options: CodegenOptions) -> None:
        self.graph = graph
        self.options = options
        self._found: dict[int, Interval] = {}
        for op in graph.ops:
            self._follow(op)

    def of(self, index: int) -> Interval:
        """The interval of a tensor of int8, constant or not."""
        tensor = self.graph.tensors[index]
        if tensor.data is not None:
            data = np.asarray(tensor.data, np.int64)
            return Interval.of_values(data.reshape(-1, channels_of(tensor)))
        found = self._found.get(index)
        return Interval.everything(channels_of(tensor)) if found is None else found

    def _follow(self, op: Op) -> None:
        if len(op.outputs) != 1 or not op.inputs or min(op.inputs[:1]) < 0:
            return
        y, first = o.result(self.graph, op), o.operand(self.graph, op, 0)
        # State has its initial value as well, and what is not int8 is not followed.
        if not (y.dtype is first.dtype is DType.INT8) or y.is_variable or y.initial is not None:
            return
        rule = _viewed if is_view(op) else _RULES.get(op.kind, _mapped)
        found = rule(self, op)
        if found is not None:
            self._found[y.index] = found


def sum_interval(products: Products, x: Interval) -> Interval:
    """The sums of each output, bias included, in unbounded integers."""
    low, high = (
        (end - products.zero_point)[products.sources][:, None, :] for end in (x.low, x.high)
    )
    positive = products.weights > 0
    least = np.where(positive, low, high) * products.weights
    most = np.where(positive, high, low) * products.weights
    return Interval(
        products.bias + products.summed(least.sum(axis=2)).min(axis=1),
        products.bias + products.summed(most.sum(axis=2)).max(axis=1),
    )


def _sums(known: Intervals, op: Op) -> Interval | None:
    products = products_of(known.graph, op)
    if products is None:
        return None
    sums = sum_interval(products, known.of(op.inputs[0]))
    limits = o.clamp_range(known.graph, op)
    stairs = stairs_of(known.graph, op, known.options)
    return _interval(
        [
            _rescaled(each, low, high, limits)
            for each, low, high in zip(stairs, sums.low.tolist(), sums.high.tolist(), strict=True)
        ]
    )


def _interval(ends: list[tuple[int, int]]) -> Interval:
    low, high = np.array(ends, np.int64).T
    return Interval(low, high)


def _rescaled(stairs: Staircase, low: int, high: int, limits: tuple[int, int]) -> tuple[int, int]:
    """The outputs of sums from ``low`` to ``high``; the limits where something may wrap."""
    reach = max(-low, high)
    left = max(stairs.shift, 0) if isinstance(stairs, DoubleRounding) else 0
    if reach << left > INT32_MAX or reach * stairs.slope > INT32_MAX - _HEADROOM:
        return min(limits), max(limits)
    return stairs.value(low), stairs.value(high)


def _added(known: Intervals, op: Op) -> Interval:
    inputs = [o.quantization(o.operand(known.graph, op, place)) for place in (0, 1)]
    y = o.quantization(o.result(known.graph, op))
    scaling = add_scaling(inputs[0].scale, inputs[1].scale, y.scale)
    values = [known.of(index) for index in op.inputs]

    def outputs(first: Int64s, second: Int64s) -> Int64s:
        sums = add_int8(first - inputs[0].zero_point, second - inputs[1].zero_point, scaling)
        return np.clip(sums + y.zero_point, *o.clamp_range(known.graph, op))

    low, high = (v.low for v in values), (v.high for v in values)
    return Interval(outputs(*low), outputs(*high))


def _pooled(known: Intervals, op: Op) -> Interval | None:
    """Averages and maxima lie between the values that they are of, and are then limited."""
    window = OPS[op.full_kind].window
    if window is None:
        return None
    found = window(known.graph, op)
    before, after = found.padding[::2], found.padding[1::2]
    # No window may lie in the padding altogether.
    if any(max(a, b) >= size for a, b, size in zip(before, after, found.size, strict=True)):
        return None
    low, high = o.clamp_range(known.graph, op)
    x = known.of(op.inputs[0])
    return Interval(np.clip(x.low, low, high), np.clip(x.high, low, high))


def _mean(known: Intervals, op: Op) -> Interval | None:
    x, y = o.operand(known.graph, op, 0), o.result(known.graph, op)
    axes = _reduced(known.graph, op)
    if axes is None or len(x.shape) - 1 in axes:
        return None
    params = _reference(known, op).params
    multiplier, shift = params["multiplier"], params["shift"]
    if not isinstance(multiplier, int) or not isinstance(shift, int):
        return None
    zero_points = o.quantization(x).zero_point, o.quantization(y).zero_point
    stairs = DoubleRounding(multiplier, shift, zero_points[1], o.limits(DType.INT8))
    count, values = prod(x.shape[axis] for axis in axes), known.of(x.index)
    low, high = ((end - zero_points[0]) * count for end in (values.low, values.high))
    return _interval(
        [
            _rescaled(stairs, a, b, stairs.clamp)
            for a, b in zip(low.tolist(), high.tolist(), strict=True)
        ]
    )


def _reduced(graph: Graph, op: Op) -> set[int] | None:
    """The reduced axes; None if they are not constant."""
    data, rank = o.operand(graph, op, 1).data, len(o.operand(graph, op, 0).shape)
    return None if data is None else {int(axis) % rank for axis in data.reshape(-1)}


def _joined(known: Intervals, op: Op) -> Interval:
    y = o.result(known.graph, op)
    parts = [known.of(index) for index in op.inputs]
    if o.int_option(op, "axis") % len(y.shape) == len(y.shape) - 1:
        return Interval(
            np.concatenate([part.low for part in parts]),
            np.concatenate([part.high for part in parts]),
        )
    first, *others = parts
    for other in others:
        first = first.union(other)
    return first


def _padded(known: Intervals, op: Op) -> Interval | None:
    pairs = paddings(known.graph, op)
    if pairs is None or any(pairs[-1]):
        return None
    x = known.of(op.inputs[0])
    value = np.array([o.quantization(o.result(known.graph, op)).zero_point], np.int64)
    return x.union(Interval(value, value)) if any(map(any, pairs)) else x


def _viewed(known: Intervals, op: Op) -> Interval | None:
    x, y = o.operand(known.graph, op, 0), o.result(known.graph, op)
    values = known.of(x.index)
    shape = x.shape or (1,)
    ends = [
        np.broadcast_to(end, shape).reshape(-1, channels_of(y)) for end in (values.low, values.high)
    ]
    return Interval(ends[0].min(axis=0), ends[1].max(axis=0))


def _mapped(known: Intervals, op: Op) -> Interval | None:
    """Functions of one element, whose results for all int8 the layer holds."""
    spec = OPS[op.full_kind]
    if not spec.row_by_row or len(op.inputs) != 1 or spec.lower is None:
        return None
    layer = _reference(known, op)
    if layer.kernel.operator != "map":
        return None
    x = known.of(op.inputs[0])
    table = layer.params.get("table")
    if isinstance(table, ConstArray):
        results = np.asarray(table.data, np.int64)
        ranges = [results[a - INT8_MIN : b - INT8_MIN + 1]
                  for a, b in zip(x.low.tolist(), x.high.tolist(), strict=True)]  # fmt: skip
        return _interval([(int(each.min()), int(each.max())) for each in ranges])
    low, high = layer.params["clamp_min"], layer.params["clamp_max"]
    if not isinstance(low, int) or not isinstance(high, int):
        return None
    return Interval(np.clip(x.low, low, high), np.clip(x.high, low, high))


def _reference(known: Intervals, op: Op) -> Layer:
    """The only layer of the way of last resort."""
    lower = OPS[op.full_kind].lower
    if lower is None:
        raise ValueError(f"{op.kind} has no kernel")
    (layer,) = lower(known.graph, op, known.options)[-1]
    return layer


_RULES: Mapping[str, Callable[[Intervals, Op], Interval | None]] = MappingProxyType(
    {
        "ADD": _added,
        "AVERAGE_POOL_2D": _pooled,
        "CONCATENATION": _joined,
        "CONV_2D": _sums,
        "DEPTHWISE_CONV_2D": _sums,
        "FULLY_CONNECTED": _sums,
        "MAX_POOL_2D": _pooled,
        "MEAN": _mean,
        "PAD": _padded,
    }
)
