"""Time steps of a recurrent layer as a loop: operators that the pass ``roll_steps`` makes.

``STEPS_BEGIN`` and ``STEPS_END`` are around the operators of one step, which run again and again: a
counter in the arena tells which step it is. ``STEPS_STATE`` gives state its first value,
``STEPS_ROW`` takes a step's row of a sequence, ``STEPS_JOIN`` puts a result into its row of another
sequence, and ``STEPS_KEEP`` makes a result the state of the next step.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from tinycompress.codegen.layer import Kernel, Layer, ParamValue, TensorArgument
from tinycompress.codegen.ops import operands as o
from tinycompress.codegen.ops.base import OpSpec, one_layer
from tinycompress.codegen.ops.movement.copies import bytes_argument
from tinycompress.codegen.options import CodegenOptions
from tinycompress.ir.graph import Graph, Op, Tensor

BEGIN, END, STATE = "STEPS_BEGIN", "STEPS_END", "STEPS_STATE"
ROW, JOIN, KEEP = "STEPS_ROW", "STEPS_JOIN", "STEPS_KEEP"
COUNT, FIRST, STRIDE = "count", "first", "stride"
"""Options: steps of a loop; the first row, and rows from step to step."""
EFFECTS = frozenset({BEGIN, END, JOIN, KEEP})
"""Kinds that matter although nobody reads what they compute."""
_COPY = Kernel("movement", "copy", "copy_bytes", types=(), variant="bytes")
_SET = Kernel("recurrent", "steps_set", "steps_set", types=())
_NEXT = Kernel("recurrent", "steps_next", "steps_next", types=())
_TAKE = Kernel("recurrent", "steps_take", "steps_row", types=())
_PUT = Kernel("recurrent", "steps_put", "steps_row", types=())


def _layer(op: Op, kernel: Kernel, params: Mapping[str, ParamValue], about: Tensor) -> Layer:
    return Layer(
        op=op,
        name=about.name.split(";")[0],
        kernel=kernel,
        params=params,
        arguments=(),
        output_shape=about.shape,
        shapes=str(list(about.shape)),
    )


def _counter(tensor: Tensor, *, written: bool) -> TensorArgument:
    return TensorArgument(tensor.index, "int32_t", written)


def _begin(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Start from step 0; from here on results are put into the sequences."""
    counter, *sequences = op.outputs
    tensor = graph.tensors[counter]
    made = _layer(op, _SET, {"value": 0}, tensor)
    return replace(made, arguments=(_counter(tensor, written=True),), claims=tuple(sequences))


def _end(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    """Go to the next step, which reads what is kept once more."""
    counter, *kept = op.inputs
    tensor = graph.tensors[counter]
    made = _layer(op, _NEXT, {"step": 1}, tensor)
    return replace(made, arguments=(_counter(tensor, written=True),), keeps=(counter, *kept))


def _state(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    return _copied(op, o.operand(graph, op, 0), o.result(graph, op))


def _keep(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    return _copied(op, o.operand(graph, op, 0), o.operand(graph, op, 1))


def _copied(op: Op, source: Tensor, target: Tensor) -> Layer:
    made = _layer(op, _COPY, {"count": target.size_bytes}, target)
    return replace(made, arguments=(bytes_argument(source), bytes_argument(target, written=True)))


def _row(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    sequence, counter = (graph.tensors[index] for index in op.inputs)
    row = o.result(graph, op)
    params = {
        "first": o.int_option(op, FIRST),
        "stride": o.int_option(op, STRIDE),
        "bytes": row.size_bytes,
    }
    made = _layer(op, _TAKE, params, row)
    arguments = (
        bytes_argument(sequence), _counter(counter, written=False),
        bytes_argument(row, written=True),
    )  # fmt: skip
    return replace(made, arguments=arguments)


def _join(graph: Graph, op: Op, options: CodegenOptions) -> Layer:
    row, counter, sequence = (graph.tensors[index] for index in op.inputs)
    params = {"first": 0, "stride": 1, "bytes": row.size_bytes}
    made = _layer(op, _PUT, params, sequence)
    arguments = (
        bytes_argument(row), _counter(counter, written=False),
        bytes_argument(sequence, written=True),
    )  # fmt: skip
    return replace(made, arguments=arguments)


def _spec(lower: Callable[[Graph, Op, CodegenOptions], Layer]) -> OpSpec:
    return OpSpec(structure=(), constraints=(), lower=one_layer(lower))


SPECS: Mapping[str, OpSpec] = MappingProxyType(
    {
        BEGIN: _spec(_begin),
        END: _spec(_end),
        STATE: _spec(_state),
        ROW: _spec(_row),
        JOIN: _spec(_join),
        KEEP: _spec(_keep),
    }
)
