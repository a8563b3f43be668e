"""The serial flash interface of the RP2040 with the flash chip behind it (datasheet 4.10)."""

from __future__ import annotations

from collections import deque

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral

_READ_STATUS_1, _READ_STATUS_2, _WRITE_ENABLE, _WRITE_STATUS = 0x05, 0x35, 0x06, 0x01
_TX_FIFO_EMPTY, _TX_FIFO_NOT_FULL, _RX_NOT_EMPTY = 1 << 2, 1 << 1, 1 << 3


class Rp2040Ssi(Peripheral):
    """Transfers end at once. The flash chip answers the commands that a boot loader needs.

    Args:
        quad_enabled: Whether the chip's quad-enable bit is set already.
    """

    def __init__(self, *, quad_enabled: bool = False) -> None:
        super().__init__("XIP_SSI", 0x1800_0000, 0x1000)
        self._status = [0x00, 0x02 if quad_enabled else 0x00]
        self._received: deque[int] = deque()
        self._command: list[int] = []
        self._write_enabled = False
        self._control = self.define(0x00, "CTRLR0")
        self.define(0x04, "CTRLR1")
        self._enable = self.define(0x08, "SSIENR", on_write=self._write_enable)
        self.define(0x10, "SER", 1)
        self.define(0x14, "BAUDR")
        self.define(0x28, "SR", on_read=self._read_state, on_write=lambda _: 0)
        self.define(0x60, "DR0", on_read=self._read_data, on_write=self._write_data)
        self.define(0xF0, "RX_SAMPLE_DLY")
        self._spi_control = self.define(0xF4, "SPI_CTRLR0", 0x0300_0000)

    @property
    def reads_quad(self) -> bool:
        """Whether reads of flash use four lines, which the chip must have been told to."""
        return self._control.value >> 21 & 3 == 2

    @property
    def quad_enabled(self) -> bool:
        """The chip's quad-enable bit."""
        return bool(self._status[1] & 0x02)

    def _write_enable(self, word: int) -> int:
        if not word & 1:
            self._received.clear()
        self._command.clear()
        return word & 1

    def _read_state(self) -> int:
        # The firmware waits for the end of a transfer by polling: the chip select rises then.
        self._finish()
        return _TX_FIFO_EMPTY | _TX_FIFO_NOT_FULL | (_RX_NOT_EMPTY if self._received else 0)

    def _read_data(self) -> int:
        return self._received.popleft() if self._received else 0

    def _write_data(self, word: int) -> int:
        if self._enable.value & 1 and self.reads_quad and not self.quad_enabled:
            raise BusFault("quad read of a flash chip whose quad-enable bit is not set")
        if self._enable.value & 1 and not self.reads_quad:
            self._command.append(word & 0xFF)
            self._received.append(self._answer())
        return 0

    def _answer(self) -> int:
        """The byte that the chip sends while the last byte of the command comes in."""
        first, position = self._command[0], len(self._command)
        if position > 1 and first in (_READ_STATUS_1, _READ_STATUS_2):
            return self._status[first == _READ_STATUS_2]
        return 0xFF

    def _finish(self) -> None:
        command, self._command = self._command, []
        if not command:
            return
        if command[0] == _WRITE_ENABLE:
            self._write_enabled = True
        elif command[0] == _WRITE_STATUS and self._write_enabled:
            self._status[: len(command) - 1] = [*command[1:3], *self._status[len(command) - 1 :]][
                :2
            ]
            self._write_enabled = False
