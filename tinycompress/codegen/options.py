"""What a caller chooses about the generated code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from tinycompress.artifacts import ExactTo, Optimize, Weights
from tinycompress.errors import ConfigError

if TYPE_CHECKING:
    from tinycompress.boards import Board

CoreFamily = Literal["mve", "dsp", "mla", "thumb1"]
"""Which fast kernels a core can run: with MVE, which has the DSP instructions as well, with these
alone, Thumb-2 without either, Thumb-1."""

_CHANNEL_MULTIPLES: Mapping[CoreFamily, int] = MappingProxyType(
    {"mve": 16, "dsp": 4, "mla": 4, "thumb1": 8}
)
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
        name: Of the model in C: files and symbols are called ``tcm_NAME``.
        simplify: Whether channels that never change, or that nothing reads, are left out; outputs
            are the same either way.
        weights: ``auto`` encodes weights in flash where `optimize` gains by it: ``speed`` where
            that costs no cycles, ``flash`` where it saves bytes for few cycles. ``plain`` leaves
            them as they are.
        flash_allowance_bytes: Take the candidates that cost least of those whose constants,
            parameters and kernels are estimated to take so much, the smallest if none does.
            `optimize` then says whether layers share kernels.
        more_cycles: The same for the smallest candidates that are predicted to take so many cycles
            more than the fastest ones; below 0 fewer, by kernels that expand weights.

    Raises:
        ConfigError: A value is not one of those allowed.
    """

    exact_to: ExactTo = "tflm"
    core: str = "cortex-m4"
    dsp: bool = True
    mve: bool = False
    optimize: Optimize = "speed"
    ram_budget_bytes: int | None = None
    name: str = "model"
    simplify: bool = True
    weights: Weights = "auto"
    flash_allowance_bytes: int | None = None
    more_cycles: float | None = None

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
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise ConfigError(f"name is {self.name!r}, must be a C identifier")

    @property
    def has_allowance(self) -> bool:
        """Whether candidates are taken for a budget of flash or cycles."""
        return self.flash_allowance_bytes is not None or self.more_cycles is not None

    @property
    def family(self) -> CoreFamily:
        """Which fast kernels the core can run."""
        if self.dsp:
            return "mve" if self.mve else "dsp"
        return "thumb1" if self.core in _THUMB1_CORES else "mla"

    @property
    def channel_multiple(self) -> int:
        """Of which number the channels of a layer should be a multiple.

        A group of that many is what the family's kernels compute at once, or what rows of weights
        are filled up to. Other numbers cost a group that is not full, in flash and in time.
        """
        return _CHANNEL_MULTIPLES[self.family]

    @classmethod
    def for_board(
        cls,
        board: Board,
        *,
        exact_to: ExactTo = "tflm",
        optimize: Optimize = "speed",
        ram_budget_bytes: int | None = None,
        name: str = "model",
        weights: Weights = "auto",
        simplify: bool = True,
    ) -> CodegenOptions:
        """The options for a board's core."""
        return cls(
            exact_to=exact_to,
            core=board.cpu.core,
            dsp=board.cpu.dsp,
            mve=board.cpu.mve,
            optimize=optimize,
            ram_budget_bytes=ram_budget_bytes,
            name=name,
            weights=weights,
            simplify=simplify,
        )
