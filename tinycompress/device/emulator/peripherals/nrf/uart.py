"""The legacy UART of the nRF52 (nRF52840 Product Specification v1.1, 6.33)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine

_ENABLED = 4
_DISCONNECTED = 0xFFFF_FFFF
_BAUD_UNIT_HZ = 16_000_000 / 2**32


class NrfUart(Peripheral):
    """UART0. A byte is sent as soon as it is written.

    Args:
        line: Its wires.
    """

    waits_for_host = True

    def __init__(self, line: UartLine) -> None:
        super().__init__("UART0", 0x4000_2000, 0x1000)
        self._line = line
        self._receives = False
        self._transmits = False
        self.define(0x000, "TASKS_STARTRX", on_write=self._start_receiver)
        self.define(0x004, "TASKS_STOPRX", on_write=self._stop_receiver)
        self.define(0x008, "TASKS_STARTTX", on_write=self._start_transmitter)
        self.define(0x00C, "TASKS_STOPTX", on_write=self._stop_transmitter)
        self.define(0x108, "EVENTS_RXDRDY", on_read=self._has_byte)
        self._tx_ready = self.define(0x11C, "EVENTS_TXDRDY")
        self.define(0x124, "EVENTS_ERROR")
        self.define(0x144, "EVENTS_RXTO")
        interrupts = self.define(0x300, "INTEN")
        self.define_set_clear(interrupts, set_at=0x304, clear_at=0x308)
        self.define(0x480, "ERRORSRC")
        self._enable = self.define(0x500, "ENABLE")
        self.define(0x508, "PSEL.RTS", _DISCONNECTED)
        self._pin_tx = self.define(0x50C, "PSEL.TXD", _DISCONNECTED)
        self.define(0x510, "PSEL.CTS", _DISCONNECTED)
        self._pin_rx = self.define(0x514, "PSEL.RXD", _DISCONNECTED)
        self.define(0x518, "RXD", on_read=self._read_byte, on_write=lambda _: 0)
        self.define(0x51C, "TXD", on_write=self._write_byte)
        self._baudrate = self.define(0x524, "BAUDRATE", 0x0400_0000)
        self.define(0x56C, "CONFIG")

    @property
    def pins(self) -> tuple[int, int]:
        """PSEL.TXD and PSEL.RXD: bit 5 is the port, bits 4..0 are the pin."""
        return self._pin_tx.value, self._pin_rx.value

    def _start_receiver(self, word: int) -> int:
        self._receives = self._receives or bool(word & 1)
        return 0

    def _stop_receiver(self, word: int) -> int:
        self._receives = self._receives and not word & 1
        return 0

    def _start_transmitter(self, word: int) -> int:
        self._transmits = self._transmits or bool(word & 1)
        return 0

    def _stop_transmitter(self, word: int) -> int:
        self._transmits = self._transmits and not word & 1
        return 0

    @property
    def _is_enabled(self) -> bool:
        return self._enable.value & 0xF == _ENABLED

    @property
    def _baud(self) -> float:
        return self._baudrate.value * _BAUD_UNIT_HZ

    def _has_byte(self) -> int:
        # The far end sends its next byte when the firmware looks: nothing is ever overrun.
        return int(self._is_enabled and self._receives and self._line.port.poll())

    def _read_byte(self) -> int:
        if not (self._is_enabled and self._receives):
            return 0
        return self._line.receive(self.name, self._baud)

    def _write_byte(self, word: int) -> int:
        if self._is_enabled and self._transmits:
            self._line.transmit(self.name, word, self._baud)
            self._tx_ready.value = 1
        return 0
