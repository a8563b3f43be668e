"""Inputs and outputs of a model as generated C headers state them.

``firmware_templates/common/ports.h.j2`` writes them, with functions that quantise and dequantise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tinycompress.ir.graph import DType, Graph, Tensor

_C_TYPES: Mapping[DType, str] = {
    DType.INT8: "int8_t",
    DType.UINT8: "uint8_t",
    DType.INT16: "int16_t",
    DType.UINT16: "uint16_t",
    DType.INT32: "int32_t",
    DType.UINT32: "uint32_t",
    DType.INT64: "int64_t",
    DType.UINT64: "uint64_t",
    DType.FLOAT32: "float",
    DType.FLOAT64: "double",
    DType.BOOL: "bool",
}
# Beyond 16 bits a float cannot hold every stored value, so those get no helpers.
_HELPER_TYPES = (DType.INT8, DType.UINT8, DType.INT16, DType.UINT16)


@dataclass(frozen=True)
class Port:
    """One input or output as C knows it.

    Args:
        kind: Which of the two.
        number: Its index among them.
        name: Of the tensor, as the model's file has it: not fit for C.
        dtype: Element type as TFLite calls it.
        shape: Dimensions, the batch among them.
        elements: Product of the shape.
        size_bytes: Of the tensor; None where C has no such type.
        c_type: C's name of the element type; None where it has none.
        scale: C text of a float; None where there are no helpers.
        zero_point: With ``scale``: real = scale * (stored - zero point).
        stored_min: With ``scale``: the least value of the type.
        stored_max: With ``scale``: the greatest.
    """

    kind: Literal["input", "output"]
    number: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    elements: int
    size_bytes: int | None
    c_type: str | None
    scale: str | None
    zero_point: int
    stored_min: int
    stored_max: int


def input_ports(graph: Graph) -> tuple[Port, ...]:
    """The inputs of a graph, in order."""
    return tuple(_port(graph.tensors[t], "input", i) for i, t in enumerate(graph.inputs))


def output_ports(graph: Graph) -> tuple[Port, ...]:
    """The outputs of a graph, in order."""
    return tuple(_port(graph.tensors[t], "output", i) for i, t in enumerate(graph.outputs))


def _port(tensor: Tensor, kind: Literal["input", "output"], number: int) -> Port:
    quantization = tensor.quantization if tensor.dtype in _HELPER_TYPES else None
    if quantization is not None and quantization.per_channel:
        quantization = None
    limits = np.iinfo(tensor.dtype.numpy) if quantization else None
    c_type = _C_TYPES.get(tensor.dtype)
    return Port(
        kind=kind,
        number=number,
        name=tensor.name,
        dtype=tensor.dtype.value,
        shape=tensor.shape,
        elements=tensor.elements,
        size_bytes=tensor.size_bytes if c_type else None,
        c_type=c_type,
        scale=_float_literal(quantization.scale) if quantization else None,
        zero_point=quantization.zero_point if quantization else 0,
        stored_min=int(limits.min) if limits else 0,
        stored_max=int(limits.max) if limits else 0,
    )


def _float_literal(value: float) -> str:
    """The shortest decimal that reads back as the same float32, as a C literal."""
    text = str(np.float32(value))
    return f"{text}f" if "." in text or "e" in text else f"{text}.0f"
