"""READ_VARIABLE, ASSIGN_VARIABLE and what gives them their variables: CALL_ONCE, VAR_HANDLE.

The pass ``resolve_state`` turns variables into tensors and drops CALL_ONCE and VAR_HANDLE; what is
left of those two here is what it could not resolve.
"""

from __future__ import annotations

from tinycompress.codegen.layer import C_TYPES, Kernel, Layer
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, Steps, one_layer
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

_REF = Kernel("movement", "copy", "copy_bytes", types=(), variant="bytes")


def constants_only(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The subgraph it calls must only assign constants to variables, before any is used"""
    return f"subgraph {op.options['init_subgraph_index']}"


def resolved(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """A variable must be set by CALL_ONCE, read and assigned with one type and size"""
    return f"variable '{op.options['shared_name']}'"


def known_variable(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The variable must be one that CALL_ONCE sets, and of an integer type"""
    state = o.operand(graph, op, 0)
    return None if state.initial is not None else f"'{state.name}'"


def not_a_variable(graph: Graph, op: Op, options: CodegenOptions) -> str | None:
    """The value must be as large as the variable, and of its type"""
    state, value = o.operand(graph, op, 0), o.operand(graph, op, 1)
    if (state.dtype, state.elements) == (value.dtype, value.elements) and value.dtype in C_TYPES:
        return None
    return f"{value.dtype.value}{list(value.shape)} for {state.dtype.value}{list(state.shape)}"


def _copy(graph: Graph, op: Op, source: Tensor, target: Tensor) -> Layer:
    return Layer(
        op=op,
        name=target.name,
        kernel=_REF,
        params={"count": target.size_bytes},
        arguments=(o.argument(source), o.argument(target, written=True)),
        output_shape=target.shape,
        shapes=o.shape_text(source, target),
    )


def lower_read(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Copy the state out."""
    return _copy(graph, op, o.operand(graph, op, 0), o.result(graph, op))


def lower_assign(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Copy a value into the state."""
    return _copy(graph, op, o.operand(graph, op, 1), o.operand(graph, op, 0))


def _never(graph: Graph, op: Op, options: CodegenOptions) -> tuple[Steps, ...]:
    raise ValueError(f"{op.kind} cannot be lowered")


CALL_ONCE = OpSpec(structure=(), constraints=(constants_only,), lower=_never)
VAR_HANDLE = OpSpec(structure=(), constraints=(resolved,), lower=_never)
READ_VARIABLE = OpSpec(
    structure=(o.arity(1, 1), known_variable), constraints=(), lower=one_layer(lower_read)
)
ASSIGN_VARIABLE = OpSpec(
    structure=(o.arity(2, 2, outputs=0), known_variable, o.no_empty_tensor, not_a_variable),
    constraints=(),
    lower=one_layer(lower_assign),
)
