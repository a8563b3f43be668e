"""What this machine has for the work: tools, boards, serial ports."""

from __future__ import annotations

from dataclasses import dataclass

from tinycompress import _serial_ports
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import Finding
from tinycompress.boards import list_boards
from tinycompress.device.doctor import diagnose_boards
from tinycompress.device.port_owners import Candidate, candidates
from tinycompress.toolchain.doctor import diagnose as diagnose_tools


@dataclass(frozen=True)
class OwnedPort:
    """A serial port, and the shipped boards that it may belong to."""

    port: SerialPort
    owners: tuple[Candidate, ...]


def diagnose() -> tuple[Finding, ...]:
    """Which tools and boards are there, which versions, and whether they work."""
    return (*diagnose_tools(), *diagnose_boards(list_boards()))


def owned_ports() -> tuple[OwnedPort, ...]:
    """All serial ports that the system has now, in order of name."""
    boards = list_boards()
    return tuple(
        OwnedPort(port, candidates(port, boards)) for port in _serial_ports.list_serial_ports()
    )
