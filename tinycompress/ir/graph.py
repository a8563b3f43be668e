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

from tinycompress.ir.cascade.stages import Stage

OptionValue = int | float | bool | str | tuple[int, ...]


class DType(enum.Enum):
    """Element type of a tensor; the value is numpy's name for it where numpy has one."""

    FLOAT32 = "float32"
    FLOAT16 = "float16"
    FLOAT64 = "float64"
    BFLOAT16 = "bfloat16"
    FLOAT8_E4M3FN = "float8_e4m3fn"
    FLOAT8_E5M2 = "float8_e5m2"
    INT2 = "int2"
    INT4 = "int4"
    UINT4 = "uint4"
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
    def bits(self) -> int:
        """Bits of one element as stored; 0 for a handle or a type without a fixed size."""
        return _BITS.get(self, 0)

    @property
    def is_integer(self) -> bool:
        """Whether elements are plain integers, of any width."""
        return self.value.startswith(("int", "uint"))

    @property
    def has_numpy(self) -> bool:
        """Whether numpy has a dtype for it."""
        # Not from the name alone: other packages teach numpy names such as "int4".
        return self in _NUMPY

    @property
    def numpy(self) -> np.dtype[Any]:
        """The numpy dtype; ValueError for a type that numpy lacks."""
        if not self.has_numpy:
            raise ValueError(f"no numpy dtype for {self.value}")
        return np.dtype(self.value)

    @property
    def item_bytes(self) -> int:
        """Bytes of one element; ValueError for a type that numpy lacks."""
        return self.numpy.itemsize


_NUMPY = frozenset(
    {
        DType.FLOAT16, DType.FLOAT32, DType.FLOAT64, DType.COMPLEX64, DType.COMPLEX128, DType.BOOL,
        DType.INT8, DType.INT16, DType.INT32, DType.INT64,
        DType.UINT8, DType.UINT16, DType.UINT32, DType.UINT64,
    }
)  # fmt: skip
_BITS: Mapping[DType, int] = MappingProxyType(
    {dtype: 8 * np.dtype(dtype.value).itemsize for dtype in _NUMPY}
    | {DType.BFLOAT16: 16, DType.FLOAT8_E4M3FN: 8, DType.FLOAT8_E5M2: 8}
    | {DType.INT4: 4, DType.UINT4: 4, DType.INT2: 2}
)


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
    read-only array of that shape for a constant, None for an activation; types narrower than a
    byte are unpacked to int8 or uint8. ``is_variable`` marks state that an operator keeps between
    invocations (SVDF, LSTM); ``initial`` is what it holds after a reset, once that is known.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: DType
    quantization: Quantization | None = None
    data: npt.NDArray[Any] | None = None
    is_variable: bool = False
    initial: npt.NDArray[Any] | None = None

    @property
    def elements(self) -> int:
        """Number of elements; 1 for a scalar."""
        return prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of the dense tensor, narrow types packed; 0 for a handle."""
        return (self.elements * self.dtype.bits + 7) // 8

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
    custom_options: bytes = b""
    intermediates: tuple[int, ...] = ()

    @property
    def full_kind(self) -> str:
        """``kind``, but ``CUSTOM:`` and the code for a custom operator: what rules go by."""
        return f"CUSTOM:{self.custom_code}" if self.kind == "CUSTOM" else self.kind


@dataclass(frozen=True, eq=False)
class Graph:
    """One subgraph; ``ops`` are in execution order, indices refer to ``tensors``."""

    name: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def layer_name(self, op: Op) -> str:
        """Name that a user knows the layer by: that of its first output tensor.

        The converter joins the names of all that it fused with semicolons, the one whose value
        the tensor has first; the rest, often hundreds of characters, is left out.
        """
        named = [self.tensors[index].name.split(";")[0] for index in op.outputs if index >= 0]
        return named[0] if named and named[0] else f"{op.kind.lower()}_{op.index}"


@dataclass(frozen=True, eq=False)
class Model:
    """A whole ``.tflite`` file. ``graphs[0]`` is the entry point.

    ``resets_state``: each inference starts from the first values of all state, as the file's
    metadata ask. ``stages``: of a cascade, as its metadata tell; none of any other model.
    """

    graphs: tuple[Graph, ...]
    sha256: str
    description: str = ""
    resets_state: bool = False
    stages: tuple[Stage, ...] = ()

    @property
    def main(self) -> Graph:
        """The subgraph that an invocation runs."""
        return self.graphs[0]
