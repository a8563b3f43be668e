"""Every reason why a model cannot be built, found before anything is generated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinycompress.codegen.layer import C_TYPES
from tinycompress.codegen.ops import OPS, OpSpec, is_view, spec_of
from tinycompress.codegen.ops.float32.rules import computes_on_floats
from tinycompress.codegen.options import CodegenOptions
from tinycompress.errors import ModelError
from tinycompress.ir.graph import DType, Graph, Op, Tensor

_BORDER_FLOAT = frozenset({DType.FLOAT16, DType.BFLOAT16, DType.FLOAT32, DType.FLOAT64})
_CONVERSIONS = {
    "input": (("QUANTIZE", "CAST"), "read by"),
    "output": (("DEQUANTIZE", "CAST"), "written by"),
}
"""Operators that convert float32 at the border."""

_CONVERTING = frozenset({"QUANTIZE", "DEQUANTIZE", "CAST"})

_FLOAT_ONLY = frozenset({"COS", "LOG", "SIN", "SQUARE"})
"""Operators that TFLM has, but not on int8."""


NO_FLOAT_KERNEL = "this operator is not supported on float32"

OTHER_LAYERS = "replace the layers that these operators come from"
REPLACE = f"{OTHER_LAYERS}; docs/SUPPORTED_OPS.md lists what is supported"


@dataclass(frozen=True)
class Reason:
    """One reason: ``text`` of what is wrong ``where``, an operator if ``op`` is not None."""

    where: str
    text: str
    op: Op | None = None

    def __str__(self) -> str:
        """The line that a user reads."""
        return f"{self.where}{' ' if self.op is None else ': '}{self.text}"


_MOST_ALIKE = 3
"""So many operators that are refused for one reason get a line each; more share one."""


def in_few_lines(reasons: Iterable[Reason]) -> Iterator[str]:
    """Lines for the reasons, in their order; many operators with the same reason share one."""
    told = tuple(reasons)
    # Only operators are many; each input and output is the user's own.
    counts = Counter(reason.text for reason in told if reason.op is not None)
    for reason in told:
        if reason.op is None or counts[reason.text] <= _MOST_ALIKE:
            yield str(reason)
            continue
        same = [one.where for one in told if one.op is not None and one.text == reason.text]
        if reason.where == same[0]:
            yield f"{len(same)} operators, from {same[0]} to {same[-1]}: {reason.text}"


def why_not(graph: Graph, options: CodegenOptions) -> tuple[Reason, ...]:
    """Every reason why a graph cannot be built exactly, each naming operator, layer and value.

    Operators that the engine does not have come first: what else is wrong may be theirs alone.
    """
    found = (*_border_reasons(graph, options), *_op_reasons(graph, options))
    reasons = tuple(sorted(found, key=lambda one: one.op is None or one.op.full_kind in OPS))
    if not reasons and all(is_view(op) for op in graph.ops):
        return (Reason("no operator", "is left that computes anything on the device"),)
    return reasons


def takes_floats(graph: Graph, options: CodegenOptions) -> bool:
    """Whether operators may compute on float32: among others on integers, or as was asked for."""
    return options.floats or any(_computes_on_integers(graph, op) for op in graph.ops)


def _computes_on_integers(graph: Graph, op: Op) -> bool:
    moving = [graph.tensors[i] for i in (*op.inputs, *op.outputs) if i >= 0]
    types = {tensor.dtype for tensor in moving if not tensor.is_constant}
    return op.kind not in _CONVERTING and bool(types & {DType.INT8, DType.INT16})


def refused(reasons: Sequence[str], hint: str) -> ModelError:
    """The error for a model that cannot be built."""
    count = f"{len(reasons)} reason" + ("s" if len(reasons) > 1 else "")
    return ModelError(f"the model cannot be built, for {count}:", reasons=tuple(reasons), hint=hint)


def _border_reasons(graph: Graph, options: CodegenOptions) -> Iterator[Reason]:
    floats = takes_floats(graph, options)
    for role, indices in (("input", graph.inputs), ("output", graph.outputs)):
        if not indices:
            yield Reason("the model", f"has no {role}")
        for index in indices:
            detail = _border_detail(graph, graph.tensors[index], role, floats=floats)
            if detail is not None:
                yield Reason(f"{role} '{graph.tensors[index].name}'", detail)


def _border_detail(graph: Graph, tensor: Tensor, role: str, *, floats: bool) -> str | None:
    if tensor.dtype in _BORDER_FLOAT and not (floats and tensor.dtype is DType.FLOAT32):
        kinds, touched = _CONVERSIONS[role]
        touching = [op for op in graph.ops if tensor.index in (*op.inputs, *op.outputs)]
        if tensor.dtype is not DType.FLOAT32 or any(
            op.kind not in kinds and not is_view(op) for op in touching
        ):
            names = " or ".join(kinds)
            return f"is {tensor.dtype.value}, must be int8, int16 or float32 {touched} {names}"
    elif tensor.dtype not in C_TYPES:
        return f"is {tensor.dtype.value}, must be int8 or int16"
    per_channel = tensor.quantization is not None and tensor.quantization.per_channel
    if tensor.dtype is DType.INT8 and per_channel:
        return "must have one scale and zero point"
    if tensor.elements == 0:
        return f"is empty: {list(tensor.shape)}"
    return "is constant" if tensor.is_constant else None


def _op_reasons(graph: Graph, options: CodegenOptions) -> Iterator[Reason]:
    floats = takes_floats(graph, options)
    for op in graph.ops:
        where = f"op {op.index} {_kind(op)} '{graph.layer_name(op)}'"
        if op.full_kind not in OPS:
            why = "; stock TFLM computes it on float32 only" if op.kind in _FLOAT_ONLY else ""
            text = f"this operator is not supported{why}{_types(graph, op)}"
            yield Reason(where, text, op)
            continue
        for index in op.inputs:
            if index >= 0 and _unresolved_state(graph.tensors[index]):
                name = graph.tensors[index].name
                text = f"state that is kept between invocations is not supported: '{name}'"
                yield Reason(where, text, op)
        spec = (spec_of(graph, op) if floats else None) or OPS[op.full_kind]
        violations = spec.violations(graph, op, options)
        if floats and violations and _lacks_floats(graph, op, spec):
            violations = (NO_FLOAT_KERNEL,)
        for violation in violations:
            yield Reason(where, violation, op)


def _lacks_floats(graph: Graph, op: Op, spec: OpSpec) -> bool:
    """Whether what is wrong is that the operator has kernels for integers alone."""
    own = spec is not OPS[op.full_kind]
    return not own and op.kind not in _CONVERTING and computes_on_floats(graph, op)


def _unresolved_state(tensor: Tensor) -> bool:
    return tensor.is_variable and tensor.initial is None


def _kind(op: Op) -> str:
    return f"CUSTOM ({op.custom_code})" if op.kind == "CUSTOM" else op.kind


def _types(graph: Graph, op: Op) -> str:
    names = {graph.tensors[i].dtype.value for i in (*op.inputs, *op.outputs) if i >= 0}
    odd = sorted(names - {"int8", "int32"})
    return f" (its tensors are {', '.join(odd)})" if odd else ""
