"""Memory-mapped peripherals: which model answers which address."""

from __future__ import annotations

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.host_port import HostPort
from tinycompress.device.emulator.peripherals.base import Peripheral

PAGE_BYTES = 0x400


class Bus:
    """All peripherals of one microcontroller.

    Args:
        peripherals: Their models; their address ranges do not overlap.
        port: Told when the firmware does something else than wait for the host.
    """

    def __init__(self, peripherals: tuple[Peripheral, ...], port: HostPort) -> None:
        self._port = port
        self._by_page: dict[int, list[Peripheral]] = {}
        for peripheral in peripherals:
            last = peripheral.base + peripheral.size - 1
            for page in range(peripheral.base // PAGE_BYTES, last // PAGE_BYTES + 1):
                self._by_page.setdefault(page, []).append(peripheral)

    def pages(self) -> list[int]:
        """Addresses of all pages that hold a modelled peripheral."""
        return [page * PAGE_BYTES for page in sorted(self._by_page)]

    def read(self, address: int, size_bytes: int) -> int:
        """Read from a peripheral.

        Raises:
            BusFault: No model knows the register.
        """
        peripheral = self._find(address, size_bytes, "read")
        if not peripheral.waits_for_host:
            self._port.busy()
        return peripheral.read(address - peripheral.base, size_bytes)

    def write(self, address: int, size_bytes: int, value: int) -> None:
        """Write to a peripheral.

        Raises:
            BusFault: No model knows the register.
        """
        self._port.busy()
        peripheral = self._find(address, size_bytes, "write")
        peripheral.write(address - peripheral.base, size_bytes, value)

    def _find(self, address: int, size_bytes: int, what: str) -> Peripheral:
        for peripheral in self._by_page.get(address // PAGE_BYTES, ()):
            if peripheral.base <= address < peripheral.base + peripheral.size:
                return peripheral
        raise unmodelled(address, size_bytes, what)


def unmodelled(address: int, size_bytes: int, what: str) -> BusFault:
    """The fault of an access to a peripheral that has no model."""
    return BusFault(
        f"unmodelled peripheral: {what} of {size_bytes} bytes at 0x{address:08x}",
        hint="this peripheral is not part of the virtual board: see docs/virtual-boards.md",
    )
