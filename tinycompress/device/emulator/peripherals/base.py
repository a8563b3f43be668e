"""What all peripheral models share: a named set of 32-bit registers at fixed offsets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tinycompress.device.emulator.faults import BusFault

_WORD = 0xFFFF_FFFF


@dataclass
class Register:
    """A 32-bit register: plain storage unless ``on_read`` or ``on_write`` says otherwise.

    ``on_write`` gets the written word and returns what is stored.
    """

    name: str
    value: int = 0
    on_read: Callable[[], int] | None = None
    on_write: Callable[[int], int] | None = None


class Peripheral:
    """A block of registers on the bus.

    A register that the model does not know is a fault: a wrong answer would be worse.

    Args:
        name: The vendor's name, for messages.
        base: Bus address of the block.
        size: Bytes that the block occupies.
    """

    #: Whether accesses to it are part of waiting for the host.
    waits_for_host = False

    def __init__(self, name: str, base: int, size: int) -> None:
        self.name = name
        self.base = base
        self.size = size
        self._registers: dict[int, Register] = {}

    def define(
        self,
        offset: int,
        name: str,
        value: int = 0,
        *,
        on_read: Callable[[], int] | None = None,
        on_write: Callable[[int], int] | None = None,
    ) -> Register:
        """Add a register and return it."""
        register = Register(name, value, on_read, on_write)
        self._registers[offset] = register
        return register

    def define_read_only(self, offset: int, name: str, value: int) -> None:
        """Add a register that ignores writes."""
        self.define(offset, name, value, on_write=lambda _: value)

    def define_set_clear(self, register: Register, *, set_at: int, clear_at: int) -> None:
        """Add two more addresses of ``register`` that set and clear the bits written as 1."""

        def set_bits(word: int) -> int:
            register.value |= word
            return 0

        def clear_bits(word: int) -> int:
            register.value &= ~word & _WORD
            return 0

        for offset, suffix, write in ((set_at, "SET", set_bits), (clear_at, "CLR", clear_bits)):
            self.define(
                offset, register.name + suffix, on_read=lambda: register.value, on_write=write
            )

    def read(self, offset: int, size_bytes: int) -> int:
        """Read 1, 2 or 4 bytes.

        Raises:
            BusFault: The register is not modelled.
        """
        register = self._find(offset, size_bytes, "read")
        word = register.value if register.on_read is None else register.on_read()
        return word >> 8 * (offset & 3) & (1 << 8 * size_bytes) - 1

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Write 1, 2 or 4 bytes; a narrow write leaves the other bytes of the word as they are.

        Raises:
            BusFault: The register is not modelled.
        """
        register = self._find(offset, size_bytes, "write")
        shift = 8 * (offset & 3)
        mask = (1 << 8 * size_bytes) - 1 << shift
        word = register.value & ~mask & _WORD | value << shift & mask
        register.value = word if register.on_write is None else register.on_write(word) & _WORD

    def _find(self, offset: int, size_bytes: int, what: str) -> Register:
        register = self._registers.get(offset & ~3)
        if register is None or (offset & 3) + size_bytes > 4:
            raise BusFault(
                f"unmodelled peripheral register: {what} of {size_bytes} bytes at "
                f"0x{self.base + offset:08x} ({self.name}, offset 0x{offset:03x})",
                hint="this register is not part of the virtual board: see docs/virtual-boards.md",
            )
        return register
