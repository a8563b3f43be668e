"""The wires between a UART and the host, with the checks that a logic analyser would make."""

from __future__ import annotations

from collections.abc import Callable

from tinycompress.device.emulator.faults import BusFault
from tinycompress.device.emulator.host_port import HostPort

# A receiver samples ten bits of a frame: beyond a few percent it sees the wrong ones.
_BAUD_TOLERANCE = 0.03


class UartLine:
    """A serial line: bytes pass if baud rate and pins are right, and are a fault if not.

    Args:
        port: The far end.
        baud: What the far end expects.
        check_pins: Returns what is wrong with the pins, None if nothing is.
    """

    def __init__(
        self, port: HostPort, baud: int, check_pins: Callable[[], str | None] = lambda: None
    ) -> None:
        self.port = port
        self._baud = baud
        self._check_pins = check_pins

    def transmit(self, name: str, byte: int, baud: float) -> None:
        """Send a byte that the UART ``name`` puts on the line at ``baud``."""
        self._check(name, baud)
        self.port.put(byte)

    def receive(self, name: str, baud: float) -> int:
        """The next byte as the UART ``name`` hears it at ``baud``; 0 if there is none."""
        self._check(name, baud)
        return self.port.take()

    def _check(self, name: str, baud: float) -> None:
        if abs(baud - self._baud) > _BAUD_TOLERANCE * self._baud:
            raise BusFault(f"{name} runs at {baud:.0f} baud, the host at {self._baud}")
        wrong = self._check_pins()
        if wrong is not None:
            raise BusFault(f"{name} is used with {wrong}")
