"""Clocks, flash interface, cache and pins of the SAMD51 (DS60001507, chapters GCLK, MCLK, OSCCTRL,
NVMCTRL, CMCC and PORT)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral, Register

_DFLL_HZ = 48_000_000
_ULP_HZ = 32_768
_ENABLED, _CHANNEL_ENABLED = 1 << 8, 1 << 6
_ULP, _DFLL, _DPLL0 = 4, 6, 7
_DFLL_READY = 1 << 8
_DPLL_ENABLE = 1 << 1
_DPLL_CHANNEL = 1
_REFERENCE_HZ = (32_000, 3_200_000)
_GENERATORS, _CHANNELS = 12, 48


class SamGclk(Peripheral):
    """Generators of clocks and the channels that bring them to peripherals.

    The PLL, which takes from one channel and gives to generators, is here too.
    """

    def __init__(self) -> None:
        super().__init__("GCLK", 0x4000_1C00, 0x400)
        self.dpll = SamOscctrl(self)
        self.define(0x00, "CTRLA")
        self.define_read_only(0x04, "SYNCBUSY", 0)
        self._generators = [
            self.define(0x20 + 4 * n, f"GENCTRL{n}", _DFLL | _ENABLED if n == 0 else 0)
            for n in range(_GENERATORS)
        ]
        self._channels: list[Register] = []
        for n in range(_CHANNELS):
            channel = self.define(0x80 + 4 * n, f"PCHCTRL{n}")
            channel.on_write = _keeps_generator(channel)
            self._channels.append(channel)

    def generator_hz(self, number: int) -> int:
        """The clock that a generator makes; 0 while it is off."""
        control = self._generators[number].value
        if not control & _ENABLED:
            return 0
        source = {_DFLL: _DFLL_HZ, _ULP: _ULP_HZ}.get(control & 15, 0)
        if control & 15 == _DPLL0:
            source = self.dpll.output_hz()
        return source // max(control >> 16, 1)

    def channel_hz(self, number: int) -> int:
        """The clock that a peripheral gets; 0 while its channel is off."""
        control = self._channels[number].value
        return self.generator_hz(control & 15) if control & _CHANNEL_ENABLED else 0

    def core_hz(self) -> int:
        """The core's clock."""
        return self.generator_hz(0)

    def uses_dpll(self) -> bool:
        """Whether the core runs from the PLL."""
        return self._generators[0].value & 15 == _DPLL0


class SamOscctrl(Peripheral):
    """The 48 MHz oscillator, which always runs, and the first PLL, which locks at once."""

    def __init__(self, gclk: SamGclk) -> None:
        super().__init__("OSCCTRL", 0x4000_1000, 0x400)
        self._gclk = gclk
        self.define_read_only(0x10, "STATUS", _DFLL_READY)
        self._control = self.define(0x30, "DPLL0CTRLA", 0x80, on_write=self._write_control)
        self._ratio = self.define(0x34, "DPLL0RATIO")
        self._reference = self.define(0x38, "DPLL0CTRLB", 0x20)
        self.define_read_only(0x3C, "DPLL0SYNCBUSY", 0)
        self.define(0x40, "DPLL0STATUS", on_read=lambda: 3 if self.output_hz() else 0)

    def output_hz(self) -> int:
        """The PLL's frequency; 0 while it is off or has no reference."""
        reference = self._gclk.channel_hz(_DPLL_CHANNEL)
        if not self._control.value & _DPLL_ENABLE or self._reference.value >> 5 & 7:
            return 0
        least, most = _REFERENCE_HZ
        if not least <= reference <= most:
            return 0
        return reference * ((self._ratio.value & 0x1FFF) + 1)

    def _write_control(self, word: int) -> int:
        if not word & _DPLL_ENABLE and self._gclk.uses_dpll():
            raise BusFault("the PLL is switched off while the core runs from it")
        return word


class SamMclk(Peripheral):
    """Bus clocks of peripherals."""

    def __init__(self) -> None:
        super().__init__("MCLK", 0x4000_0800, 0x400)
        self.define(0x14, "APBAMASK", 0x7FF)
        self.define(0x18, "APBBMASK", 0x0001_8056)
        self.define(0x1C, "APBCMASK", 0x2000)
        self._apb_d = self.define(0x20, "APBDMASK")

    def has_apb_d(self, bit: int) -> bool:
        """Whether a peripheral of the fourth bus has its clock."""
        return bool(self._apb_d.value >> bit & 1)


class SamNvmctrl(Peripheral):
    """Wait states of flash; flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("NVMCTRL", 0x4100_4000, 0x400)
        self._control = self.define(0x00, "CTRLA", 0x0004)

    def latency(self) -> int:
        """Wait states that a program has chosen."""
        return self._control.value >> 8 & 15


class SamCmcc(Peripheral):
    """The cache of code and constants; it is on at once."""

    def __init__(self) -> None:
        super().__init__("CMCC", 0x4100_6000, 0x400)
        control = self.define(0x08, "CTRL")
        self.define(0x0C, "SR", on_read=lambda: control.value & 1)


class SamPort(Peripheral):
    """Pins of ports A and B; inputs read as pulled up."""

    def __init__(self) -> None:
        super().__init__("PORT", 0x4100_8000, 0x400)
        self._functions: dict[tuple[int, int], Register] = {}
        self._configurations: dict[tuple[int, int], Register] = {}
        for port, letter in enumerate("AB"):
            base = 0x80 * port
            direction = self.define(base, f"DIR{letter}")
            self.define_set_clear(direction, set_at=base + 0x08, clear_at=base + 0x04)
            out = self.define(base + 0x10, f"OUT{letter}")
            self.define_set_clear(out, set_at=base + 0x18, clear_at=base + 0x14)
            self.define_read_only(base + 0x20, f"IN{letter}", 0xFFFF_FFFF)
            for word in range(4):
                at = base + 0x30 + 4 * word
                self._functions[port, word] = self.define(at, f"PMUX{letter}{4 * word}")
            for word in range(8):
                at = base + 0x40 + 4 * word
                self._configurations[port, word] = self.define(at, f"PINCFG{letter}{4 * word}")

    def function(self, port: int, pin: int) -> int | None:
        """A pin's function (A is 0), None if it is a plain one."""
        configuration = self._configurations[port, pin // 4].value >> 8 * (pin % 4)
        if not configuration & 1:
            return None
        return self._functions[port, pin // 8].value >> 4 * (pin % 8) & 15


def _keeps_generator(channel: Register) -> Callable[[int], int]:
    def write(word: int) -> int:
        if channel.value & word & _CHANNEL_ENABLED and (channel.value ^ word) & 15:
            raise BusFault(f"{channel.name} gets another generator while it is on")
        return word

    return write
