"""Constraints and parameters that operators on float32 share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from tinycompress.codegen.layer import ConstArray, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import DType, Graph, Op, Tensor

LARGEST = float(np.finfo(np.float32).max)
ROOM = "float32"

_LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "NONE": (-LARGEST, LARGEST),
        "RELU": (0.0, LARGEST),
        "RELU6": (0.0, 6.0),
        "RELU_N1_TO_1": (-1.0, 1.0),
    }
)


def computes_on_floats(graph: Graph, op: Op) -> bool:
    """Whether some activation that an operator reads or writes is float32."""
    tensors = [graph.tensors[index] for index in (*op.inputs, *op.outputs) if index >= 0]
    return any(t.dtype is DType.FLOAT32 and not t.is_constant for t in tensors)


def floats(*positions: int) -> Constraint:
    """A constraint: the inputs at ``positions`` and all outputs are float32."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Inputs and outputs must be float32"""
        tensors = [o.operand(graph, op, p) for p in positions]
        tensors += [graph.tensors[index] for index in op.outputs]
        wrong = [t for t in tensors if t.dtype is not DType.FLOAT32]
        return ", ".join(f"'{t.name}' is {t.dtype.value}" for t in wrong) or None

    return check


def float_weights(position: int) -> Constraint:
    """A constraint on the type of an input that holds weights."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Weights must be float32 or float16"""
        weights = o.operand(graph, op, position)
        known = weights.dtype in (DType.FLOAT32, DType.FLOAT16)
        return None if known else f"'{weights.name}' is {weights.dtype.value}"

    return check


def float_bias(position: int, channels_of: int, axis: int) -> Constraint:
    """A constraint on an optional bias: float32, one for each output channel of the weights."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """A bias must be a constant float32 vector with one element per output channel"""
        bias = o.optional_operand(graph, op, position)
        if bias is None:
            return None
        if not bias.is_constant or bias.dtype is not DType.FLOAT32:
            kind = "constant" if bias.is_constant else "computed"
            return f"'{bias.name}' is {kind} {bias.dtype.value}"
        channels = o.operand(graph, op, channels_of).shape[axis]
        if bias.elements != channels:
            return f"'{bias.name}' has {bias.elements} elements for {channels} channels"
        return None

    return check


def finite_constants(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """Constants must be finite"""
    for tensor in (graph.tensors[index] for index in op.inputs if index >= 0):
        if tensor.data is not None and not np.isfinite(tensor.data).all():
            return f"'{tensor.name}' holds an infinity or a NaN"
    return None


def fused_activation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The fused activation must be NONE, RELU, RELU6 or RELU_N1_TO_1"""
    activation = str(op.options["fused_activation_function"])
    return None if activation in _LIMITS else activation


def clamp_params(op: Op) -> dict[str, ParamValue]:
    """The limits of the fused activation, if the operator has one."""
    activation = str(op.options.get("fused_activation_function", "NONE"))
    return dict(zip(("clamp_min", "clamp_max"), _LIMITS[activation], strict=True))


def weight_types(weights: Tensor) -> tuple[str, ...]:
    """What kernels for such weights are called by."""
    return ("f32",) if weights.dtype is DType.FLOAT32 else ("f32", "f16")


def weight_params(weights: Tensor, bias: Tensor | None, channels: int) -> dict[str, ParamValue]:
    """Weights as they are stored, half precision as its bits, and the bias, 0 where there is none.

    Args:
        weights: float32 or float16.
        bias: float32.
        channels: Of the output.
    """
    stored = np.ascontiguousarray(weights.data).reshape(-1)
    if weights.dtype is DType.FLOAT16:
        stored = stored.astype(np.float16).view(np.uint16)
    values = np.zeros(channels, np.float32) if bias is None else np.asarray(bias.data).reshape(-1)
    return {
        "weights": ConstArray(weights.name, "weights", stored),
        "bias": ConstArray(weights.name, "bias", values.astype(np.float32)),
    }
