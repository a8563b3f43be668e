"""CLOCK, CACHE and FICR of the nRF5340's application core (nRF5340 Product Specification v1.4, 4.9,
6.8 and 6.2), at their secure addresses."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral

_CORE_HZ = 128_000_000
_HFXO = 1
_ENTRIES = 32
_NO_MORE = 0xFFFF_FFFF
# Stand-ins: which settings a chip has, and where they go, is not published.
_TRIMS = {0x5000_4904: 0x0000_0029, 0x5000_4908: 0x0000_0003}


class Nrf53Clock(Peripheral):
    """Oscillators that start at once, and the divider of the core's clock."""

    def __init__(self) -> None:
        super().__init__("CLOCK", 0x5000_5000, 0x1000)
        self._crystal_runs = False
        self._started = self.define(0x100, "EVENTS_HFCLKSTARTED")
        self.define(0x000, "TASKS_HFCLKSTART", on_write=self._start)
        self.define(0x004, "TASKS_HFCLKSTOP", on_write=self._stop)
        self.define(0x408, "HFCLKRUN", on_read=lambda: int(self._crystal_runs))
        self.define(0x40C, "HFCLKSTAT", on_read=lambda: 1 << 16 | int(self._crystal_runs))
        self._source = self.define(0x514, "HFCLKSRC", _HFXO)
        self._divider = self.define(0x558, "HFCLKCTRL", 1)

    def core_hz(self) -> int:
        """The core's clock."""
        return _CORE_HZ >> (self._divider.value & 1)

    def check(self) -> str | None:
        """Whether the UARTE's clock is the crystal's, which baud rates need."""
        return None if self._crystal_runs else "the crystal oscillator off"

    def _start(self, word: int) -> int:
        if word & 1:
            self._crystal_runs = self._source.value == _HFXO
            self._started.value = 1
        return 0

    def _stop(self, word: int) -> int:
        if word & 1:
            self._crystal_runs = False
        return 0


class Nrf53Cache(Peripheral):
    """The cache of code and constants in flash; it can be switched on."""

    def __init__(self) -> None:
        super().__init__("CACHE", 0x5000_1000, 0x1000)
        self.define(0x500, "ENABLE")
        self.define(0x504, "INVALIDATE", on_write=lambda _: 0)
        self.define(0x514, "MODE")


class Nrf53Ficr(Peripheral):
    """Factory information: of it, the trim values that a program has to copy."""

    def __init__(self) -> None:
        super().__init__("FICR", 0x00FF_0000, 0x1000)
        entries = [*_TRIMS.items()] + [(_NO_MORE, _NO_MORE)] * (_ENTRIES - len(_TRIMS))
        for index, (address, data) in enumerate(entries):
            self.define_read_only(0x300 + 8 * index, f"TRIMCNF[{index}].ADDR", address)
            self.define_read_only(0x304 + 8 * index, f"TRIMCNF[{index}].DATA", data)


class Nrf53Trims(Peripheral):
    """The registers that trim values go to."""

    def __init__(self) -> None:
        super().__init__("TRIM", 0x5000_4000, 0x1000)
        self._registers_by_address = {
            address: self.define(address - 0x5000_4000, f"0x{address:08x}") for address in _TRIMS
        }

    def check(self) -> str | None:
        """Whether all values have arrived."""
        for address, register in self._registers_by_address.items():
            if register.value != _TRIMS[address]:
                return "the chip's trim values (FICR.TRIMCNF) not copied"
        return None
