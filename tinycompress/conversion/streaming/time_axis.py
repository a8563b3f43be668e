"""Where time is in a tensor, and what an operator does to it.

A file that takes a window computes the same for every time step, unless an operator mixes steps.
Each rule says where time is in an operator's output, from where it is in its inputs; or why the
operator needs more than the steps so far.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from types import MappingProxyType

from tinycompress.ir.graph import Graph, Op, Tensor


@dataclass(frozen=True)
class Time:
    """The dimension of time in a tensor, and how many earlier steps it holds beside the new one."""

    axis: int
    history: int = 0

    @property
    def size(self) -> int:
        """Of that dimension, in the file that takes one step."""
        return 1 + self.history


class Mixes(Exception):  # noqa: N818 - it is a verdict, caught here and told with all others
    """Why an operator cannot take one step at a time."""


Times = Sequence[Time | None]
"""Of an operator's inputs; None for a tensor without time."""

_PADDING = "use padding='causal', which looks at earlier steps only"


def moved(axis: int, old: Sequence[int], new: Sequence[int]) -> int:
    """Where a dimension is when values get another shape.

    Raises:
        Mixes: It is not a dimension of its own there.
    """
    before, size = prod(old[:axis]), old[axis]
    for at in range(len(new)):
        if prod(new[:at]) == before and new[at] == size:
            return at
    raise Mixes("it joins time steps with other values, as Flatten does")


def output_time(graph: Graph, op: Op, times: Times) -> Time | None:
    """Where time is in an operator's outputs.

    Args:
        graph: The graph of the file that takes a window.
        op: One of its operators.
        times: Of its inputs; at least one has time.

    Raises:
        Mixes: The operator computes something from several steps.
    """
    rule = _RULES.get(op.kind)
    if rule is None:
        raise Mixes("what it does along time is not known here")
    return rule(graph, op, times)


def _tensors(graph: Graph, op: Op) -> list[Tensor | None]:
    return [graph.tensors[index] if index >= 0 else None for index in op.inputs]


def _only(times: Times) -> Time:
    """The time of the first input: no other has any."""
    if times[0] is None or any(time is not None for time in times[1:]):
        raise Mixes("an operand that is a parameter elsewhere has time steps here")
    return times[0]


def _integers(graph: Graph, op: Op, position: int) -> list[int]:
    data = graph.tensors[op.inputs[position]].data
    if data is None:
        raise Mixes("which elements it takes is computed")
    return [int(value) for value in data.reshape(-1)]


def _elementwise(graph: Graph, op: Op, times: Times) -> Time:
    """Each element from those at the same place: time is at one place, counted from the end."""
    found = set()
    for tensor, time in zip(_tensors(graph, op), times, strict=True):
        if tensor is not None and time is not None:
            found.add((len(tensor.shape) - time.axis, time.history))
    if len(found) != 1:
        raise Mixes("its operands are of other time steps")
    ((from_end, history),) = found
    for tensor, time in zip(_tensors(graph, op), times, strict=True):
        if tensor is None or time is not None or len(tensor.shape) < from_end:
            continue
        if tensor.shape[len(tensor.shape) - from_end] != 1:
            raise Mixes("one operand has other values for every time step")
        if tensor.data is None:
            raise Mixes("it brings the last step's result to all earlier ones")
    return Time(len(graph.tensors[op.outputs[0]].shape) - from_end, history)


def _last_axis(graph: Graph, op: Op, times: Times) -> Time:
    """Rows along the last dimension, one by one."""
    time = _only(times)
    shape = graph.tensors[op.inputs[0]].shape
    if time.axis == len(shape) - 1:
        raise Mixes("it computes along time")
    result = graph.tensors[op.outputs[0]].shape
    return replace(time, axis=moved(time.axis, shape[:-1], result[: len(result) - 1] or result))


def _dense(graph: Graph, op: Op, times: Times) -> Time:
    time = _only(times)
    shape, result = (graph.tensors[i].shape for i in (op.inputs[0], op.outputs[0]))
    if time.axis == len(shape) - 1:
        raise Mixes("it weighs time steps against each other")
    width = graph.tensors[op.inputs[1]].shape[-1]
    if shape[-1] != width:
        raise Mixes("it weighs time steps against each other, as a Dense layer behind Flatten does")
    return replace(time, axis=moved(time.axis, shape[:-1], result[:-1]))


def _reshaped(graph: Graph, op: Op, times: Times) -> Time:
    time = _only(times)
    shape, result = (graph.tensors[i].shape for i in (op.inputs[0], op.outputs[0]))
    return replace(time, axis=moved(time.axis, shape, result))


def _window(graph: Graph, op: Op, time: Time, taps: int) -> Time:
    """A window of so many steps, the last of which is the new one."""
    side = "hw"[time.axis - 1]
    if op.options[f"stride_{side}"] != 1:
        raise Mixes(f"it goes {op.options[f'stride_{side}']} time steps at once")
    if taps == 1:
        return time
    if op.options["padding"] != "VALID":
        raise Mixes(f"it looks at later time steps: {_PADDING}")
    if time.history < taps - 1:
        raise Mixes(f"its window is not filled at first: {_PADDING}")
    return replace(time, history=time.history - (taps - 1))


def _convolution(graph: Graph, op: Op, times: Times) -> Time:
    time = _only(times)
    if time.axis == 0:
        return time
    if time.axis == 3:
        raise Mixes("time steps are its channels")
    filters = graph.tensors[op.inputs[1]].shape
    dilation = op.options[f"dilation_{'hw'[time.axis - 1]}_factor"]
    if not isinstance(dilation, int):
        raise Mixes("its dilation is not known")
    return _window(graph, op, time, (filters[time.axis] - 1) * dilation + 1)


def _pooling(graph: Graph, op: Op, times: Times) -> Time:
    time = _only(times)
    if time.axis in (0, 3):
        return time
    taps = op.options[f"filter_{'height' if time.axis == 1 else 'width'}"]
    return _window(graph, op, time, taps if isinstance(taps, int) else 0)


def _reduced(graph: Graph, op: Op, times: Times) -> Time:
    time, rank = _only(times), len(graph.tensors[op.inputs[0]].shape)
    axes = {axis % rank for axis in _integers(graph, op, 1)}
    if time.axis in axes:
        raise Mixes("it takes all time steps together, as pooling over the sequence does")
    if op.options["keep_dims"]:
        return time
    return replace(time, axis=time.axis - sum(axis < time.axis for axis in axes))


def _same(times: Times) -> Time:
    found = set(times)
    if len(found) != 1 or None in found:
        raise Mixes("it joins values of time steps with others")
    (time,) = found
    if time is None:
        raise Mixes("it joins values of time steps with others")
    return time


def _joined(graph: Graph, op: Op, times: Times) -> Time:
    time, rank = _same(times), len(graph.tensors[op.outputs[0]].shape)
    axis = op.options["axis"]
    if not isinstance(axis, int) or axis % rank == time.axis:
        raise Mixes("it makes a sequence longer")
    return time


def _packed(graph: Graph, op: Op, times: Times) -> Time:
    time, rank = _same(times), len(graph.tensors[op.outputs[0]].shape)
    axis = op.options["axis"]
    place = axis % rank if isinstance(axis, int) else 0
    return replace(time, axis=time.axis + (place <= time.axis))


def _transposed(graph: Graph, op: Op, times: Times) -> Time:
    time = _only(times)
    return replace(time, axis=_integers(graph, op, 1).index(time.axis))


def _looked_up(graph: Graph, op: Op, times: Times) -> Time:
    """GATHER of a table's rows by indices that have time."""
    time = times[1]
    if times[0] is not None or time is None or op.options["axis"] != 0:
        raise Mixes("it picks time steps")
    return time


def _lstm(graph: Graph, op: Op, times: Times) -> Time:
    time = _only(times)
    if time != Time(1):
        raise Mixes("its input holds more than the new time step")
    return time


_ELEMENTWISE = frozenset(
    {
        "ABS", "ADD", "CAST", "DEQUANTIZE", "DIV", "ELU", "EXP", "GELU", "HARD_SWISH", "LEAKY_RELU",
        "LOGISTIC", "MAXIMUM", "MINIMUM", "MUL", "NEG", "PRELU", "QUANTIZE", "RELU", "RELU6",
        "RELU_0_TO_1", "RELU_N1_TO_1", "RSQRT", "SQRT", "SQUARED_DIFFERENCE", "SUB", "TANH",
    }
)  # fmt: skip
_Rule = Callable[[Graph, Op, Times], Time]
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        **dict.fromkeys(_ELEMENTWISE, _elementwise),
        **dict.fromkeys(("SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"), _last_axis),
        **dict.fromkeys(("RESHAPE", "EXPAND_DIMS", "SQUEEZE"), _reshaped),
        **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), _convolution),
        **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pooling),
        **dict.fromkeys(("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"), _reduced),
        "CONCATENATION": _joined,
        "FULLY_CONNECTED": _dense,
        "GATHER": _looked_up,
        "PACK": _packed,
        "TRANSPOSE": _transposed,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _lstm,
    }
)
