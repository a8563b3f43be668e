"""The immutable graph that every pass reads: tensors, operators, subgraphs. numpy only."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

OptionValue = int | float | bool | str | tuple[int, ...]


class DType(enum.Enum):
    """Element type of a tensor; the value is numpy's name for it where numpy has one."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    FLOAT64 = "float64"
    INT4 = "int4"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    BOOL = "bool"
    STRING = "string"
    COMPLEX64 = "complex64"
    COMPLEX128 = "complex128"
    RESOURCE = "resource"
    VARIANT = "variant"
    UNKNOWN = "unknown"

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy dtype; ValueError for a type that numpy lacks."""
        try:
            return np.dtype(self.value)
        except TypeError as error:
            raise ValueError(f"no numpy dtype for {self.value}") from error

    @property
    def item_bytes(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize


@dataclass(frozen=True)
class Quantization:
    """Affine quantisation: ``real = scale * (stored - zero_point)``.

    One scale for a per-tensor quantised tensor; one per slice along ``axis`` otherwise. The scales
    are the file's float32 values, held as Python floats without loss.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether there is more than one scale."""
        return len(self.scales) > 1

    @property
    def scale(self) -> float:
        """The only scale of a per-tensor quantised tensor."""
        (scale,) = self.scales
        return scale

    @property
    def zero_point(self) -> int:
        """The zero point (all of a per-channel tensor's are equal in what TFLM accepts)."""
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of one subgraph.

    ``shape`` is static: a dynamic batch dimension was replaced by 1 on reading. ``data`` is a
    read-only array of that shape for a constant, None for an activation. ``is_variable`` marks
    state that an operator keeps between invocations (SVDF, LSTM).
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: npt.NDArray[Any] | None = None
    is_variable: bool = False

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the dense tensor."""
        return self.elements * self.dtype.item_bytes

    @property
    def is_constant(self) -> bool:
        """Whether the value is known on the host."""
        return self.data is not None


@dataclass(frozen=True, eq=False)
class Op:
    """One operator: ``kind`` is TFLite's builtin name; -1 in ``inputs`` is an absent input.

    ``options`` has the fields of the operator's builtin options table, snake_case as in TFLite's
    schema, enums as their schema names (``padding="SAME"``, ``fused_activation_function="RELU"``),
    and schema defaults filled in. A custom operator has kind ``CUSTOM`` and ``custom_code``.
    """

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, OptionValue] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 1
    custom_code: str = ""


@dataclass(frozen=True, eq=False)
class Graph:
    """One subgraph; ``ops`` are in execution order, indices refer to ``tensors``."""

    name: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def layer_name(self, op: Op) -> str:
        """Name that a user knows the layer by: that of its first output tensor."""
        named = [self.tensors[index].name for index in op.outputs if index >= 0]
        return named[0] if named and named[0] else f"{op.kind.lower()}_{op.index}"


@dataclass(frozen=True, eq=False)
class Model:
    """A whole ``.tflite`` file. ``graphs[0]`` is the entry point."""

    graphs: tuple[Graph, ...]
    sha256: str
    description: str = ""

    @property
    def main(self) -> Graph:
        """The subgraph that an invocation runs."""
        return self.graphs[0]
