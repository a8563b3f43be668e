"""What this machine has for real boards: ports, the right to open them, and flashing programs."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from tinycompress._arduino_cli import INSTALL_HINT, find_arduino_cli
from tinycompress.artifacts import Finding
from tinycompress.boards import Board
from tinycompress.device import ports
from tinycompress.device.flash import bossac, jlink, openocd, picotool, pyocd
from tinycompress.device.flash.base import NotPossibleError
from tinycompress.device.flash.tools import find_program
from tinycompress.device.ports import SerialPort
from tinycompress.errors import ToolError

PROCESSES = Path("/proc")

_PROGRAMS: tuple[tuple[str, str, Callable[[], Iterable[Path]]], ...] = (
    ("bossac", bossac.INSTALL_HINT, bossac.arduino_programs),
    ("openocd", openocd.INSTALL_HINT, tuple),
    ("picotool", picotool.INSTALL_HINT, tuple),
    ("JLinkExe", jlink.INSTALL_HINT, tuple),
)


def diagnose_boards(boards: tuple[Board, ...]) -> tuple[Finding, ...]:
    """Look for boards and for what flashes them; runs no program and opens no port."""
    found = ports.list_serial_ports()
    return (
        _attached(found, boards),
        *_forbidden(found),
        *_modem_manager(),
        *(_program(*program, boards) for program in _PROGRAMS),
        _pyocd(boards),
        _arduino_cli(boards),
    )


def _attached(found: tuple[SerialPort, ...], boards: tuple[Board, ...]) -> Finding:
    seen = []
    for port in found:
        names = [
            one.board.name + (" (boot loader)" if one.role == "boot loader" else "")
            for one in ports.candidates(port, boards)
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
        f"with Arduino's boot loader that stays away: {bossac.DOUBLE_TAP}",
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


def _program(
    name: str, hint: str, preferred: Callable[[], Iterable[Path]], boards: tuple[Board, ...]
) -> Finding:
    wanted = _wanted_by(boards, {"JLinkExe": "jlink"}.get(name, name))
    try:
        path = find_program(name, hint=hint, preferred=preferred())
    except NotPossibleError as error:
        return Finding(name, "missing", detail=f"flashes {wanted}", hint=error.hint)
    return Finding(name, "ok", detail=str(path))


def _pyocd(boards: tuple[Board, ...]) -> Finding:
    try:
        return Finding("pyocd", "ok", importlib.metadata.version("pyocd"))
    except importlib.metadata.PackageNotFoundError:
        detail = f"flashes {_wanted_by(boards, 'pyocd')}"
        return Finding("pyocd", "missing", detail=detail, hint=pyocd.INSTALL_HINT)


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


def _wanted_by(boards: tuple[Board, ...], method: str) -> str:
    names = [board.id for board in boards if any(way.method == method for way in board.flash)]
    return ", ".join(names) if names else "no shipped board"
