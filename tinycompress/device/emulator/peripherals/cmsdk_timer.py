"""The timer of Arm's Cortex-M System Design Kit (DDI 0479C, 4.1): 32 bits, counts down."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.peripherals.base import Peripheral

_ENABLE = 1


class CmsdkTimer(Peripheral):
    """One timer that polls; it raises no interrupt.

    Args:
        name: Its name.
        base: Its address.
        ticks: Cycles of its clock since reset.
    """

    def __init__(self, name: str, base: int, ticks: Callable[[], int]) -> None:
        super().__init__(name, base, 0x1000)
        self._ticks = ticks
        self._started_at = 0
        self._from = 0
        self._control = self.define(0x00, "CTRL", on_write=self._write_control)
        self.define(0x04, "VALUE", on_read=self._value, on_write=self._write_value)
        self._reload = self.define(0x08, "RELOAD")
        self.define(0x0C, "INTSTATUS", on_write=lambda _: 0)

    def _value(self) -> int:
        if not self._control.value & _ENABLE:
            return self._from
        elapsed = self._ticks() - self._started_at
        if elapsed <= self._from:
            return self._from - elapsed
        # After 0 comes RELOAD.
        return self._reload.value - (elapsed - self._from - 1) % (self._reload.value + 1)

    def _write_value(self, word: int) -> int:
        self._from, self._started_at = word, self._ticks()
        return word

    def _write_control(self, word: int) -> int:
        self._from = self._value()
        self._started_at = self._ticks()
        return word
