"""Which instruction of a block is accessing a peripheral."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.counting import Ledger
from tinycompress.device.emulator.decode import Instruction

_WORD = 0xFFFF_FFFF


class AccessLocator:
    """Finds the program counter of an access from the registers.

    The emulator knows the block and the registers at that moment, but not the instruction. It is
    the one whose base register and offset make the address; of several such, the next one after
    that of the access before.

    Args:
        ledger: Knows the block.
        register: Reads a register by name.
    """

    def __init__(self, ledger: Ledger, register: Callable[[str], int]) -> None:
        self._ledger = ledger
        self._register = register
        self._address = 0
        self._is_store = False
        self._found: int | None = None
        self._is_searched = True
        self._entry: tuple[int, int] = (-1, 0)
        self._last_found = -1

    def begin(self, address: int, *, is_store: bool) -> None:
        """Note that ``address`` is being accessed now."""
        self._address, self._is_store = address, is_store
        self._is_searched = False

    def pc(self) -> int | None:
        """Address of the accessing instruction, None if there is none or none fits."""
        if not self._is_searched:
            self._found, self._is_searched = self._search(), True
        return self._found

    def _search(self) -> int | None:
        counter = self._ledger.counter
        entry = (counter.last, counter.entries(counter.last) if counter.last >= 0 else 0)
        if entry != self._entry:
            self._entry, self._last_found = entry, -1
        fitting = [i for i in self._ledger.last_block() if self._fits(i)]
        exact = [i for i in fitting if i.offset is not None] or fitting
        later = [i for i in exact if i.address > self._last_found]
        if not later:
            return None
        self._last_found = later[0].address
        return self._last_found

    def _fits(self, instruction: Instruction) -> bool:
        wanted = instruction.is_store if self._is_store else instruction.is_load
        if not wanted or instruction.base is None or instruction.base in {"pc", "sp"}:
            return False
        if instruction.offset is None:
            return True
        first = self._register(instruction.base) + instruction.offset & _WORD
        return first <= self._address < first + 4 * max(instruction.registers, 1)
