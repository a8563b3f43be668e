"""A lowered operator: which kernel runs, with which constants, on which tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tinycompress.codegen.overlap import AccessOrder, Numbers, Overlap
from tinycompress.ir.graph import DType, Op, Tensor

C_TYPES: Mapping[DType, str] = {
    DType.INT8: "int8_t",
    DType.INT16: "int16_t",
    DType.INT32: "int32_t",
    DType.INT64: "int64_t",
    DType.UINT8: "uint8_t",
    DType.UINT32: "uint32_t",
    DType.UINT64: "uint64_t",
    DType.BOOL: "uint8_t",
    DType.FLOAT32: "float",
}
"""C's name for the element types that kernels work on."""

_ALIGNMENT_BYTES = 16
_WORD_BYTES = 4


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

    @cached_property
    def key(self) -> tuple[str, int, bytes]:
        """Equal for arrays that may be one in flash."""
        return self.c_type, self.alignment_bytes, self.data.tobytes()

    @classmethod
    def of_tensor(cls, tensor: Tensor, role: str) -> ConstArray:
        """The data of a constant tensor, in its own order."""
        return cls(tensor.name, role, np.asarray(tensor.data).reshape(-1))


TIMES = "times"
"""Option that a pass sets on operators that run more than once in an inference."""


def times_of(op: Op) -> int:
    """How often an operator runs in one inference."""
    found = op.options.get(TIMES, 1)
    return found if isinstance(found, int) else 1


ParamValue = int | float | ConstArray
"""A float is a float32 value; only kernels at the border take one."""


Rounding = Literal["fitted", "two_roundings", "half_away"]
"""How a kernel requantises sums, where kernels differ in it.

``fitted``: by one line that has the reference's outputs; ``two_roundings``: by a doubling high
multiply and a rounding shift, as stock TFLM; ``half_away``: once, halves away from zero, as LiteRT.
"""

KernelFamily = Literal["ref", "plain", "thumb1", "mla", "dsp", "mve"]
"""Which instructions a kernel is written for; ``ref`` and ``plain`` are plain C for any core."""


@dataclass(frozen=True)
class Kernel:
    """One variant of a kernel: ``kernels/<room>/<name>.h`` defines ``tck_<name>``.

    Args:
        room: Folder below ``kernels/``, named like the operator's in ``codegen/ops``.
        operator: What it computes.
        params: Its parameter struct, without ``tck_`` and ``_params``; variants may share one.
        types: Element types that it works on, where there are kernels for several.
        variant: In which of several ways it works.
        rounding: How it requantises sums, where kernels differ in it.
        family: Which instructions it is written for.
    """

    room: str
    operator: str
    params: str
    types: tuple[str, ...] = ("s8",)
    variant: str = ""
    rounding: Rounding | None = None
    family: KernelFamily = "ref"

    @property
    def name(self) -> str:
        """What files and figures call it."""
        parts = (self.operator, self.variant, *self.types, self.rounding, self.family)
        return "_".join(part for part in parts if part)

    @property
    def header(self) -> str:
        """The file below ``firmware_templates/engine/aot/``."""
        return f"kernels/{self.room}/{self.name}.h"

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
    """Working memory that a kernel needs while it runs; each has its own bytes."""

    c_type: str
    bytes: int


Argument = TensorArgument | ConstArray | ScratchArgument


@dataclass(frozen=True, eq=False)
class EncodedWeights:
    """How a layer's weights are encoded in flash.

    Args:
        encoding: The decoder's name.
        detail: Its parameters, for people.
        size_bytes: What weights and codebooks take; biases and tables of outputs are not counted.
        weights: How many there are.
        symbols: How often the decoder looks something up: for one pixel of the output, or in one
            inference where it decodes tiles.
        entries: Entries of the table that it builds in RAM first.
        instead: The layer by the first kernel that reads weights as they are.
        on_tiles: The layer by the kernel that runs on decoded tiles; None without tiles.
        tiles: How often that kernel runs.
    """

    encoding: str
    detail: str
    size_bytes: int
    weights: int
    symbols: int
    entries: int
    instead: Layer
    on_tiles: Layer | None = None
    tiles: int = 0


@dataclass(frozen=True, eq=False)
class Layer:
    """One operator as it runs on the device.

    ``params`` maps fields of the kernel's parameter struct (dots for nested ones) to values;
    ``arguments`` are passed after them, in order. ``shapes`` describes the tensors in a comment.
    ``order`` says how the kernel reads and writes: see `codegen.overlap`. Layers of one operator
    with the same ``leaner_kin`` are nearly as fast as each other on more or less scratch memory:
    the one with less is taken where that makes the arena smaller. ``encoded`` is None where weights
    lie in flash as they are; ``expanded`` says that they take several times their bytes there.
    ``claims`` are tensors whose bytes are in use from this layer on, and ``keeps`` those that stay
    in use up to it, although its kernel touches neither.
    """

    op: Op
    name: str
    kernel: Kernel
    params: Mapping[str, ParamValue]
    arguments: tuple[Argument, ...]
    output_shape: tuple[int, ...]
    shapes: str
    macs: int = 0
    order: AccessOrder | None = None
    leaner_kin: str = ""
    encoded: EncodedWeights | None = None
    expanded: bool = False
    claims: tuple[int, ...] = ()
    keeps: tuple[int, ...] = ()

    @property
    def times(self) -> int:
        """How often it runs in one inference."""
        return times_of(self.op)

    def by(
        self,
        kernel: Kernel,
        params: Mapping[str, ParamValue],
        *,
        order: AccessOrder | None,
        scratch: tuple[str, int] | None = None,
        arguments: tuple[Argument, ...] | None = None,
        leaner_kin: str = "",
    ) -> Layer:
        """The same operator by another kernel.

        Args:
            kernel: The other kernel.
            params: Its parameters.
            order: In which order it reads and writes. There is no default: the order of one kernel
                would make another's output overwrite what it still reads.
            scratch: C type and bytes of its working memory, passed behind the other arguments.
            arguments: Its tensors and constants; None takes this layer's.
            leaner_kin: As the field of that name.
        """
        given = self.arguments if arguments is None else arguments
        tensors = tuple(a for a in given if not isinstance(a, ScratchArgument))
        return replace(
            self,
            kernel=kernel,
            params=params,
            arguments=(*tensors, ScratchArgument(*scratch)) if scratch else tensors,
            order=order,
            leaner_kin=leaner_kin,
        )

    @property
    def scratch_offsets(self) -> tuple[int, ...]:
        """Where each piece of working memory begins in all of it, in the order of arguments."""
        return tuple(accumulate(self._scratch_sizes, initial=0))[:-1]

    @property
    def scratch_bytes(self) -> int:
        """All its working memory."""
        return sum(self._scratch_sizes)

    @property
    def _scratch_sizes(self) -> tuple[int, ...]:
        pieces = [a for a in self.arguments if isinstance(a, ScratchArgument)]
        # Kernels read and write words; what comes last needs no filling.
        whole = [-(-piece.bytes // _WORD_BYTES) * _WORD_BYTES for piece in pieces[:-1]]
        return (*whole, *(piece.bytes for piece in pieces[-1:]))

    @property
    def overlap(self) -> Overlap | None:
        """What the kernel allows for its output and each input; None if they may not overlap."""
        return None if self.order is None else self.order(Numbers(self.params))

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
    def lut_bits(self) -> int | None:
        """Bits of the indices into a codebook, where weights are encoded so."""
        if self.encoded is None or self.encoded.encoding != "lut":
            return None
        bits = self.params.get("lut.bits", self.params.get("weights.index_bits"))
        return bits if isinstance(bits, int) else None

    @property
    def _tensors(self) -> tuple[TensorArgument, ...]:
        return tuple(a for a in self.arguments if isinstance(a, TensorArgument))
