"""A UART (PL011) of the RP2040 (datasheet 4.2.8) and RP2350 (datasheet 12.1.8)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.rp.clocks import AtomicPeripheral

_UARTEN, _TXE, _RXE = 1 << 0, 1 << 8, 1 << 9
_RX_EMPTY, _TX_EMPTY = 1 << 4, 1 << 7


class RpUart(AtomicPeripheral):
    """One UART; a byte is sent as soon as it is written.

    Args:
        place: Its name and address.
        line: Its wires.
        clock_hz: Its clock now.
    """

    waits_for_host = True

    def __init__(self, place: tuple[str, int], line: UartLine, clock_hz: Callable[[], int]) -> None:
        super().__init__(*place)
        self._line = line
        self._clock_hz = clock_hz
        self.define(0x00, "DR", on_read=self._read_byte, on_write=self._write_byte)
        self.define(0x04, "RSR")
        self.define(0x18, "FR", on_read=self._flags, on_write=lambda _: 0)
        self._integer = self.define(0x24, "IBRD")
        self._fraction = self.define(0x28, "FBRD")
        self.define(0x2C, "LCR_H")
        self._control = self.define(0x30, "CR", 0x300)
        self.define(0x38, "IMSC")
        self.define(0x44, "ICR", on_write=lambda _: 0)

    def _has(self, bit: int) -> bool:
        wanted = _UARTEN | bit
        return self._control.value & wanted == wanted

    @property
    def _baud(self) -> float:
        divider = self._integer.value + self._fraction.value / 64
        return self._clock_hz() / (16 * divider) if divider >= 1 else 0.0

    def _flags(self) -> int:
        waiting = self._has(_RXE) and self._line.port.poll()
        return _TX_EMPTY | (0 if waiting else _RX_EMPTY)

    def _read_byte(self) -> int:
        return self._line.receive(self.name, self._baud) if self._has(_RXE) else 0

    def _write_byte(self, word: int) -> int:
        if self._has(_TXE):
            self._line.transmit(self.name, word & 0xFF, self._baud)
        return 0
