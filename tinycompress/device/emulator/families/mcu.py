"""What a family of microcontrollers is made from, and what it is to the emulated machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tinycompress.boards.schema import Board
from tinycompress.device.emulator.boot_roms import BootRom
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.memory_map import Range
from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.line import UartLine
from tinycompress.device.emulator.peripherals.memory import Memory
from tinycompress.device.emulator.usb_host import UsbHost

Check = Callable[[], str | None]
"""What is wrong with a set-up, None if nothing is."""


@dataclass(frozen=True)
class Surroundings:
    """What a family gets to build its peripherals from.

    ``cycles`` returns the core cycles since reset; ``memory`` is what DMA reaches.
    """

    board: Board
    port: HostPort
    cycles: Callable[[], int]
    memory: Memory

    @property
    def instance(self) -> int:
        """Number of the board's UART; 0 where its name has none."""
        found = re.search(r"[0-9]+$", self.board.serial.uart.instance)
        return int(found.group()) if found else 0

    def line(self, *checks: Check) -> UartLine:
        """The wires of the board's UART, used only while nothing is wrong."""

        def check() -> str | None:
            return next((wrong for wrong in (one() for one in checks) if wrong is not None), None)

        return UartLine(self.port, self.board.serial.baud, check)


@dataclass(frozen=True)
class Microcontroller:
    """The peripherals of one emulated microcontroller.

    ``core_hz`` returns the clock that the firmware has set up, where the family models clocks.
    ``boot_rom`` is set where the program does not simply start at the vector table of the code
    region. ``runs_code_in_ram`` is set where code is copied there. ``usb`` is the host at the other
    end of the board's own USB cable, where the firmware talks over that.
    """

    peripherals: tuple[Peripheral, ...]
    core_hz: Callable[[], int] | None = None
    extra_memory: tuple[Range, ...] = ()
    aliases: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    boot_rom: BootRom | None = None
    runs_code_in_ram: bool = False
    usb: UsbHost | None = None
