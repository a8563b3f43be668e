"""A GPIO port of STM32 parts (RM0390 7.4, RM0385 6.4, RM0432 8.4, RM0444 7.5, RM0433 11.4,
RM0456 13.4: the same registers)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral

_ALTERNATE = 2


class Stm32Gpio(Peripheral):
    """Configuration is kept; inputs read as pulled up.

    Args:
        letter: A, B, ...
        base: Its address.
    """

    def __init__(self, letter: str, base: int) -> None:
        super().__init__(f"GPIO{letter}", base, 0x400)
        # Pins are analogue (3) or inputs (0) after reset, but for those of the debug port; the
        # firmware changes only what it uses.
        self._mode = self.define(0x00, "MODER", 0xFFFF_FFFF)
        self.define(0x04, "OTYPER")
        self.define(0x08, "OSPEEDR")
        self.define(0x0C, "PUPDR")
        self.define_read_only(0x10, "IDR", 0xFFFF)
        out = self.define(0x14, "ODR")

        def set_reset(word: int) -> int:
            out.value = (out.value & ~(word >> 16) | word) & 0xFFFF
            return 0

        self.define(0x18, "BSRR", on_write=set_reset)
        self._function = (self.define(0x20, "AFRL"), self.define(0x24, "AFRH"))

    def alternate_function(self, pin: int) -> int | None:
        """The alternate function to which ``pin`` is switched, None if it is not."""
        if self._mode.value >> 2 * pin & 3 != _ALTERNATE:
            return None
        return self._function[pin // 8].value >> 4 * (pin % 8) & 15
