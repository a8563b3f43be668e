"""An LPUART of the i.MX RT1060 (IMXRT1060RM, chapter LPUART)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine

_TE, _RE = 1 << 19, 1 << 18
_TDRE, _TC = 1 << 23, 1 << 22
_RESET = 1 << 1


class RtLpuart(Peripheral):
    """One LPUART; a byte is sent as soon as it is written.

    Args:
        name: Its name.
        base: Its address.
        line: Its wires.
        clock_hz: Its clock at the moment.
    """

    waits_for_host = True

    def __init__(self, name: str, base: int, line: UartLine, clock_hz: Callable[[], int]) -> None:
        super().__init__(name, base, 0x400)
        self._line = line
        self._clock_hz = clock_hz
        self._global = self.define(0x08, "GLOBAL")
        self._baud_register = self.define(0x10, "BAUD", 0x0F00_0004)
        self.define(0x14, "STAT", on_read=lambda: _TDRE | _TC, on_write=lambda _: 0)
        self._control = self.define(0x18, "CTRL")
        self.define(0x1C, "DATA", on_read=self._read_byte, on_write=self._write_byte)
        self.define(0x28, "FIFO", 0x00C0_0011)
        self.define(0x2C, "WATER", on_read=self._water)

    def _has(self, bit: int) -> bool:
        return bool(self._control.value & bit) and not self._global.value & _RESET

    @property
    def _baud(self) -> float:
        samples = (self._baud_register.value >> 24 & 0x1F) + 1
        divider = self._baud_register.value & 0x1FFF
        return self._clock_hz() / (samples * divider) if divider and samples >= 4 else 0.0

    def _water(self) -> int:
        return int(self._has(_RE) and self._line.port.poll()) << 24

    def _read_byte(self) -> int:
        return self._line.receive(self.name, self._baud) if self._has(_RE) else 0

    def _write_byte(self, word: int) -> int:
        if self._has(_TE):
            self._line.transmit(self.name, word & 0xFF, self._baud)
        return 0
