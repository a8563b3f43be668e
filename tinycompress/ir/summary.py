"""What is in a model: inputs, outputs, operators with their costs, and what is not integer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinycompress.artifacts import TensorSpec
from tinycompress.ir.foreign import accelerator_of
from tinycompress.ir.graph import DType, Graph, Model, Op, Tensor
from tinycompress.ir.reader import DECODE_CUSTOM_CODE
from tinycompress.ir.signal import is_signal
from tinycompress.ir.specs import input_specs, output_specs

_FLOATS = frozenset(
    {
        DType.FLOAT16, DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.FLOAT8_E4M3FN,
        DType.FLOAT8_E5M2, DType.COMPLEX64, DType.COMPLEX128,
    }
)  # fmt: skip
_ACTIVATIONS = (DType.INT8, DType.INT16)
_NARROW = frozenset({DType.INT2, DType.INT4, DType.UINT4})


@dataclass(frozen=True)
class OpSummary:
    """One operator. ``kind`` of a custom operator is ``CUSTOM:<its code>``.

    ``dtype`` is that of the first output. ``weights_bytes`` are the constants among its inputs.
    """

    index: int
    name: str
    kind: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shapes: tuple[tuple[int, ...], ...]
    dtype: str
    macs: int
    weights_bytes: int


@dataclass(frozen=True)
class ModelSummary:
    """One model.

    ``ops`` are those of the main subgraph. ``weights_bytes`` counts constants of all subgraphs,
    shared ones once. ``activations`` are the types that its operators work on: int8, int16 or both.
    ``not_integer`` says what keeps the model from being fully integer, a line each;
    ``integer_inside`` whether that is only float inputs and outputs, converted at the border.
    """

    sha256: str
    description: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    ops: tuple[OpSummary, ...]
    subgraphs: int
    macs: int
    weights_bytes: int
    activations: tuple[str, ...]
    not_integer: tuple[str, ...]
    integer_inside: bool

    @property
    def op_counts(self) -> dict[str, int]:
        """How often each kind occurs, most frequent first."""
        counts: dict[str, int] = {}
        for op in self.ops:
            counts[op.kind] = counts.get(op.kind, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


Macs = Callable[[Graph, Op], int]
"""Multiply-accumulates of an operator."""


def summarise(model: Model, macs: Macs) -> ModelSummary:
    """Sum up a model.

    Args:
        model: Any model that was read.
        macs: Counts the multiply-accumulates of each operator.

    Raises:
        ModelError: An operator lacks operands that its cost depends on.
    """
    graph = model.main
    ops = tuple(_op_summary(graph, op, macs) for op in graph.ops)
    findings = tuple(_findings(model))
    return ModelSummary(
        sha256=model.sha256,
        description=model.description,
        inputs=input_specs(graph),
        outputs=output_specs(graph),
        ops=ops,
        subgraphs=len(model.graphs),
        macs=sum(op.macs for op in ops),
        weights_bytes=_constant_bytes(model),
        activations=activation_types(model),
        not_integer=not_integer_reasons(model),
        integer_inside=all(finding.at_border for finding in findings),
    )


def not_integer_reasons(model: Model) -> tuple[str, ...]:
    """Why a model is not fully integer, one line per operator or tensor; empty if it is.

    Fully integer means that operators work on int8 or int16 activations and int8 weights, with
    wider integers for biases, shapes and indices; other integer types where QUANTIZE converts from
    or to them. Operators that compute in float come before the conversions around them.
    """
    found = sorted(_findings(model), key=lambda finding: finding.at_border)
    return tuple(finding.text for finding in found)


def is_integer_inside(model: Model) -> bool:
    """Whether a model is fully integer, but for float inputs and outputs at its border."""
    return all(finding.at_border for finding in _findings(model))


def activation_types(model: Model) -> tuple[str, ...]:
    """The types among int8 and int16 that operators work on, int8 first; state does not count.

    An operator that takes or gives int8 works on int8. QUANTIZE only converts, so it counts only
    where nothing else does.
    """
    ops = [(graph, op) for graph in model.graphs for op in graph.ops]
    working = [(graph, op) for graph, op in ops if op.kind != "QUANTIZE"]
    for chosen in (working, ops):
        found = {kind for graph, op in chosen if (kind := _works_on(_tensors(graph, op)))}
        if found:
            return tuple(dtype.value for dtype in _ACTIVATIONS if dtype in found)
    return ()


def unlike_integer(graph: Graph, op: Op) -> str | None:
    """What is not integer about one operator, in a few words; None if nothing is.

    Floats that QUANTIZE and DEQUANTIZE convert do not count, nor what a custom operator works on.
    """
    if op.kind == "CUSTOM" and accelerator_of(op) is None:
        return None
    finding = _op_finding(op, _tensors(graph, op))
    return None if finding is None or finding.at_border else finding.text


def _works_on(tensors: list[Tensor]) -> DType | None:
    moving = {t.dtype for t in tensors if not t.is_constant and not t.is_variable}
    return next((dtype for dtype in _ACTIVATIONS if dtype in moving), None)


def _tensors(graph: Graph, op: Op) -> list[Tensor]:
    return [graph.tensors[index] for index in (*op.inputs, *op.outputs) if index >= 0]


@dataclass(frozen=True)
class _Finding:
    text: str
    at_border: bool = False


def _op_summary(graph: Graph, op: Op, macs: Macs) -> OpSummary:
    inputs = [graph.tensors[index] for index in op.inputs if index >= 0]
    outputs = [graph.tensors[index] for index in op.outputs if index >= 0]
    return OpSummary(
        index=op.index,
        name=graph.layer_name(op),
        kind=op.full_kind,
        input_shapes=tuple(tensor.shape for tensor in inputs),
        output_shapes=tuple(tensor.shape for tensor in outputs),
        dtype=outputs[0].dtype.value if outputs else "",
        macs=macs(graph, op),
        weights_bytes=sum(tensor.size_bytes for tensor in inputs if tensor.is_constant),
    )


def _constant_bytes(model: Model) -> int:
    """Bytes of all constants; tensors that share a buffer count once."""
    sizes = {}
    for graph in model.graphs:
        for tensor in graph.tensors:
            if tensor.data is not None:
                sizes[tensor.data.__array_interface__["data"][0]] = tensor.size_bytes
    return sum(sizes.values())


def _findings(model: Model) -> Iterator[_Finding]:
    for spec, what in (
        *((spec, "input") for spec in input_specs(model.main)),
        *((spec, "output") for spec in output_specs(model.main)),
    ):
        if DType(spec.dtype) in _FLOATS:
            yield _Finding(f"{what} '{spec.name}' is {spec.dtype}", at_border=True)
    works_on_integers = named = False
    for number, graph in enumerate(model.graphs):
        where = f"subgraph {number} " if number else ""
        for op in graph.ops:
            tensors = _tensors(graph, op)
            works_on_integers |= any(tensor.dtype in _ACTIVATIONS for tensor in tensors)
            finding = _op_finding(op, tensors)
            if finding is not None:
                named = True
                title = f"{where}op {op.index} {op.full_kind} '{graph.layer_name(op)}'"
                yield _Finding(f"{title}: {finding.text}", finding.at_border)
    if not works_on_integers and not named:
        yield _Finding("no operator works on int8 or int16")


def _op_finding(op: Op, tensors: list[Tensor]) -> _Finding | None:
    """What is not integer about one operator, None if nothing is."""
    if op.kind == "CUSTOM" and op.custom_code != DECODE_CUSTOM_CODE and not is_signal(op):
        accelerator = accelerator_of(op)
        if accelerator is not None:
            return _Finding(
                f"custom operator, compiled by {accelerator.compiler} for {accelerator.name}"
            )
        return _Finding("custom operator")
    if op.custom_code == DECODE_CUSTOM_CODE:
        # Its inputs are compressed bytes; what they decode to is what counts.
        tensors = [tensor for tensor in tensors if not tensor.is_constant]
    weights = {tensor.dtype for tensor in tensors if tensor.is_constant}
    moving = {t.dtype for t in tensors if not t.is_constant and not t.is_variable}
    if moving & _FLOATS:
        return _float_finding(op, tensors, moving, weights)
    if weights & _FLOATS:
        return _Finding(f"{_names(weights & _FLOATS)} constants among integer activations")
    if (weights | moving) & _NARROW:
        return _Finding(f"{_names((weights | moving) & _NARROW)} tensors")
    if op.kind == "QUANTIZE":
        return None
    if DType.UINT8 in weights | moving:
        return _Finding("legacy uint8 quantisation")
    return None


def _float_finding(
    op: Op, tensors: list[Tensor], moving: set[DType], weights: set[DType]
) -> _Finding:
    floats = _names(moving & _FLOATS)
    # CAST is either, by its types; between two floats it converts to no integers.
    if op.kind in ("QUANTIZE", "DEQUANTIZE") or (op.kind == "CAST" and moving - _FLOATS):
        way = "to" if tensors[-1].dtype in _FLOATS else "from"
        return _Finding(f"converts {way} {floats}", True)
    if weights & ({DType.INT8, DType.UINT8} | _NARROW):
        quantised = _names(weights & ({DType.INT8, DType.UINT8} | _NARROW))
        return _Finding(f"hybrid ({floats} activations, {quantised} weights)")
    return _Finding(f"{floats} activations")


def _names(dtypes: set[DType]) -> str:
    return " and ".join(sorted(dtype.value for dtype in dtypes))
