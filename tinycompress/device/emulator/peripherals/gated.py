"""Peripherals behind a clock gate or a reset."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral


class Gated(Peripheral):
    """Another peripheral, an access to which is a fault until it has a clock.

    Hardware would read zeros and lose writes in silence.

    Args:
        inner: The peripheral.
        is_on: Whether its clock runs now.
        gate: What turns it on, for the message: ``"RCC_AHB1ENR bit 0"``.
    """

    def __init__(self, inner: Peripheral, is_on: Callable[[], bool], gate: str) -> None:
        super().__init__(inner.name, inner.base, inner.size)
        self.waits_for_host = inner.waits_for_host
        self._inner = inner
        self._is_on = is_on
        self._gate = gate

    def read(self, offset: int, size_bytes: int) -> int:
        """Read 1, 2 or 4 bytes."""
        self._require_clock(offset)
        return self._inner.read(offset, size_bytes)

    def write(self, offset: int, size_bytes: int, value: int) -> None:
        """Write 1, 2 or 4 bytes."""
        self._require_clock(offset)
        self._inner.write(offset, size_bytes, value)

    def _require_clock(self, offset: int) -> None:
        if not self._is_on():
            raise BusFault(
                f"access to {self.name} at 0x{self.base + offset:08x} before it is switched on "
                f"({self._gate})"
            )
