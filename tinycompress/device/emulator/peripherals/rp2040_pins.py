"""Pin multiplexer and pads of the RP2040 (RP2040 datasheet 2.19.6)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Register
from tinycompress.device.emulator.peripherals.rp2040_clocks import AtomicPeripheral

_PINS = 30
_NO_FUNCTION = 0x1F


class Rp2040IoBank(AtomicPeripheral):
    """IO_BANK0: which peripheral has a pin."""

    def __init__(self) -> None:
        super().__init__("IO_BANK0", 0x4001_4000)
        self._control: list[Register] = []
        for pin in range(_PINS):
            self.define_read_only(8 * pin, f"GPIO{pin}_STATUS", 0)
            self._control.append(self.define(8 * pin + 4, f"GPIO{pin}_CTRL", _NO_FUNCTION))

    def function(self, pin: int) -> int:
        """FUNCSEL of a pin."""
        return self._control[pin].value & 0x1F


class Rp2040Pads(AtomicPeripheral):
    """PADS_BANK0: drive and pulls, kept and without effect."""

    def __init__(self) -> None:
        super().__init__("PADS_BANK0", 0x4001_C000)
        self.define(0, "VOLTAGE_SELECT")
        for pin in range(_PINS):
            self.define(4 * pin + 4, f"GPIO{pin}", 0x56)


class Rp2040QspiPads(AtomicPeripheral):
    """PADS_QSPI: likewise, for the flash chip's pins."""

    def __init__(self) -> None:
        super().__init__("PADS_QSPI", 0x4002_0000)
        self.define(0, "VOLTAGE_SELECT")
        for index, name in enumerate(("SCLK", "SD0", "SD1", "SD2", "SD3", "SS")):
            self.define(4 * index + 4, name, 0x56 if name == "SCLK" else 0x52)
