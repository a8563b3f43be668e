"""The cycle counter of the Data Watchpoint and Trace unit (DDI 0403E, C1.8)."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.peripherals.base import Peripheral

_CYCCNTENA = 1
_LOCK_KEY = 0xC5AC_CE55
_WORD = 0xFFFF_FFFF


class Dwt(Peripheral):
    """CYCCNT counts modelled core cycles while tracing and the counter are enabled.

    Args:
        cycles: Core cycles since reset.
        trace_is_on: Whether DEMCR.TRCENA is set.
        starts_locked: Writes are ignored until the lock access register gets its key, as on some
            Cortex-M7.
    """

    def __init__(
        self,
        cycles: Callable[[], int],
        trace_is_on: Callable[[], bool],
        *,
        starts_locked: bool,
    ) -> None:
        super().__init__("DWT", 0xE000_1000, 0x1000)
        self._cycles = cycles
        self._trace_is_on = trace_is_on
        self._locked = starts_locked
        self._value = 0
        self._since: int | None = None
        # NUMCOMP 4.
        self._control = self.define(0x000, "CTRL", 4 << 28, on_write=self._write_control)
        self.define(0x004, "CYCCNT", on_read=self._count, on_write=self._write_count)
        for offset, name in (
            (0x008, "CPICNT"), (0x00C, "EXCCNT"), (0x010, "SLEEPCNT"), (0x014, "LSUCNT"),
            (0x018, "FOLDCNT"),
        ):  # fmt: skip
            self.define_read_only(offset, name, 0)
        self.define(0xFB0, "LAR", on_write=self._unlock)

    def _count(self) -> int:
        if self._since is None or not self._trace_is_on():
            return self._value
        return self._value + self._cycles() - self._since & _WORD

    def _write_count(self, word: int) -> int:
        if self._writable:
            self._value = word
            if self._since is not None:
                self._since = self._cycles()
        return 0

    def _write_control(self, word: int) -> int:
        if not self._writable:
            return self._control.value
        self._value = self._count()
        self._since = self._cycles() if word & _CYCCNTENA else None
        return word & 0x0FFF_FFFF | 4 << 28

    def _unlock(self, word: int) -> int:
        self._locked = self._locked and word != _LOCK_KEY
        return 0

    @property
    def _writable(self) -> bool:
        return self._trace_is_on() and not self._locked
