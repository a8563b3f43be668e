"""RCC, PWR, flash interface, instruction cache of the STM32U575 (RM0456 11.8, 10.10, 7.9, 8.7)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral

_MSI_HZ = 4_000_000
_HSI_HZ = 16_000_000
_HSE_HZ = 16_000_000
# CR: enable bit and the ready bit that follows it (MSIS, MSIK, HSI, HSI48, HSE, PLL1, PLL2, PLL3).
_READY = {0: 2, 4: 5, 8: 10, 12: 13, 16: 17, 24: 25, 26: 27, 28: 29}
_SWITCH_NEEDS = (0, 8, 16, 24)
_AHB_DIVIDERS = (2, 4, 8, 16, 64, 128, 256, 512)


class Stm32u5Rcc(Peripheral):
    """Oscillators and PLL1 that are ready as soon as they are on."""

    def __init__(self) -> None:
        super().__init__("RCC", 0x4602_0C00, 0x400)
        self._control = self.define(0x00, "CR", 0x35, on_read=self._read_control)
        self._config1 = self.define(0x1C, "CFGR1", on_read=self._read_config)
        self._config2 = self.define(0x20, "CFGR2", 0x6000)
        self.define(0x24, "CFGR3")
        self._pll = self.define(0x28, "PLL1CFGR")
        self._divider = self.define(0x34, "PLL1DIVR", 0x0101_0280)
        self._enables = {
            offset: self.define(offset, name, value)
            for offset, name, value in (
                (0x88, "AHB1ENR", 0xD020_0100), (0x8C, "AHB2ENR1", 0xC000_0000),
                (0x90, "AHB2ENR2", 0), (0x94, "AHB3ENR", 0x8000_0000), (0x9C, "APB1ENR1", 0),
                (0xA0, "APB1ENR2", 0), (0xA4, "APB2ENR", 0), (0xA8, "APB3ENR", 0),
            )
        }  # fmt: skip
        self.define(0xE0, "CCIPR1")

    def is_enabled(self, offset: int, bit: int) -> bool:
        """Whether a clock enable register has ``bit`` set."""
        return bool(self._enables[offset].value >> bit & 1)

    def core_hz(self) -> int:
        """The clock of core and AHB."""
        field = self._config2.value
        return self._system_hz() // (_AHB_DIVIDERS[field & 7] if field & 8 else 1)

    def apb1_hz(self) -> int:
        """The clock of APB1, on which USART2 and USART3 are."""
        return self.core_hz() // _apb_divider(self._config2.value >> 4)

    def apb2_hz(self) -> int:
        """The clock of APB2, on which USART1 is."""
        return self.core_hz() // _apb_divider(self._config2.value >> 8)

    def _system_hz(self) -> int:
        switch = self._switch()
        if switch != 3:
            return (_MSI_HZ, _HSI_HZ, _HSE_HZ)[switch]
        pll, divider = self._pll.value, self._divider.value
        reference = (0, _MSI_HZ, _HSI_HZ, _HSE_HZ)[pll & 3]
        if not pll >> 18 & 1:
            return 0
        vco = reference // ((pll >> 8 & 15) + 1) * ((divider & 0x1FF) + 1)
        return vco // ((divider >> 24 & 0x7F) + 1)

    def _switch(self) -> int:
        wanted = self._config1.value & 3
        return wanted if self._control.value >> _SWITCH_NEEDS[wanted] & 1 else 0

    def _read_control(self) -> int:
        control = self._control.value & ~sum(1 << ready for ready in _READY.values())
        return control | sum(1 << ready for on, ready in _READY.items() if control >> on & 1)

    def _read_config(self) -> int:
        return self._config1.value & ~0xC | self._switch() << 2


class Stm32u5Pwr(Peripheral):
    """Voltage scaling and booster that are ready as soon as they are on."""

    def __init__(self) -> None:
        super().__init__("PWR", 0x4602_0800, 0x400)
        scaling = self.define(0x0C, "VOSR")

        def read() -> int:
            # BOOSTRDY (14) follows BOOSTEN (18); VOSRDY (15).
            return scaling.value & ~0xC000 | 1 << 15 | (scaling.value >> 18 & 1) << 14

        scaling.on_read = read


class Stm32u5Flash(Peripheral):
    """The access control register; flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("FLASH", 0x4002_2000, 0x400)
        self.define(0x00, "ACR", 0x0000_0001)


class Stm32u5Icache(Peripheral):
    """The instruction cache; never busy."""

    def __init__(self) -> None:
        super().__init__("ICACHE", 0x4003_0400, 0x400)
        self.define(0x00, "CR", 0x0000_0004)
        self.define_read_only(0x04, "SR", 0)


def _apb_divider(field: int) -> int:
    return 2 << (field & 3) if field & 4 else 1
