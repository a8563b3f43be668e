"""A SERCOM of the SAMD51 as UART (DS60001507, chapter SERCOM USART)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine

_SWRST, _ENABLE = 1 << 0, 1 << 1
_MODE, _INTERNAL_CLOCK = 7 << 2, 1 << 2
_SAMPLES = 7 << 13
_TX_PAD_0, _RX_PAD_1 = 0 << 16, 1 << 20
_PADS = 3 << 16 | 3 << 20
_LEAST_FIRST = 1 << 30
_TXEN, _RXEN = 1 << 16, 1 << 17
_DRE, _TXC, _RXC = 1, 2, 4
_MAX_HZ = 100_000_000


class SamUart(Peripheral):
    """One SERCOM; a byte is sent as soon as it is written.

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
        self._control = self.define(0x00, "CTRLA", on_write=self._write_control)
        self._transfer = self.define(0x04, "CTRLB")
        self._divider = self.define(0x0C, "BAUD")
        self.define(0x18, "INTFLAG", on_read=self._flags, on_write=lambda _: 0)
        self.define_read_only(0x1C, "SYNCBUSY", 0)
        self.define(0x28, "DATA", on_read=self._read_byte, on_write=self._write_byte)

    def check(self) -> str | None:
        """Whether mode, pads and clock are those of a UART on pads 0 and 1."""
        control = self._control.value
        if control & _MODE != _INTERNAL_CLOCK or control & _SAMPLES:
            return f"CTRLA 0x{control:08x}, which is not an asynchronous UART of 16 samples"
        if control & _PADS != _TX_PAD_0 | _RX_PAD_1 or not control & _LEAST_FIRST:
            return f"CTRLA 0x{control:08x}, which has other pads or the highest bit first"
        if self._clock_hz() > _MAX_HZ:
            return f"a clock of {self._clock_hz()} Hz, more than it can take"
        return None

    def _write_control(self, word: int) -> int:
        if word & _SWRST:
            self._transfer.value = self._divider.value = 0
            return 0
        if self._control.value & word & _ENABLE and self._control.value != word:
            raise BusFault(f"{self.name}_CTRLA is changed while it is enabled")
        return word

    def _has(self, bit: int) -> bool:
        return bool(self._control.value & _ENABLE and self._transfer.value & bit)

    @property
    def _baud(self) -> float:
        return self._clock_hz() / 16 * (1 - (self._divider.value & 0xFFFF) / 65536)

    def _flags(self) -> int:
        ready = _DRE | _TXC if self._has(_TXEN) else 0
        return ready | (_RXC if self._has(_RXEN) and self._line.port.poll() else 0)

    def _read_byte(self) -> int:
        return self._line.receive(self.name, self._baud) if self._has(_RXEN) else 0

    def _write_byte(self, word: int) -> int:
        if self._has(_TXEN):
            self._line.transmit(self.name, word & 0xFF, self._baud)
        return 0
