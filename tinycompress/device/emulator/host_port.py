"""The two byte queues between the emulated UART and the host."""

from __future__ import annotations

from collections import deque

# Polls of an empty receiver in a row, with nothing else done in between, after which the firmware
# counts as waiting for the host. A start-up loop needs fewer to see a flag that is always set.
_POLLS_UNTIL_IDLE = 16


class HostPort:
    """What the far end of the UART's wires sees.

    There is no baud rate here: a byte arrives when the firmware looks for it, so that none is lost
    and no time passes on the line.
    """

    def __init__(self) -> None:
        self._to_device: deque[int] = deque()
        self._from_device = bytearray()
        self._empty_polls = 0

    # The host's side.

    def send(self, data: bytes) -> None:
        """Queue bytes for the firmware."""
        self._to_device.extend(data)
        self._empty_polls = 0

    def collect(self) -> bytes:
        """Take all bytes that the firmware has sent."""
        data = bytes(self._from_device)
        self._from_device.clear()
        return data

    def clear(self) -> None:
        """Forget all bytes in both directions."""
        self._to_device.clear()
        self._from_device.clear()
        self._empty_polls = 0

    @property
    def has_unread(self) -> bool:
        """Whether the firmware has not yet taken all bytes that the host sent."""
        return bool(self._to_device)

    @property
    def is_idle(self) -> bool:
        """Whether the firmware does nothing but ask an empty receiver for bytes."""
        return self._empty_polls >= _POLLS_UNTIL_IDLE

    # The UART's side.

    def poll(self) -> bool:
        """Whether a byte waits for the firmware; called when the firmware asks."""
        if self._to_device:
            return True
        self._empty_polls += 1
        return False

    def take(self) -> int:
        """Hand the next byte to the firmware; 0 if there is none."""
        self._empty_polls = 0
        return self._to_device.popleft() if self._to_device else 0

    def put(self, byte: int) -> None:
        """Take a byte from the firmware."""
        self._empty_polls = 0
        self._from_device.append(byte & 0xFF)

    def busy(self) -> None:
        """Note that the firmware does something else than wait for a byte."""
        self._empty_polls = 0
