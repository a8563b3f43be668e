"""What a caller chooses about the generated code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from tinycompress.artifacts import ExactTo
from tinycompress.errors import ConfigError

if TYPE_CHECKING:
    from tinycompress.boards import Board

KernelSharing = Literal["specialise", "share"]
"""Whether layers get their own copy of a kernel, compiled for their constants, or share one."""


CoreFamily = Literal["dsp", "mla", "thumb1"]
"""Which fast kernels a core can run: with DSP instructions, Thumb-2 without them, Thumb-1."""

_THUMB1_CORES = ("cortex-m0", "cortex-m0plus", "cortex-m1", "cortex-m23")


@dataclass(frozen=True)
class CodegenOptions:
    """Options of ``generate``.

    Args:
        exact_to: Whose arithmetic is reproduced: stock TFLM's or LiteRT's reference kernels'.
        core: Target core as board files name it, such as ``cortex-m4``.
        dsp: Whether the core has the DSP extension.
        kernels: ``specialise`` is faster and smaller for most models; ``share`` is smaller for
            models that repeat one kernel very often.
        candidate: Take this one of the kernels that can compute a layer, or the last; for
            measurements. None takes the one that costs least.

    Raises:
        ConfigError: A value is not one of those allowed.
    """

    exact_to: ExactTo = "tflm"
    core: str = "cortex-m4"
    dsp: bool = True
    kernels: KernelSharing = "specialise"
    candidate: int | None = None

    def __post_init__(self) -> None:
        for name, allowed in (("exact_to", ExactTo), ("kernels", KernelSharing)):
            value = getattr(self, name)
            if value not in get_args(allowed):
                names = ", ".join(get_args(allowed))
                raise ConfigError(f"{name} is {value!r}, must be one of {names}")

    @property
    def family(self) -> CoreFamily:
        """Which fast kernels the core can run."""
        if self.dsp:
            return "dsp"
        return "thumb1" if self.core in _THUMB1_CORES else "mla"

    @classmethod
    def for_board(cls, board: Board, *, exact_to: ExactTo = "tflm") -> CodegenOptions:
        """The options for a board's core."""
        return cls(exact_to=exact_to, core=board.cpu.core, dsp=board.cpu.dsp)
