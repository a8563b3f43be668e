"""RCC, PWR and flash interface of the STM32L4R5 (RM0432 6.4, 5.4, 3.7)."""

from __future__ import annotations

from tinycompress.boards.schema import Uart
from tinycompress.device.emulator.peripherals.base import Peripheral

_MSI_HZ = 4_000_000
_HSI_HZ = 16_000_000
_HSE_HZ = 8_000_000
# CR: enable bit and the ready bit that follows it (MSI, HSI16, HSE, PLL).
_READY = {0: 1, 8: 10, 16: 17, 24: 25}
_SWITCH_NEEDS = (0, 8, 16, 24)
_AHB_DIVIDERS = (2, 4, 8, 16, 64, 128, 256, 512)
_IOSV, _R1MODE = 1 << 9, 1 << 8
_RANGE_1_MAX_HZ = 80_000_000


class Stm32l4Rcc(Peripheral):
    """Oscillators and PLL that are ready as soon as they are on."""

    def __init__(self) -> None:
        super().__init__("RCC", 0x4002_1000, 0x400)
        self._control = self.define(0x00, "CR", 0x63, on_read=self._read_control)
        self._config = self.define(0x08, "CFGR", on_read=self._read_config)
        self._pll = self.define(0x0C, "PLLCFGR", 0x0000_1000)
        self._enables = {
            offset: self.define(offset, name, value)
            for offset, name, value in (
                (0x48, "AHB1ENR", 0x100), (0x4C, "AHB2ENR", 0), (0x50, "AHB3ENR", 0),
                (0x58, "APB1ENR1", 0x400), (0x5C, "APB1ENR2", 0), (0x60, "APB2ENR", 0),
            )
        }  # fmt: skip
        self.define(0x88, "CCIPR")

    def is_enabled(self, offset: int, bit: int) -> bool:
        """Whether a clock enable register has ``bit`` set."""
        return bool(self._enables[offset].value >> bit & 1)

    def core_hz(self) -> int:
        """The clock of core and AHB."""
        field = self._config.value >> 4
        return self._system_hz() // (_AHB_DIVIDERS[field & 7] if field & 8 else 1)

    def apb1_hz(self) -> int:
        """The clock of APB1, on which USART2, USART3 and LPUART1 are."""
        return self.core_hz() // _apb_divider(self._config.value >> 8)

    def apb2_hz(self) -> int:
        """The clock of APB2, on which USART1 is."""
        return self.core_hz() // _apb_divider(self._config.value >> 11)

    def _system_hz(self) -> int:
        switch = self._switch()
        if switch != 3:
            return (_MSI_HZ, _HSI_HZ, _HSE_HZ)[switch]
        pll = self._pll.value
        reference = (0, _MSI_HZ, _HSI_HZ, _HSE_HZ)[pll & 3]
        if not pll >> 24 & 1:
            return 0
        vco = reference // ((pll >> 4 & 15) + 1) * (pll >> 8 & 0x7F)
        return vco // (2 * (pll >> 25 & 3) + 2)

    def _switch(self) -> int:
        wanted = self._config.value & 3
        return wanted if self._control.value >> _SWITCH_NEEDS[wanted] & 1 else 0

    def _read_control(self) -> int:
        control = self._control.value & ~sum(1 << ready for ready in _READY.values())
        return control | sum(1 << ready for on, ready in _READY.items() if control >> on & 1)

    def _read_config(self) -> int:
        return self._config.value & ~0xC | self._switch() << 2


class Stm32l4Pwr(Peripheral):
    """Voltage scaling that is ready at once, and the supply of port G."""

    def __init__(self) -> None:
        super().__init__("PWR", 0x4000_7000, 0x400)
        self.define(0x00, "CR1", 0x0000_0200)
        self._control2 = self.define(0x04, "CR2")
        self.define_read_only(0x14, "SR2", 0x0000_0100)
        self._control5 = self.define(0x80, "CR5", _R1MODE)

    def wrong_with(self, core_hz: int, uart: Uart) -> str | None:
        """What the set-up lacks for a core clock and a UART's pins."""
        if core_hz > _RANGE_1_MAX_HZ and self._control5.value & _R1MODE:
            return f"a core at {core_hz} Hz and the regulator not in its boost mode (PWR_CR5)"
        on_port_g = any(pin is not None and pin.startswith("PG") for pin in (uart.tx, uart.rx))
        if on_port_g and not self._control2.value & _IOSV:
            return "pins of port G whose supply is not valid (PWR_CR2.IOSV)"
        return None


class Stm32l4Flash(Peripheral):
    """The access control register; flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("FLASH", 0x4002_2000, 0x400)
        self._access = self.define(0x00, "ACR", 0x0000_0600)

    def latency(self) -> int:
        """Wait states of a read."""
        return self._access.value & 0xF


def _apb_divider(field: int) -> int:
    return 2 << (field & 3) if field & 4 else 1
