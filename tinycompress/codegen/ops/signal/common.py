"""What the signal operators share: options in a flexbuffer, types, and only one runtime."""

from __future__ import annotations

from collections.abc import Sequence

from tinycompress.codegen.layer import Kernel, Layer, ParamValue
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import Constraint
from tinycompress.codegen.options import CodegenOptions
from tinycompress.codegen.overlap import AccessOrder
from tinycompress.ir.graph import DType, Graph, Op, Tensor
from tinycompress.ir.signal import SIGNAL_OPTIONS, signal_options

SHIFTS_32 = (0, 31)
SHIFTS_64 = (0, 63)


def only_tflm(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """LiteRT does not have this operator: the firmware can be exact to tflm only"""
    return None if options.exact_to == "tflm" else f"exact to {options.exact_to}"


def known_options(code: str) -> Constraint:
    """A constraint: the options can be read, and are those of the operator."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        try:
            signal_options(op)
        except ValueError as error:
            return str(error)
        return None

    names = ", ".join(SIGNAL_OPTIONS[code])
    check.__doc__ = f"The options must be a flexbuffer with the integers {names}"
    return check


def within(name: str, limits: tuple[int, int]) -> Constraint:
    """A constraint on one option."""
    low, high = limits

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        value = signal_options(op)[name]
        return None if low <= value <= high else f"it is {value}"

    check.__doc__ = f"The option {name} must be within {low} to {high}"
    return check


def types(inputs: Sequence[DType], outputs: Sequence[DType]) -> Constraint:
    """A constraint on the types of the operands and results, all of which are there."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        tensors = [graph.tensors[index] for index in (*op.inputs, *op.outputs)]
        wrong = [
            f"'{tensor.name}' is {tensor.dtype.value}"
            for tensor, dtype in zip(tensors, (*inputs, *outputs), strict=False)
            if tensor.dtype is not dtype
        ]
        return ", ".join(wrong) or None

    read, written = (" and ".join(t.value for t in names) for names in (inputs, outputs))
    check.__doc__ = f"The types must be {read} in, {written} out"
    return check


def same_size(*positions: int, outputs: tuple[int, ...] = (0,)) -> Constraint:
    """A constraint: operands and results are vectors of one size."""

    def check(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
        """Inputs and outputs must be vectors of the same size"""
        tensors = [o.operand(graph, op, position) for position in positions]
        tensors += [graph.tensors[op.outputs[position]] for position in outputs]
        if len({tensor.shape for tensor in tensors}) == 1 and len(tensors[0].shape) == 1:
            return None
        return ", ".join(f"'{tensor.name}' {list(tensor.shape)}" for tensor in tensors)

    return check


def elementwise(
    graph: Graph,
    op: Op,
    kernel: Kernel,
    params: dict[str, ParamValue],
    reads: tuple[Tensor, ...],
    order: AccessOrder | None,
) -> Layer:
    """The layer of a kernel that is given the number of elements, and writes the only output."""
    y = o.result(graph, op)
    params = {"count": y.elements, **params}
    return o.layer(graph, op, kernel, params, reads=reads, writes=y, order=order)
