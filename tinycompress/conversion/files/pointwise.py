"""Functions of one element that int8 has no operator for: a table of their 256 results.

ELU, Softplus, Mish and the like are several float operators in a file, some of which TensorFlow's
quantiser leaves in float and others round their results to int8 on the way. But whatever is
computed of one int8 value is one of 256 results. So such a part of a calibrated file becomes one
operator that the quantiser takes, a placeholder; and in the int8 file it becomes a GATHER of the
results, which both runtimes have: ``table[value + 128]``. A result is the float32 kernels' of that
value, rounded to the output's scale: the only rounding there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from tinycompress.artifacts import ExactTo
from tinycompress.conversion.frozen import FrozenGraph
from tinycompress.ir.arithmetic import INT8_MAX, INT8_MIN
from tinycompress.ir.parts.pointwise import LACKING, SAME_IN_INT8
from tinycompress.ir.tflite_objects import (
    add_constant,
    add_tensor,
    new_operator,
    operator_code,
    packed,
    unpacked,
)

Floats = npt.NDArray[np.float32]

_ALONE: Mapping[ExactTo, frozenset[str]] = MappingProxyType(
    {"tflm": frozenset(), "litert": frozenset({"EXP", "GELU", "SQRT"})}
)
"""Of `LACKING`, what the quantiser makes int8 where it stands alone, and the runtime computes."""
_TELLING = frozenset(
    {"Ceil", "Cos", "Elu", "Erf", "Erfc", "Exp", "Expm1", "Floor", "Log", "Log1p", "Pow", "RealDiv",
     "Reciprocal", "Round", "Select", "SelectV2", "Selu", "Sign", "Sin", "Softplus", "Softsign",
     "Sqrt", "Square", "SquaredDifference"}
)  # fmt: skip
"""TensorFlow's operators without which a graph has no such part."""
_NAMES: Mapping[int, str] = MappingProxyType(
    {value: name for name, value in vars(schema.BuiltinOperator).items() if name.isupper()}
)
_FLOAT32, _BOOL = schema.TensorType.FLOAT32, schema.TensorType.BOOL
_INT8, _INT32 = schema.TensorType.INT8, schema.TensorType.INT32
_MARK = 4096.0
"""The slope of a placeholder, a LEAKY_RELU, is above it: which one it is."""
_VALUES = INT8_MAX - INT8_MIN + 1


@dataclass(frozen=True)
class Pointwise:
    """A part of a calibrated file that computes one tensor of another, element by element.

    Attributes:
        alone: The part as a model of its own, float32.
        elements: How many it computes at a time.
    """

    alone: bytes
    elements: int

    def results(self, values: Floats) -> Floats:
        """The function of some values, by LiteRT's float32 kernels."""
        interpreter = Interpreter(
            model_content=self.alone, num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        )  # fmt: skip
        interpreter.allocate_tensors()
        (taken,), (given,) = interpreter.get_input_details(), interpreter.get_output_details()
        count = -(-len(values) // self.elements) * self.elements
        parts = []
        for part in np.resize(values, count).reshape(-1, *taken["shape"]):
            interpreter.set_tensor(taken["index"], part)
            interpreter.invoke()
            parts.append(interpreter.get_tensor(given["index"]).reshape(-1))
        return np.concatenate(parts)[: len(values)]


def may_have_functions(frozen: FrozenGraph) -> bool:
    """Whether a graph may have such a part: cheap to ask before calibrating for it.

    One with ranges of its own, or functions that the converter must find, is left to the converter.
    """
    kinds = {kind for _, kind in frozen.nodes()}
    trained = any(kind.startswith("FakeQuant") for kind in kinds)
    return not frozen.keeps_functions and not trained and bool(kinds & _TELLING)


def with_placeholders(calibrated: bytes, exact_to: ExactTo) -> tuple[bytes, tuple[Pointwise, ...]]:
    """A calibrated file with a placeholder for each part that int8 lacks.

    Args:
        calibrated: What `quantize.to_calibrated` made.
        exact_to: Whose operators count.

    Returns:
        The file, and the parts in the order of their placeholders; the file itself without any.
    """
    model = unpacked(calibrated)
    graph = model.subgraphs[0]
    parts = _parts(model, graph, exact_to)
    if not parts:
        return calibrated, ()
    found = tuple(_alone(model, graph, part) for part in parts)
    code = operator_code(model, schema.BuiltinOperator.LEAKY_RELU)
    for number, part in enumerate(parts, start=1):
        last = graph.operators[part.operators[-1]]
        last.opcodeIndex, last.inputs, last.outputs = code, [part.source], [part.result]
        last.builtinOptionsType = schema.BuiltinOptions.LeakyReluOptions
        last.builtinOptions = schema.LeakyReluOptionsT()
        last.builtinOptions.alpha = _MARK + number
    _drop_unread(graph)
    return packed(model), found


def with_tables(tflite: bytes, parts: Sequence[Pointwise]) -> bytes:
    """The int8 file of one with placeholders, with tables in their place."""
    if not parts:
        return tflite
    model = unpacked(tflite)
    graph = model.subgraphs[0]
    operators = []
    for operator in graph.operators:
        number = _placeholder(operator)
        if number is None:
            operators.append(operator)
        else:
            operators += _looked_up(model, graph, operator, parts[number])
    graph.operators = operators
    return packed(model)


@dataclass
class _Part:
    source: int
    result: int
    operators: list[int]


def _parts(model: Any, graph: Any, exact_to: ExactTo) -> list[_Part]:
    """The parts that become tables, as large as they can be."""
    roots = _roots(model, graph)
    makers = {operator.outputs[0]: index for index, operator in enumerate(graph.operators)}
    readers: dict[int, list[int]] = {}
    for index, operator in enumerate(graph.operators):
        for tensor in operator.inputs:
            readers.setdefault(int(tensor), []).append(index)
    found = []
    for tensor, root in roots.items():
        outside = [
            reader for reader in readers.get(tensor, ())
            if roots.get(int(graph.operators[reader].outputs[0])) != root
        ]  # fmt: skip
        if graph.tensors[tensor].type != _FLOAT32 or not (outside or tensor in graph.outputs):
            continue
        operators = sorted(_behind(graph, makers, tensor, root))
        if _becomes_table([_kind(model, graph.operators[index]) for index in operators], exact_to):
            found.append(_Part(root, tensor, operators))
    return found


def _becomes_table(kinds: Sequence[str], exact_to: ExactTo) -> bool:
    lacking = [kind for kind in kinds if kind in LACKING]
    return bool(lacking) and not (len(kinds) == 1 and kinds[0] in _ALONE[exact_to])


def _roots(model: Any, graph: Any) -> dict[int, int]:
    """Of every tensor that is a function of one float tensor alone, which that is."""
    roots: dict[int, int] = {}
    for operator in graph.operators:
        if _kind(model, operator) not in SAME_IN_INT8 | LACKING or len(operator.outputs) != 1:
            continue
        output = graph.tensors[operator.outputs[0]]
        moving, scalar = set(), True
        for index in operator.inputs:
            if _is_constant(model, graph.tensors[index]):
                scalar = scalar and _elements(graph.tensors[index]) == 1
            else:
                moving.add(roots.get(int(index), int(index)))
        if len(moving) != 1 or not scalar or output.type not in (_FLOAT32, _BOOL):
            continue
        (root,) = moving
        source = graph.tensors[root]
        if source.type == _FLOAT32 and _shape(source) == _shape(output):
            roots[int(operator.outputs[0])] = root
    return roots


def _behind(graph: Any, makers: Mapping[int, int], tensor: int, root: int) -> set[int]:
    """The operators from a root to a tensor."""
    found: set[int] = set()
    left = [tensor]
    while left:
        one = left.pop()
        maker = makers.get(one)
        if one == root or maker is None or maker in found:
            continue
        found.add(maker)
        left += [int(index) for index in graph.operators[maker].inputs]
    return found


def _alone(model: Any, graph: Any, part: _Part) -> Pointwise:
    """A part as a model: everything else of the file unused in it."""
    single = schema.SubGraphT()
    single.tensors, single.inputs, single.outputs = graph.tensors, [part.source], [part.result]
    single.operators = [graph.operators[index] for index in part.operators]
    whole = schema.ModelT()
    whole.version, whole.operatorCodes, whole.buffers = 3, model.operatorCodes, model.buffers
    whole.subgraphs = [single]
    return Pointwise(packed(whole), _elements(graph.tensors[part.source]))


def _drop_unread(graph: Any) -> None:
    """Leave out the operators whose results nobody reads."""
    while True:
        read = {int(index) for operator in graph.operators for index in operator.inputs}
        read |= {int(index) for index in graph.outputs}
        kept = [one for one in graph.operators if any(int(i) in read for i in one.outputs)]
        if len(kept) == len(graph.operators):
            return
        graph.operators = kept


def _placeholder(operator: Any) -> int | None:
    """Which part a placeholder stands for."""
    if operator.builtinOptionsType != schema.BuiltinOptions.LeakyReluOptions:
        return None
    alpha = float(operator.builtinOptions.alpha)
    return int(alpha - _MARK) - 1 if alpha > _MARK else None


def _looked_up(model: Any, graph: Any, operator: Any, part: Pointwise) -> list[Any]:
    """CAST to int32, ADD of 128, and a GATHER of the results."""
    source, result = int(operator.inputs[0]), int(operator.outputs[0])
    x, y = graph.tensors[source], graph.tensors[result]
    name, shape = y.name, _shape(x)
    index = add_tensor(model, graph, name + b"/index", _INT32, shape)
    place = add_tensor(model, graph, name + b"/place", _INT32, shape)
    first = add_constant(model, graph, name + b"/first", np.array([-INT8_MIN], np.int32))
    table = add_constant(model, graph, name + b"/table", _results(part, x, y))
    graph.tensors[table].quantization = y.quantization
    builtin = schema.BuiltinOperator
    cast, gather = schema.CastOptionsT(), schema.GatherOptionsT()
    cast.inDataType, cast.outDataType = _INT8, _INT32
    gather.axis = 0
    return [
        new_operator(model, builtin.CAST, [source], [index], cast),
        new_operator(model, builtin.ADD, [index, first], [place], schema.AddOptionsT()),
        new_operator(model, builtin.GATHER, [table, place], [result], gather),
    ]


def _results(part: Pointwise, x: Any, y: Any) -> npt.NDArray[np.int8]:
    """The function of -128 .. 127 as integers of the output."""
    (scale,), (zero_point,) = x.quantization.scale, x.quantization.zeroPoint
    stored = np.arange(INT8_MIN, INT8_MAX + 1)
    with np.errstate(all="ignore"):
        real = part.results((np.float64(scale) * (stored - zero_point)).astype(np.float32))
    known = np.flatnonzero(~np.isnan(real))
    # No sample has been where a function is not defined: the next value that has one is taken.
    nearest = known[np.abs(known[None] - np.arange(_VALUES)[:, None]).argmin(axis=1)]
    (scale,), (zero_point,) = y.quantization.scale, y.quantization.zeroPoint
    with np.errstate(all="ignore"):
        wanted = real[nearest].astype(np.float64) / np.float64(scale)
    rounded = np.trunc(wanted + np.copysign(0.5, wanted)) + zero_point
    results: npt.NDArray[np.int8] = np.clip(rounded, INT8_MIN, INT8_MAX).astype(np.int8)
    return results


def _kind(model: Any, operator: Any) -> str:
    return _NAMES.get(model.operatorCodes[operator.opcodeIndex].builtinCode, "")


def _is_constant(model: Any, tensor: Any) -> bool:
    data = model.buffers[tensor.buffer].data
    return data is not None and len(data) > 0


def _elements(tensor: Any) -> int:
    return prod(_shape(tensor))


def _shape(tensor: Any) -> list[int]:
    """A scalar has none in the file."""
    return [] if tensor.shape is None else [int(size) for size in tensor.shape]
