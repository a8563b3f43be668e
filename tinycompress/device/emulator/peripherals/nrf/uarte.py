"""The UART with DMA of the nRF5340 (nRF5340 Product Specification v1.4, 7.37)."""

from __future__ import annotations

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.memory import Memory

_ENABLED = 8
_DISCONNECTED = 0xFFFF_FFFF
_BAUD_UNIT_HZ = 16_000_000 / 2**32
_RAM = range(0x2000_0000, 0x2008_0000)


class NrfUarte(Peripheral):
    """UARTE0. What is sent leaves at once; a receive buffer fills when the firmware looks.

    Args:
        line: Its wires.
        memory: What DMA reaches.
    """

    waits_for_host = True

    def __init__(self, line: UartLine, memory: Memory) -> None:
        super().__init__("UARTE0", 0x5000_8000, 0x1000)
        self._line = line
        self._memory = memory
        self._received: int | None = None
        self.define(0x000, "TASKS_STARTRX", on_write=self._start_receiver)
        self.define(0x008, "TASKS_STARTTX", on_write=self._transmit)
        self._end_rx = self.define(0x110, "EVENTS_ENDRX", on_read=self._receive)
        self._end_tx = self.define(0x120, "EVENTS_ENDTX")
        interrupts = self.define(0x300, "INTEN")
        self.define_set_clear(interrupts, set_at=0x304, clear_at=0x308)
        self._enable = self.define(0x500, "ENABLE")
        self.define(0x508, "PSEL.RTS", _DISCONNECTED)
        self._pin_tx = self.define(0x50C, "PSEL.TXD", _DISCONNECTED)
        self.define(0x510, "PSEL.CTS", _DISCONNECTED)
        self._pin_rx = self.define(0x514, "PSEL.RXD", _DISCONNECTED)
        self._baudrate = self.define(0x524, "BAUDRATE", 0x0400_0000)
        self._rx_at, self._rx_count = (
            self.define(0x534, "RXD.PTR"),
            self.define(0x538, "RXD.MAXCNT"),
        )
        self._tx_at, self._tx_count = (
            self.define(0x544, "TXD.PTR"),
            self.define(0x548, "TXD.MAXCNT"),
        )
        self.define(0x56C, "CONFIG")

    @property
    def pins(self) -> tuple[int, int]:
        """PSEL.TXD and PSEL.RXD: bit 5 is the port, bits 4..0 are the pin."""
        return self._pin_tx.value, self._pin_rx.value

    @property
    def _is_enabled(self) -> bool:
        return self._enable.value & 0xF == _ENABLED

    @property
    def _baud(self) -> float:
        return self._baudrate.value * _BAUD_UNIT_HZ

    def _start_receiver(self, word: int) -> int:
        if word & 1 and self._is_enabled:
            self._check_buffer(self._rx_at.value, self._rx_count.value)
            self._received = 0
        return 0

    def _receive(self) -> int:
        # The far end sends its next byte when the firmware looks: nothing is ever overrun.
        if self._received is not None and self._line.port.poll():
            byte = self._line.receive(self.name, self._baud)
            self._memory.write(self._rx_at.value + self._received, bytes([byte]))
            self._received += 1
            if self._received == self._rx_count.value:
                self._received, self._end_rx.value = None, 1
        return self._end_rx.value

    def _transmit(self, word: int) -> int:
        if word & 1 and self._is_enabled:
            at, count = self._tx_at.value, self._tx_count.value
            self._check_buffer(at, count)
            for byte in self._memory.read(at, count):
                self._line.transmit(self.name, byte, self._baud)
            self._end_tx.value = 1
        return 0

    def _check_buffer(self, at: int, count: int) -> None:
        if not count or at not in _RAM or at + count - 1 not in _RAM:
            raise BusFault(
                f"{self.name} is given {count} bytes at 0x{at:08x}; its DMA reaches RAM alone"
            )
