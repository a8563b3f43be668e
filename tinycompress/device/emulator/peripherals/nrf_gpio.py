"""A GPIO port of the nRF52 (nRF52840 Product Specification v1.1, 6.9)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral


class NrfGpio(Peripheral):
    """Outputs are kept; inputs read as pulled up."""

    def __init__(self, port: int) -> None:
        # Both ports share a 4 KiB block, port 1 at offset 0x300.
        super().__init__(f"P{port}", 0x5000_0500 + 0x300 * port, 0x300)
        out = self.define(0x004, "OUT")
        self.define_set_clear(out, set_at=0x008, clear_at=0x00C)
        self.define_read_only(0x010, "IN", 0xFFFF_FFFF)
        direction = self.define(0x014, "DIR")
        self.define_set_clear(direction, set_at=0x018, clear_at=0x01C)
        for pin in range(32):
            self.define(0x200 + 4 * pin, f"PIN_CNF[{pin}]", 2)
