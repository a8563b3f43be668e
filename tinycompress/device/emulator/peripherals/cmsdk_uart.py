"""The UART of Arm's Cortex-M System Design Kit (DDI 0479C, 4.3), as on the MPS2 boards."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine

_TX_ENABLE = 1
_RX_ENABLE = 2
_RX_FULL = 2
_SMALLEST_DIVIDER = 16


class CmsdkUart(Peripheral):
    """One UART; a byte is sent as soon as it is written.

    Args:
        name: Its name.
        base: Its address.
        line: Its wires.
        clock_hz: The bus clock, from which the baud rate is divided.
    """

    waits_for_host = True

    def __init__(self, name: str, base: int, line: UartLine, clock_hz: int) -> None:
        super().__init__(name, base, 0x1000)
        self._line = line
        self._clock_hz = clock_hz
        self.define(0x00, "DATA", on_read=self._read_byte, on_write=self._write_byte)
        self.define(0x04, "STATE", on_read=self._state, on_write=lambda _: 0)
        self._control = self.define(0x08, "CTRL")
        self.define(0x0C, "INTSTATUS", on_write=lambda _: 0)
        self._divider = self.define(0x10, "BAUDDIV")

    @property
    def _baud(self) -> float:
        divider = self._divider.value
        return self._clock_hz / divider if divider >= _SMALLEST_DIVIDER else 0.0

    def _state(self) -> int:
        receives = bool(self._control.value & _RX_ENABLE)
        return _RX_FULL if receives and self._line.port.poll() else 0

    def _read_byte(self) -> int:
        if not self._control.value & _RX_ENABLE:
            return 0
        return self._line.receive(self.name, self._baud)

    def _write_byte(self, word: int) -> int:
        if self._control.value & _TX_ENABLE:
            self._line.transmit(self.name, word & 0xFF, self._baud)
        return 0
