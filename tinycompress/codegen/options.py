"""What a caller chooses about the generated code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from tinycompress.artifacts import ExactTo
from tinycompress.errors import ConfigError

if TYPE_CHECKING:
    from tinycompress.boards import Board

Optimize = Literal["speed", "ram", "flash"]
"""What the rest pays for: see `CodegenOptions`."""

Weights = Literal["auto", "plain"]
"""Whether weights may be encoded in flash."""

CoreFamily = Literal["mve", "dsp", "mla", "thumb1"]
"""Which fast kernels a core can run: with MVE, which has the DSP instructions as well, with these
alone, Thumb-2 without either, Thumb-1."""

_THUMB1_CORES = ("cortex-m0", "cortex-m0plus", "cortex-m1", "cortex-m23")


@dataclass(frozen=True)
class CodegenOptions:
    """Options of ``generate``.

    Args:
        exact_to: Whose arithmetic is reproduced: stock TFLM's or LiteRT's reference kernels'.
        core: Target core as board files name it, such as ``cortex-m4``.
        dsp: Whether the core has the DSP extension.
        mve: Whether it has MVE, too.
        optimize: ``speed`` takes the fastest kernels, short of a layer that would need much more
            memory than all others for a little speed, and patches that save much for hardly any.
            ``ram`` takes whatever kernels make the arena smallest, and more patches. ``flash`` lets
            layers share kernels that would be compiled for each.
        ram_budget_bytes: Bytes that the arena may take. Where the chosen kernels take more, layers
            are computed in patches, as few as needed, then by the kernels of ``ram``.
        weights: ``auto`` encodes weights in flash where `optimize` gains by it: ``speed`` where
            that costs no cycles, ``flash`` where it saves bytes for few cycles. ``plain`` leaves
            them as they are.

    Raises:
        ConfigError: A value is not one of those allowed.
    """

    exact_to: ExactTo = "tflm"
    core: str = "cortex-m4"
    dsp: bool = True
    mve: bool = False
    optimize: Optimize = "speed"
    ram_budget_bytes: int | None = None
    weights: Weights = "auto"

    def __post_init__(self) -> None:
        for name, allowed in (
            ("exact_to", ExactTo),
            ("optimize", Optimize),
            ("weights", Weights),
        ):
            value = getattr(self, name)
            if value not in get_args(allowed):
                names = ", ".join(get_args(allowed))
                raise ConfigError(f"{name} is {value!r}, must be one of {names}")

        if self.ram_budget_bytes is not None and self.ram_budget_bytes < 1:
            raise ConfigError(f"ram_budget_bytes is {self.ram_budget_bytes}, must be at least 1")

    @property
    def family(self) -> CoreFamily:
        """Which fast kernels the core can run."""
        if self.dsp:
            return "mve" if self.mve else "dsp"
        return "thumb1" if self.core in _THUMB1_CORES else "mla"

    @classmethod
    def for_board(
        cls,
        board: Board,
        *,
        exact_to: ExactTo = "tflm",
        optimize: Optimize = "speed",
        ram_budget_bytes: int | None = None,
        weights: Weights = "auto",
    ) -> CodegenOptions:
        """The options for a board's core."""
        return cls(
            exact_to=exact_to,
            core=board.cpu.core,
            dsp=board.cpu.dsp,
            mve=board.cpu.mve,
            optimize=optimize,
            ram_budget_bytes=ram_budget_bytes,
            weights=weights,
        )
