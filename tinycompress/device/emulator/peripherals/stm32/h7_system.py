"""RCC, PWR, flash interface and debug unit of the STM32H743 (RM0433 8.7, 6.8, 4.9, 60.5.8) and the
STM32H747 (RM0399: the same where the Cortex-M7's firmware looks)."""

from __future__ import annotations

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.peripherals.base import Peripheral, Register

_HSI_HZ = 64_000_000
_CSI_HZ = 4_000_000
_HSE_HZ = 8_000_000
# CR: enable bit and the ready bit that follows it (HSI, CSI, HSI48, HSE, PLL1, PLL2, PLL3).
_READY = {0: 2, 7: 8, 12: 13, 16: 17, 24: 25, 26: 27, 28: 29}
_SWITCH_NEEDS = (0, 7, 16, 24)
_DIVIDERS = (2, 4, 8, 16, 64, 128, 256, 512)
_REVISION_V = 0x2003_6450
_PLL1ON = 24
# HSI, HSE and PLL1 are on.
_BOOTED_CR = 1 | 1 << 16 | 1 << 24


class Stm32h7Rcc(Peripheral):
    """Oscillators and PLL1 that are ready as soon as they are on.

    Args:
        pll_runs: A boot loader has started PLL1 from the crystal and runs from it.
    """

    def __init__(self, *, pll_runs: bool) -> None:
        super().__init__("RCC", 0x5802_4400, 0x400)
        control, config = (_BOOTED_CR, 3) if pll_runs else (1, 0)
        self._control = self.define(
            0x00, "CR", control, on_read=self._read_control, on_write=self._write_control
        )
        self._config = self.define(0x10, "CFGR", config, on_read=self._read_config)
        self._d1 = self.define(0x18, "D1CFGR")
        self._d2 = self.define(0x1C, "D2CFGR")
        self.define(0x20, "D3CFGR")
        self._source = self._define_of_pll(0x28, "PLLCKSELR", 0x0202_0200)
        self._pll_config = self._define_of_pll(0x2C, "PLLCFGR", 0x01FF_0000)
        self._divider = self._define_of_pll(0x30, "PLL1DIVR", 0x0101_0280)
        self._enables = {
            offset: self.define(offset, name)
            for offset, name in (
                (0xD4, "AHB3ENR"), (0xD8, "AHB1ENR"), (0xDC, "AHB2ENR"), (0xE0, "AHB4ENR"),
                (0xE4, "APB3ENR"), (0xE8, "APB1LENR"), (0xEC, "APB1HENR"), (0xF0, "APB2ENR"),
                (0xF4, "APB4ENR"),
            )
        }  # fmt: skip

    def _define_of_pll(self, offset: int, name: str, value: int) -> Register:
        def write(word: int) -> int:
            if self._control.value >> _PLL1ON & 1:
                raise BusFault(f"RCC_{name} is written while PLL1 runs, which hardware ignores")
            return word

        return self.define(offset, name, value, on_write=write)

    def _write_control(self, word: int) -> int:
        if not word >> _PLL1ON & 1 and self._switch() == 3:
            raise BusFault("PLL1 is switched off while the core runs from it")
        return word

    def is_enabled(self, offset: int, bit: int) -> bool:
        """Whether a clock enable register has ``bit`` set."""
        return bool(self._enables[offset].value >> bit & 1)

    def core_hz(self) -> int:
        """The clock of the core."""
        return self._system_hz() // _divider(self._d1.value >> 8)

    def apb1_hz(self) -> int:
        """The clock of APB1, on which USART2 and USART3 are."""
        return self._bus_hz() // _apb_divider(self._d2.value >> 4)

    def apb2_hz(self) -> int:
        """The clock of APB2, on which USART1 is."""
        return self._bus_hz() // _apb_divider(self._d2.value >> 8)

    def _bus_hz(self) -> int:
        return self.core_hz() // _divider(self._d1.value)

    def _system_hz(self) -> int:
        switch = self._switch()
        if switch != 3:
            return (_HSI_HZ, _CSI_HZ, _HSE_HZ)[switch]
        reference = (_HSI_HZ, _CSI_HZ, _HSE_HZ, 0)[self._source.value & 3]
        prescaler = self._source.value >> 4 & 0x3F
        if not prescaler or not self._pll_config.value >> 16 & 1:
            return 0
        vco = reference // prescaler * ((self._divider.value & 0x1FF) + 1)
        return vco // ((self._divider.value >> 9 & 0x7F) + 1)

    def _switch(self) -> int:
        wanted = min(self._config.value & 7, 3)
        return wanted if self._control.value >> _SWITCH_NEEDS[wanted] & 1 else 0

    def _read_control(self) -> int:
        control = self._control.value & ~sum(1 << ready for ready in _READY.values())
        return control | sum(1 << ready for on, ready in _READY.items() if control >> on & 1)

    def _read_config(self) -> int:
        return self._config.value & ~0x38 | self._switch() << 3


class Stm32h7Pwr(Peripheral):
    """Supply and voltage scaling that are ready at once.

    Args:
        supply_is_chosen: A boot loader has said which regulator supplies the core, which can be
            said once.
    """

    def __init__(self, *, supply_is_chosen: bool) -> None:
        super().__init__("PWR", 0x5802_4800, 0x400)
        self.define(0x00, "CR1", 0xF000_C000)
        # ACTVOSRDY (13), ACTVOS (15, 14).
        self.define_read_only(0x04, "CSR1", 0x0000_E000)
        self.define(0x0C, "CR3", 0x0000_0006, on_write=_locked if supply_is_chosen else None)
        scaling = self.define(0x18, "D3CR", 0x0000_4000, on_read=lambda: scaling.value | 1 << 13)


class Stm32h7Flash(Peripheral):
    """The access control register; flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("FLASH", 0x5200_2000, 0x1000)
        self.define(0x00, "ACR", 0x0000_0037)


class Stm32h7Debug(Peripheral):
    """DBGMCU: the device is revision V."""

    def __init__(self) -> None:
        super().__init__("DBGMCU", 0x5C00_1000, 0x400)
        self.define_read_only(0x00, "IDC", _REVISION_V)


class Stm32h7Axi(Peripheral):
    """The AXI interconnect's register that revision Y needs."""

    def __init__(self) -> None:
        super().__init__("AXI", 0x5100_8000, 0x1000)
        self.define(0x108, "TARG7_FN_MOD")


def _locked(_word: int) -> int:
    raise BusFault("PWR_CR3 is written again: the boot loader has chosen the supply")


def _divider(field: int) -> int:
    return _DIVIDERS[field & 7] if field & 8 else 1


def _apb_divider(field: int) -> int:
    return 2 << (field & 3) if field & 4 else 1
