"""Single-cycle IO (RP2040 datasheet 2.3.1; RP2350 datasheet 3.1): of it, the first 32 pins."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral
from tinycompress.device.emulator.peripherals.rp.clocks import RpChip


class RpSio(Peripheral):
    """Outputs are kept; inputs read as pulled up."""

    def __init__(self, at: RpChip) -> None:
        super().__init__("SIO", 0xD000_0000, 0x200)
        self.define_read_only(0x004, "GPIO_IN", 0xFFFF_FFFF)
        out_at, set_at, clear_at, enable_at = at.sio_out
        out = self.define(out_at, "GPIO_OUT")
        self.define_set_clear(out, set_at=set_at, clear_at=clear_at)
        enable = self.define(enable_at, "GPIO_OE")
        self.define_set_clear(
            enable, set_at=enable_at + set_at - out_at, clear_at=enable_at + clear_at - out_at
        )
