"""SysTick, the 24-bit timer of every Cortex-M (DDI 0403E, B3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tinycompress.device.emulator.faults import BusFault

if TYPE_CHECKING:
    from tinycompress.device.emulator.peripherals.base import Peripheral

_ENABLE, _TICKINT, _CORE_CLOCK, _COUNTFLAG = 1 << 0, 1 << 1, 1 << 2, 1 << 16
_MASK = 0xFF_FFFF


class SysTick:
    """Counts core cycles down from RELOAD; its interrupt is not modelled.

    Args:
        cycles: Core cycles since reset.
    """

    def __init__(self, cycles: Callable[[], int]) -> None:
        self._cycles = cycles
        self._control = 0
        self._reload = 0
        self._stopped_at = 0
        # While it runs: the cycle at which it reads 0 for the first time; RELOAD follows.
        self._first_zero = 0
        self._wraps_seen = 0

    def define_in(self, space: Peripheral) -> None:
        """Add its registers to the System Control Space."""
        space.define(0x10, "SYST_CSR", on_read=self._read_control, on_write=self._write_control)
        space.define(0x14, "SYST_RVR", on_write=self._write_reload)
        space.define(0x18, "SYST_CVR", on_read=self._read_value, on_write=self._clear)
        space.define(0x1C, "SYST_CALIB", on_write=lambda _: 0)

    def _read_value(self) -> int:
        if not self._control & _ENABLE:
            return self._stopped_at
        since = self._cycles() - self._first_zero
        if since <= 0:
            return -since
        return (self._reload + 1 - since) % (self._reload + 1)

    def _read_control(self) -> int:
        wraps = self._wraps()
        flag = _COUNTFLAG if wraps > self._wraps_seen else 0
        self._wraps_seen = wraps
        return self._control | flag

    def _wraps(self) -> int:
        """How often it has counted from 1 to 0 since it was last set."""
        since = self._cycles() - self._first_zero
        if not self._control & _ENABLE or since < 0:
            return 0
        return since // (self._reload + 1) + (1 if self._stopped_at else 0)

    def _write_control(self, word: int) -> int:
        if word & _TICKINT and word & _ENABLE:
            raise BusFault(
                "the firmware enables SysTick's interrupt",
                hint="virtual boards deliver no interrupts: see docs/virtual-boards.md",
            )
        if word & _ENABLE and not word & _CORE_CLOCK:
            raise BusFault("SysTick is started from its external clock, which is not modelled")
        value = self._read_value()
        self._control = word & 0x7
        self._start_from(value)
        return 0

    def _write_reload(self, word: int) -> int:
        value = self._read_value()
        self._reload = word & _MASK
        self._start_from(value)
        return self._reload

    def _clear(self, _word: int) -> int:
        self._start_from(0)
        return 0

    def _start_from(self, value: int) -> None:
        self._stopped_at = value
        self._first_zero = self._cycles() + value
        self._wraps_seen = 0
