"""Pin multiplexer and pads (RP2040 datasheet 2.19.6; RP2350 datasheet 9.11)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Register
from tinycompress.device.emulator.peripherals.rp.clocks import AtomicPeripheral, RpChip

_NO_FUNCTION = 0x1F
_ISOLATED = 1 << 8


class RpIoBank(AtomicPeripheral):
    """IO_BANK0: which peripheral has a pin."""

    def __init__(self, at: RpChip) -> None:
        super().__init__("IO_BANK0", at.pins)
        self._control: list[Register] = []
        for pin in range(at.pin_count):
            self.define_read_only(8 * pin, f"GPIO{pin}_STATUS", 0)
            self._control.append(self.define(8 * pin + 4, f"GPIO{pin}_CTRL", _NO_FUNCTION))

    def function(self, pin: int) -> int:
        """FUNCSEL of a pin."""
        return self._control[pin].value & 0x1F


class RpPads(AtomicPeripheral):
    """PADS_BANK0: drive and pulls, kept and without effect; the RP2350's isolation."""

    def __init__(self, at: RpChip) -> None:
        super().__init__("PADS_BANK0", at.pads)
        self.define(0, "VOLTAGE_SELECT")
        after_reset = 0x116 if at.isolates_pads else 0x56
        self._pads = [
            self.define(4 * pin + 4, f"GPIO{pin}", after_reset) for pin in range(at.pin_count)
        ]

    def is_isolated(self, pin: int) -> bool:
        """Whether nothing gets through a pad, as after a reset of the RP2350 (datasheet 9.7)."""
        return bool(self._pads[pin].value & _ISOLATED)


class RpQspiPads(AtomicPeripheral):
    """PADS_QSPI of the RP2040: likewise, for the flash chip's pins."""

    def __init__(self) -> None:
        super().__init__("PADS_QSPI", 0x4002_0000)
        self.define(0, "VOLTAGE_SELECT")
        for index, name in enumerate(("SCLK", "SD0", "SD1", "SD2", "SD3", "SS")):
            self.define(4 * index + 4, name, 0x56 if name == "SCLK" else 0x52)
