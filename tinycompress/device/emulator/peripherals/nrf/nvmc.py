"""The flash controller of the nRF52 (nRF52840 Product Specification v1.1, 4.3)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral


class NrfNvmc(Peripheral):
    """Always ready; the instruction cache can be switched on. Flash cannot be written."""

    def __init__(self) -> None:
        super().__init__("NVMC", 0x4001_E000, 0x1000)
        self.define_read_only(0x400, "READY", 1)
        self.define_read_only(0x408, "READYNEXT", 1)
        self.define(0x540, "ICACHECNF")
        self.define(0x548, "IHIT")
        self.define(0x54C, "IMISS")
