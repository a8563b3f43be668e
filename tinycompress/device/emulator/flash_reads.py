"""How often straight-line code can read flash, at most: a bound for what its wait states cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinycompress.device.emulator.decode import Instruction

_AHEAD_BYTES = 12
"""Code that a core may have read beyond a branch: the prefetch buffer of the Cortex-M4 has three
words (DDI 0439D, 2.3.1); the other cores' are taken to be no larger."""
_TABLE_BRANCHES = frozenset({"tbb", "tbh"})


@dataclass(frozen=True)
class FlashReads:
    """Reads of flash by a block of code when no cache ever helps.

    A line that was read serves the code in it until the code leaves it. Nothing else is reused:
    not between two entries of a block, and not between two loads. Every load counts once for each
    word, as if all of them read constants, except those relative to the stack pointer.

    Args:
        line_bytes: What one read of flash brings.
        is_flash: Whether flash is at an address.
    """

    line_bytes: int
    is_flash: Callable[[int], bool]

    def most(self, block: tuple[Instruction, ...]) -> int:
        """The reads of one entry of ``block``."""
        return self._lines(block) + sum(_words_from_flash(each) for each in block)

    def _lines(self, block: tuple[Instruction, ...]) -> int:
        first, last = block[0].address, block[-1].end + _AHEAD_BYTES - 1
        if not self.is_flash(first):
            return 0
        return last // self.line_bytes - first // self.line_bytes + 1


def _words_from_flash(instruction: Instruction) -> int:
    if instruction.name in _TABLE_BRANCHES:
        return 1
    if not instruction.is_load or instruction.base == "sp":
        return 0
    return instruction.registers
