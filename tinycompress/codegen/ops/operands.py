"""Access to an operator's tensors and options, and the constraints that many operators share."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from tinycompress.codegen.layer import (
    C_TYPES,
    Argument,
    ConstArray,
    Kernel,
    Layer,
    ParamValue,
    TensorArgument,
)
from tinycompress.codegen.ops.base import Constraint
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import AccessOrder
from tinycompress.ir.arithmetic import activation_range
from tinycompress.ir.graph import DType, Graph, Op, Quantization, Tensor

_ACTIVATIONS = ("NONE", "RELU", "RELU6", "RELU_N1_TO_1")
_LIMITS: Mapping[DType, tuple[int, int]] = MappingProxyType(
    {
        DType.INT8: (-(2**7), 2**7 - 1),
        DType.UINT8: (0, 2**8 - 1),
        DType.INT16: (-(2**15), 2**15 - 1),
        DType.INT32: (-(2**31), 2**31 - 1),
    }
)


def operand(graph: Graph, op: Op, position: int) -> Tensor:
    """The input at ``position``, which must be there."""
    return graph.tensors[op.inputs[position]]


def optional_operand(graph: Graph, op: Op, position: int) -> Tensor | None:
    """The input at ``position``, or None if it is absent."""
    if position >= len(op.inputs) or op.inputs[position] < 0:
        return None
    return graph.tensors[op.inputs[position]]


def result(graph: Graph, op: Op) -> Tensor:
    """The first output."""
    return graph.tensors[op.outputs[0]]


def quantization(tensor: Tensor) -> Quantization:
    """The quantisation of a tensor that ``quantised`` has been checked for."""
    if tensor.quantization is None:
        raise ValueError(f"tensor '{tensor.name}' has no quantisation")
    return tensor.quantization


def int_option(op: Op, name: str) -> int:
    """An integer option."""
    value = op.options[name]
    if not isinstance(value, int):
        raise ValueError(f"option {name} of op {op.index} is {value!r}, not an integer")
    return value


def limits(dtype: DType) -> tuple[int, int]:
    """The smallest and the largest stored value of a quantised type."""
    return _LIMITS[dtype]


def is_wide(graph: Graph, op: Op) -> bool:
    """Whether the first output is int16: an operator of 16x8 quantisation."""
    return result(graph, op).dtype is DType.INT16


def clamp_range(graph: Graph, op: Op) -> tuple[int, int]:
    """The range of stored values that the fused activation limits the output to."""
    y = result(graph, op)
    q, activation = quantization(y), str(op.options["fused_activation_function"])
    return activation_range(activation, q.scale, q.zero_point, *limits(y.dtype))


def argument(tensor: Tensor, *, written: bool = False) -> Argument:
    """The kernel argument for a tensor: flash for a constant, else the arena."""
    if tensor.data is not None:
        return ConstArray.of_tensor(tensor, "data")
    return TensorArgument(tensor.index, C_TYPES[tensor.dtype], written)


def shape_text(*tensors: Tensor) -> str:
    """Shapes for a comment: ``[1, 8, 8, 3] -> [1, 4, 4, 16]``; the last is the output."""
    *inputs, output = (str(list(tensor.shape)) for tensor in tensors)
    return f"{', '.join(inputs)} -> {output}"


# --- constraints ----------------------------------------------------------------------------------


def layer(
    graph: Graph,
    op: Op,
    kernel: Kernel,
    params: Mapping[str, ParamValue],
    *,
    reads: tuple[Tensor, ...],
    writes: Tensor,
    shown: tuple[Tensor, ...] = (),
    order: AccessOrder | None = None,
    macs: int = 0,
) -> Layer:
    """An operator by a kernel that is given some activations and writes one.

    Args:
        graph: The graph.
        op: The operator.
        kernel: Runs it.
        params: Fields of the kernel's parameter struct.
        reads: Activations that are its arguments.
        writes: The activation that is its last argument.
        shown: Constants whose shapes the comment tells, too.
        order: How the kernel reads and writes.
        macs: Multiply-accumulates.
    """
    return Layer(
        op=op,
        name=graph.layer_name(op),
        kernel=kernel,
        params=params,
        arguments=(*map(argument, reads), argument(writes, written=True)),
        output_shape=writes.shape,
        shapes=shape_text(*reads, *shown, writes),
        order=order,
        macs=macs,
    )


def arity(low: int, high: int, outputs: int = 1) -> Constraint:
    """A constraint on the number of inputs and outputs, the first ``low`` of them present."""
    allowed = str(low) if low == high else f"{low} to {high}"

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        if not low <= len(op.inputs) <= high or len(op.outputs) != outputs:
            return f"{len(op.inputs)} inputs and {len(op.outputs)} outputs"
        missing = [position for position in range(low) if op.inputs[position] < 0]
        return f"input {missing[0]} is absent" if missing else None

    plural = "" if high == 1 else "s"
    check.__doc__ = (
        f"There must be {allowed} input{plural} and {outputs} output{'s'[outputs == 1 :]}"
    )
    return check


def _named(tensors: list[Tensor]) -> list[str]:
    return [f"'{tensor.name}' is {tensor.dtype.value}" for tensor in tensors]


def int8_tensors(*positions: int) -> Constraint:
    """A constraint: the inputs at ``positions`` and all outputs are int8."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Inputs, weights and outputs must be int8"""
        tensors = [operand(graph, op, p) for p in positions if p < len(op.inputs)]
        tensors += [graph.tensors[index] for index in op.outputs]
        wrong = _named([t for t in tensors if t.dtype is not DType.INT8])
        return ", ".join(wrong) or None

    return check


def activations(*positions: int) -> Constraint:
    """A constraint: the inputs at ``positions`` and all outputs are int8, or all are int16."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Inputs and outputs must be int8, or all int16 with zero point 0"""
        tensors = [operand(graph, op, p) for p in positions]
        tensors += [graph.tensors[index] for index in op.outputs]
        if {t.dtype for t in tensors} not in ({DType.INT8}, {DType.INT16}):
            odd = [t for t in tensors if t.dtype not in (DType.INT8, DType.INT16)]
            return ", ".join(_named(odd or tensors))
        if tensors[0].dtype is DType.INT16:
            return zero_point_detail(*tensors)
        return None

    return check


def tflm_on_int8(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """TFLM has this operator on int8 only"""
    return "int16" if is_wide(graph, op) and options.exact_to == "tflm" else None


def zero_point_detail(*tensors: Tensor) -> str | None:
    """Constraint detail if a quantised tensor's zero point is not 0."""
    for tensor in tensors:
        if tensor.quantization is not None and any(tensor.quantization.zero_points):
            return f"'{tensor.name}' has zero point {max(tensor.quantization.zero_points, key=abs)}"
    return None


def int8_weights(position: int) -> Constraint:
    """A constraint on the type of an input that holds weights."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Weights must be int8"""
        weights = operand(graph, op, position)
        return None if weights.dtype is DType.INT8 else ", ".join(_named([weights]))

    return check


def quantised(*positions: int) -> Constraint:
    """A constraint: the inputs at ``positions`` and all outputs have one scale each."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Activations must have one scale and zero point per tensor"""
        tensors = [operand(graph, op, p) for p in positions]
        tensors += [graph.tensors[index] for index in op.outputs]
        for tensor in tensors:
            if tensor.quantization is None:
                return f"'{tensor.name}' is not quantised"
            if tensor.quantization.per_channel:
                return f"'{tensor.name}' has {len(tensor.quantization.scales)} scales"
        return None

    return check


def rank(position: int, low: int, high: int, what: str) -> Constraint:
    """A constraint on the number of dimensions of an input; position -1 is the output."""
    allowed = str(low) if low == high else f"{low} to {high}"

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        tensor = result(graph, op) if position < 0 else operand(graph, op, position)
        if low <= len(tensor.shape) <= high:
            return None
        return f"'{tensor.name}' has shape {list(tensor.shape)}"

    check.__doc__ = f"The {what} must have {allowed} dimension{'s' if high > 1 else ''}"
    return check


def constant(position: int, what: str) -> Constraint:
    """A constraint: an input is known at build time, if it is there."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        tensor = optional_operand(graph, op, position)
        if tensor is None or tensor.is_constant:
            return None
        return f"'{tensor.name}' is computed by the model"

    check.__doc__ = f"The {what} must be constant"
    return check


def computed(position: int, what: str) -> Constraint:
    """A constraint: an input is an activation."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        tensor = operand(graph, op, position)
        return f"'{tensor.name}' is constant" if tensor.is_constant else None

    check.__doc__ = f"The {what} must not be constant"
    return check


def no_empty_tensor(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """No tensor may be empty"""
    for index in (*op.inputs, *op.outputs):
        if index >= 0 and graph.tensors[index].elements == 0:
            return f"'{graph.tensors[index].name}' has shape {list(graph.tensors[index].shape)}"
    return None


def fused_activation(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The fused activation must be NONE, RELU, RELU6 or RELU_N1_TO_1, with bounds within int32"""
    activation = op.options["fused_activation_function"]
    if activation not in _ACTIVATIONS:
        return str(activation)
    try:
        clamp_range(graph, op)
    except ValueError as error:
        return str(error)
    return None


def int32_bias(position: int, channels_of: int, axis: int) -> Constraint:
    """A constraint on an optional bias: int32, one per output channel of the weights."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """A bias must be a constant int32 vector with one element per output channel"""
        bias = optional_operand(graph, op, position)
        if bias is None or is_wide(graph, op):
            return None
        if not bias.is_constant or bias.dtype is not DType.INT32:
            kind = "constant" if bias.is_constant else "computed"
            return f"'{bias.name}' is {kind} {bias.dtype.value}"
        channels = operand(graph, op, channels_of).shape[axis]
        if bias.elements != channels:
            return f"'{bias.name}' has {bias.elements} elements for {channels} channels"
        return None

    return check


def weight_scales(position: int, axis: int) -> Constraint:
    """A constraint on per-channel weights: scales along ``axis``, zero points 0."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        weights = operand(graph, op, position)
        if weights.quantization is None:
            return f"'{weights.name}' is not quantised"
        q = weights.quantization
        if q.per_channel and q.axis != axis:
            return f"'{weights.name}' has scales along dimension {q.axis}"
        if any(q.zero_points):
            return f"'{weights.name}' has zero point {next(z for z in q.zero_points if z)}"
        return None

    check.__doc__ = (
        f"Weights must be quantised per tensor or along dimension {axis}, with zero point 0"
    )
    return check
