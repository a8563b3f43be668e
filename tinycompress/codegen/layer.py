"""A lowered operator: which kernel runs, with which constants, on which tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tinycompress.ir.graph import DType, Op, Tensor

C_TYPES: Mapping[DType, str] = {
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
}
"""C's name for the element types that kernels work on."""

_ALIGNMENT_BYTES = 16


@dataclass(frozen=True, eq=False)
class ConstArray:
    """Constant data that a kernel reads from flash.

    ``origin`` names the tensor that it stems from, ``role`` what it holds of it.
    """

    origin: str
    role: str
    data: npt.NDArray[Any]
    alignment_bytes: int = _ALIGNMENT_BYTES

    @property
    def c_type(self) -> str:
        """C's name for the element type."""
        return f"{self.data.dtype.name}_t"

    @classmethod
    def of_tensor(cls, tensor: Tensor, role: str) -> ConstArray:
        """The data of a constant tensor, in its own order."""
        return cls(tensor.name, role, np.asarray(tensor.data).reshape(-1))


ParamValue = int | float | ConstArray
"""A float is a float32 value; only kernels at the border take one."""


@dataclass(frozen=True)
class Kernel:
    """One variant of a kernel: ``kernels/<name>.h`` defines ``tck_<name>``.

    ``params`` names its struct, without ``tck_`` and ``_params``; several variants share one.
    """

    name: str
    params: str

    @property
    def header(self) -> str:
        """The file below ``firmware_templates/engine/aot/``."""
        return f"kernels/{self.name}.h"

    @property
    def function(self) -> str:
        """The C function."""
        return f"tck_{self.name}"

    @property
    def params_type(self) -> str:
        """The C type of its parameters."""
        return f"tck_{self.params}_params"


@dataclass(frozen=True)
class TensorArgument:
    """An activation that a kernel reads or writes, by its index in the graph."""

    tensor: int
    c_type: str
    written: bool = False


@dataclass(frozen=True)
class ScratchArgument:
    """Working memory that a kernel needs while it runs."""

    c_type: str


Argument = TensorArgument | ConstArray | ScratchArgument


@dataclass(frozen=True, eq=False)
class Layer:
    """One operator as it runs on the device.

    ``params`` maps fields of the kernel's parameter struct (dots for nested ones) to values;
    ``arguments`` are passed after them, in order. ``shapes`` describes the tensors in a comment.
    ``leaner`` is the same layer with less scratch memory, and nearly as fast: it is taken where
    that makes the arena smaller.
    """

    op: Op
    name: str
    kernel: Kernel
    params: Mapping[str, ParamValue]
    arguments: tuple[Argument, ...]
    output_shape: tuple[int, ...]
    shapes: str
    macs: int = 0
    scratch_bytes: int = 0
    leaner: Layer | None = None

    @property
    def reads(self) -> tuple[int, ...]:
        """Indices of the activations that are read."""
        return tuple(a.tensor for a in self._tensors if not a.written)

    @property
    def writes(self) -> tuple[int, ...]:
        """Indices of the activations that are written."""
        return tuple(a.tensor for a in self._tensors if a.written)

    @property
    def const_arrays(self) -> tuple[ConstArray, ...]:
        """All constant data, in the order of first use."""
        values = (*self.params.values(), *self.arguments)
        return tuple(value for value in values if isinstance(value, ConstArray))

    @property
    def _tensors(self) -> tuple[TensorArgument, ...]:
        return tuple(a for a in self.arguments if isinstance(a, TensorArgument))
