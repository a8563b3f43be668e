"""POWER and CLOCK of an nRF52840 with its USB supply, and its factory information.

nRF52840 Product Specification v1.1, 5.3, 5.4 and 4.4.
"""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.nrf.clock import NrfClock

_VBUS_DETECTED, _OUTPUT_READY = 1 << 0, 1 << 1
# Any number: every chip has its own.
_DEVICE_ID = 0x0123_4567_89AB_CDEF


class NrfPower(NrfClock):
    """CLOCK, which shares its addresses with POWER, and what USB needs of POWER.

    Args:
        poll: Called when the firmware looks for a cable and there is none.
    """

    # A firmware that talks over USB looks at the supply whenever it looks for bytes.
    waits_for_host = True

    def __init__(self, poll: Callable[[], object]) -> None:
        super().__init__()
        self.vbus = True
        self._poll = poll
        self._retained = self.define(0x51C, "GPREGRET", on_write=lambda word: word & 0xFF)
        self.define(0x438, "USBREGSTATUS", on_read=self._supply, on_write=lambda _: 0)

    @property
    def crystal_runs(self) -> bool:
        """Whether the 32 MHz crystal oscillator is the clock's source."""
        return self._crystal_runs

    @property
    def retained(self) -> int:
        """GPREGRET, which a boot loader reads after a reset."""
        return self._retained.value

    def _supply(self) -> int:
        if self.vbus:
            return _VBUS_DETECTED | _OUTPUT_READY
        self._poll()
        return 0


class NrfFicr(Peripheral):
    """The device's own number in the factory information."""

    serial_number = f"{_DEVICE_ID:016X}"

    def __init__(self) -> None:
        super().__init__("FICR", 0x1000_0000, 0x400)
        self.define_read_only(0x060, "DEVICEID[0]", _DEVICE_ID & 0xFFFF_FFFF)
        self.define_read_only(0x064, "DEVICEID[1]", _DEVICE_ID >> 32)


class NrfUsbAnomalies(Peripheral):
    """The undocumented registers without which the USBD does not start (anomalies 171, 187)."""

    def __init__(self) -> None:
        super().__init__("USB anomalies", 0x4006_E000, 0x1000)
        self._key = self.define(0xC00, "key", on_write=self._unlock)
        self._gated = {
            offset: self.define(offset, name, on_write=self._writer(offset))
            for offset, name in ((0xC14, "anomaly 171"), (0xD14, "anomaly 187"))
        }

    @property
    def are_worked_around(self) -> bool:
        """Whether both registers have the values with which the controller starts."""
        return [register.value for register in self._gated.values()] == [0xC0, 0x03]

    def _unlock(self, word: int) -> int:
        # The key toggles the lock; an open one reads as other than 0.
        return self._key.value ^ 1 if word == 0x9375 else self._key.value

    def _writer(self, offset: int) -> Callable[[int], int]:
        def write(word: int) -> int:
            return word if self._key.value else self._gated[offset].value

        return write
