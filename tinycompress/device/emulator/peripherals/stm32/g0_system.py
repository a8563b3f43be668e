"""RCC, flash interface and TIM2 of the STM32G0B1 (RM0444 5.4, 3.7, 22.4)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral

_HSI_HZ = 16_000_000
_HSE_HZ = 8_000_000
# CR: enable bit and the ready bit that follows it (HSI16, HSE, PLL).
_READY = {8: 10, 16: 17, 24: 25}
_HSI, _HSE, _PLL = 0, 1, 2
_SWITCH_NEEDS = (8, 16, 24)
_AHB_DIVIDERS = (2, 4, 8, 16, 64, 128, 256, 512)
_DEBUG_ENABLE = 1 << 18
_WORD = 0xFFFF_FFFF


class Stm32g0Rcc(Peripheral):
    """Oscillators and PLL that are ready as soon as they are on."""

    def __init__(self) -> None:
        super().__init__("RCC", 0x4002_1000, 0x400)
        self._control = self.define(0x00, "CR", 0x100, on_read=self._read_control)
        self._config = self.define(0x08, "CFGR", on_read=self._read_config)
        self._pll = self.define(0x0C, "PLLCFGR", 0x0000_1000)
        self._enables = {
            offset: self.define(offset, name, value)
            for offset, name, value in (
                (0x34, "IOPENR", 0), (0x38, "AHBENR", 0x100), (0x3C, "APBENR1", 0),
                (0x40, "APBENR2", 0),
            )
        }  # fmt: skip
        self.define(0x54, "CCIPR")

    def is_enabled(self, offset: int, bit: int) -> bool:
        """Whether a clock enable register has ``bit`` set."""
        return bool(self._enables[offset].value >> bit & 1)

    def core_hz(self) -> int:
        """The clock of core and AHB."""
        field = self._config.value >> 8
        return self._system_hz() // (_AHB_DIVIDERS[field & 7] if field & 8 else 1)

    def apb_hz(self) -> int:
        """The clock of the one APB; its timers run at the core's clock while it is not divided."""
        field = self._config.value >> 12
        return self.core_hz() // (2 << (field & 3) if field & 4 else 1)

    def _system_hz(self) -> int:
        switch = self._switch()
        if switch != _PLL:
            return (_HSI_HZ, _HSE_HZ)[switch]
        pll = self._pll.value
        reference = (0, 0, _HSI_HZ, _HSE_HZ)[pll & 3]
        if not pll >> 28 & 1:
            return 0
        vco = reference // ((pll >> 4 & 7) + 1) * (pll >> 8 & 0x7F)
        return vco // ((pll >> 29 & 7) + 1)

    def _switch(self) -> int:
        wanted = min(self._config.value & 7, _PLL)
        return wanted if self._control.value >> _SWITCH_NEEDS[wanted] & 1 else _HSI

    def _read_control(self) -> int:
        control = self._control.value & ~sum(1 << ready for ready in _READY.values())
        return control | sum(1 << ready for on, ready in _READY.items() if control >> on & 1)

    def _read_config(self) -> int:
        return self._config.value & ~0x38 | self._switch() << 3


class Stm32g0Flash(Peripheral):
    """The access control register; flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("FLASH", 0x4002_2000, 0x400)
        self._access = self.define(0x00, "ACR", 0x0004_0600, on_write=_keep_debugger)

    def latency(self) -> int:
        """Wait states of a read."""
        return self._access.value & 7


class Stm32Tim2(Peripheral):
    """The 32-bit timer, counting up at the core's clock.

    Args:
        cycles: Core cycles since reset.
    """

    def __init__(self, cycles: Callable[[], int]) -> None:
        super().__init__("TIM2", 0x4000_0000, 0x400)
        self._cycles = cycles
        self._value = 0
        self._since: int | None = None
        self.define(0x00, "CR1", on_write=self._write_control)
        self.define(0x24, "CNT", on_read=self._count, on_write=self._write_count)
        self.define(0x28, "PSC", on_write=_only(0, "PSC"))
        self.define(0x2C, "ARR", _WORD, on_write=_only(_WORD, "ARR"))

    def _count(self) -> int:
        running = 0 if self._since is None else self._cycles() - self._since
        return self._value + running & _WORD

    def _write_count(self, word: int) -> int:
        self._value = word
        if self._since is not None:
            self._since = self._cycles()
        return 0

    def _write_control(self, word: int) -> int:
        self._value = self._count()
        self._since = self._cycles() if word & 1 else None
        return word


def _keep_debugger(word: int) -> int:
    if not word & _DEBUG_ENABLE:
        raise BusFault("FLASH_ACR is written with DBG_SWEN clear, which locks debuggers out")
    return word


def _only(value: int, name: str) -> Callable[[int], int]:
    def write(word: int) -> int:
        if word != value:
            raise BusFault(f"TIM2_{name} is set to 0x{word:x}, which is not modelled")
        return word

    return write
