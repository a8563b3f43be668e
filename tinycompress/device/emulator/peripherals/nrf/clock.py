"""CLOCK and POWER of the nRF52 (nRF52840 Product Specification v1.1, 5.3 and 5.4)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral


class NrfClock(Peripheral):
    """Oscillators that start at once: an event follows its task."""

    def __init__(self) -> None:
        super().__init__("CLOCK", 0x4000_0000, 0x1000)
        self._crystal_runs = False
        started = self.define(0x100, "EVENTS_HFCLKSTARTED")
        self.define(0x104, "EVENTS_LFCLKSTARTED")

        def start(word: int) -> int:
            if word & 1:
                self._crystal_runs = True
                started.value = 1
            return 0

        def stop(word: int) -> int:
            if word & 1:
                self._crystal_runs = False
            return 0

        self.define(0x000, "TASKS_HFCLKSTART", on_write=start)
        self.define(0x004, "TASKS_HFCLKSTOP", on_write=stop)
        self.define(0x408, "HFCLKRUN", on_read=lambda: int(self._crystal_runs))
        # STATE (bit 16) and SRC (bit 0: crystal).
        self.define(0x40C, "HFCLKSTAT", on_read=lambda: 1 << 16 | int(self._crystal_runs))
