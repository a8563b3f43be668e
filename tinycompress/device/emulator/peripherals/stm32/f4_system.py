"""RCC, PWR and flash interface of the STM32F446 (RM0390 6.3, 5.4, 3.8), the STM32F411 (RM0383 6.3,
5.4, 3.8) and the STM32F746 (RM0385 5.3, 4.4, 3.7), which has the same with another name or two."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral

_HSI_HZ = 16_000_000
_HSE_HZ = 8_000_000
_HSION, _HSEON, _PLLON = 1 << 0, 1 << 16, 1 << 24
_READY_OF = (_HSION, _HSEON, _PLLON)
_AHB_DIVIDERS = (2, 4, 8, 16, 64, 128, 256, 512)
_OVER_DRIVE = 3 << 16


class Stm32f4Rcc(Peripheral):
    """Oscillators and PLL that are ready as soon as they are on."""

    def __init__(self) -> None:
        super().__init__("RCC", 0x4002_3800, 0x400)
        self._control = self.define(0x00, "CR", _HSION, on_read=self._read_control)
        self._pll = self.define(0x04, "PLLCFGR", 0x2400_3010)
        self._config = self.define(0x08, "CFGR", on_read=self._read_config)
        self._enables = {
            offset: self.define(offset, name, value)
            for offset, name, value in (
                (0x30, "AHB1ENR", 0x0010_0000), (0x34, "AHB2ENR", 0), (0x38, "AHB3ENR", 0),
                (0x40, "APB1ENR", 0), (0x44, "APB2ENR", 0),
            )
        }  # fmt: skip
        self.define(0x8C, "DCKCFGR")
        self.define(0x94, "DCKCFGR2")

    def is_enabled(self, offset: int, bit: int) -> bool:
        """Whether a clock enable register has ``bit`` set."""
        return bool(self._enables[offset].value >> bit & 1)

    def core_hz(self) -> int:
        """The clock of core and AHB."""
        return self._system_hz() // _ahb_divider(self._config.value >> 4)

    def apb1_hz(self) -> int:
        """The clock of the slow peripheral bus."""
        return self.core_hz() // _apb_divider(self._config.value >> 10)

    def apb2_hz(self) -> int:
        """The clock of the fast peripheral bus."""
        return self.core_hz() // _apb_divider(self._config.value >> 13)

    def _system_hz(self) -> int:
        source = self._switch()
        if source == 0:
            return _HSI_HZ
        if source == 1:
            return _HSE_HZ
        pll = self._pll.value
        reference = _HSE_HZ if pll >> 22 & 1 else _HSI_HZ
        vco = reference // max(pll & 0x3F, 1) * (pll >> 6 & 0x1FF)
        return vco // (2 * (pll >> 16 & 3) + 2)

    def _switch(self) -> int:
        wanted = self._config.value & 3
        needed = _READY_OF[min(wanted, 2)]
        return min(wanted, 2) if self._control.value & needed else 0

    def _read_control(self) -> int:
        control = self._control.value & ~sum(bit << 1 for bit in _READY_OF)
        return control | sum(bit << 1 for bit in _READY_OF if control & bit)

    def _read_config(self) -> int:
        return self._config.value & ~0xC | self._switch() << 2


class Stm32f4Pwr(Peripheral):
    """Voltage scaling and over-drive that are ready as soon as they are on.

    Args:
        has_over_drive: The STM32F411 has none, and never says that it is ready.
    """

    def __init__(self, *, has_over_drive: bool) -> None:
        super().__init__("PWR", 0x4000_7000, 0x400)
        kept = 0xFFFF_FFFF if has_over_drive else ~_OVER_DRIVE & 0xFFFF_FFFF
        control = self.define(0x00, "CR", 0xC000, on_write=lambda word: word & kept)
        # ODRDY and ODSWRDY (16, 17) follow ODEN and ODSWEN; VOSRDY (14) is always set.
        self.define(
            0x04, "CSR", on_read=lambda: control.value & _OVER_DRIVE | 1 << 14, on_write=lambda _: 0
        )


class Stm32f4Flash(Peripheral):
    """The access control register; flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("FLASH", 0x4002_3C00, 0x400)
        self._access = self.define(0x00, "ACR")

    def latency(self) -> int:
        """Wait states of a read."""
        return self._access.value & 0xF


def _ahb_divider(field: int) -> int:
    return _AHB_DIVIDERS[field & 7] if field & 8 else 1


def _apb_divider(field: int) -> int:
    return 2 << (field & 3) if field & 4 else 1
