"""What this machine has for real boards: ports, the right to open them, and flashing programs."""

from __future__ import annotations

import os
from pathlib import Path

from tinycompress import _serial_ports as ports
from tinycompress._arduino_cli import INSTALL_HINT, find_arduino_cli
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import Finding
from tinycompress.boards import Board
from tinycompress.device.port_owners import candidates
from tinycompress.errors import ToolError
from tinycompress.flashing import registry
from tinycompress.flashing.bossac import DOUBLE_TAP
from tinycompress.flashing.method import FlashMethod

PROCESSES = Path("/proc")


def diagnose_boards(boards: tuple[Board, ...]) -> tuple[Finding, ...]:
    """Look for boards and for what flashes them; runs no program and opens no port."""
    found = ports.list_serial_ports()
    return (
        _attached(found, boards),
        *_forbidden(found),
        *_modem_manager(),
        *(
            method.TOOL.finding(_wanted_by(boards, method))
            for method in registry.METHODS
            if method.TOOL is not None
        ),
        _arduino_cli(boards),
    )


def _attached(found: tuple[SerialPort, ...], boards: tuple[Board, ...]) -> Finding:
    seen = []
    for port in found:
        names = [
            one.board.name + (" (boot loader)" if one.role == "boot loader" else "")
            for one in candidates(port, boards)
        ]
        if names:
            seen.append(f"{port.device}: {' or '.join(names)}")
    if seen:
        return Finding("boards", "ok", detail=", ".join(seen))
    return Finding(
        "boards",
        "missing",
        detail="none found",
        hint="needed for real boards only: plug one in with a cable that carries data; a board "
        f"with Arduino's boot loader that stays away: {DOUBLE_TAP}",
    )


def _forbidden(found: tuple[SerialPort, ...]) -> list[Finding]:
    """Ports on USB that this user may not open; others are seldom a board's."""
    closed = [
        port.device
        for port in found
        if port.usb_id is not None
        and os.path.exists(port.device)
        and not os.access(port.device, os.R_OK | os.W_OK)
    ]
    if not closed:
        return []
    return [
        Finding(
            "port permissions",
            "broken",
            detail=f"this user may not open {', '.join(closed)}",
            hint="add yourself to the group that owns them and log in again: "
            "sudo usermod -aG dialout $USER",
        )
    ]


def _modem_manager() -> list[Finding]:
    for process in PROCESSES.glob("[0-9]*/comm"):
        try:
            name = process.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue  # it has ended meanwhile
        if name == "ModemManager":
            return [
                Finding(
                    "ModemManager",
                    "ok",
                    detail="is running: it holds a new port for some seconds, which is waited for; "
                    "to be rid of it: sudo systemctl disable --now ModemManager",
                )
            ]
    return []


def _arduino_cli(boards: tuple[Board, ...]) -> Finding:
    names = ", ".join(board.id for board in boards if board.arduino is not None)
    detail = f"compiles and uploads sketches (--framework arduino) for {names}"
    try:
        path = find_arduino_cli()
    except ToolError as error:
        return Finding("arduino-cli", "broken", detail=error.message, hint=error.hint)
    if path is None:
        return Finding("arduino-cli", "missing", detail=detail, hint=INSTALL_HINT)
    return Finding("arduino-cli", "ok", detail=str(path))


def _wanted_by(boards: tuple[Board, ...], method: type[FlashMethod]) -> str:
    names = [board.id for board in boards if any(isinstance(way, method) for way in board.flash)]
    return ", ".join(names) if names else "no shipped board"
