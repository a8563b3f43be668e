"""A GPIO port (Product Specifications of the nRF52840 v1.1, 6.9, and the nRF5340 v1.4, 7.14)."""

from __future__ import annotations

from tinycompress.device.emulator.peripherals.base import Peripheral


class NrfGpio(Peripheral):
    """Outputs are kept; inputs read as pulled up.

    Args:
        port: 0 or 1.
        base: Address of port 0. Both share a 4 KiB block, port 1 at offset 0x300.
    """

    def __init__(self, port: int, base: int) -> None:
        super().__init__(f"P{port}", base + 0x300 * port, 0x300)
        out = self.define(0x004, "OUT")
        self.define_set_clear(out, set_at=0x008, clear_at=0x00C)
        self.define_read_only(0x010, "IN", 0xFFFF_FFFF)
        direction = self.define(0x014, "DIR")
        self.define_set_clear(direction, set_at=0x018, clear_at=0x01C)
        for pin in range(32):
            self.define(0x200 + 4 * pin, f"PIN_CNF[{pin}]", 2)
