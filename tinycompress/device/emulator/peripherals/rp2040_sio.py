"""Single-cycle IO of the RP2040 (RP2040 datasheet 2.3.1): of it, the pins."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral


class Rp2040Sio(Peripheral):
    """Outputs are kept; inputs read as pulled up."""

    def __init__(self) -> None:
        super().__init__("SIO", 0xD000_0000, 0x200)
        self.define_read_only(0x004, "GPIO_IN", 0x3FFF_FFFF)
        out = self.define(0x010, "GPIO_OUT")
        self.define_set_clear(out, set_at=0x014, clear_at=0x018)
        enable = self.define(0x020, "GPIO_OE")
        self.define_set_clear(enable, set_at=0x024, clear_at=0x028)
