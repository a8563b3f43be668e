"""What the commands about real boards show: ports, and what was flashed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from tinycompress._console import messages_console, results_console
from tinycompress._serial_ports import SerialPort
from tinycompress.artifacts import BenchResult
from tinycompress.boards import Board
from tinycompress.measurement.report import print_table, to_json
from tinycompress.pipeline import Flashed
from tinycompress.pipeline.machine import OwnedPort


def print_flashed(directory: Path, done: Flashed) -> None:
    """How it was flashed, and what is known of the result."""
    console = results_console()
    if done.port is not None:
        text = f"flashed {directory} by {done.method}; it answers on {done.port}"
    else:
        text = f"flashed {directory} by {done.method}"
    console.print(text, markup=False, soft_wrap=True)
    if done.port is None:
        messages_console().print(
            "not checked: the firmware answers on the board's UART pins; name the adapter's port "
            "with --answer-port",
            markup=False,
            soft_wrap=True,
        )


def flashed_json(directory: Path, done: Flashed) -> dict[str, Any]:
    """The result of ``flash``; ``checked`` says whether HELLO gave the ELF's build id."""
    return {
        "schema": "tinycompress.flash",
        "schema_version": 1,
        "directory": str(directory),
        "method": done.method,
        "checked": done.port is not None,
        "port": done.port,
    }


def then_json(
    directory: Path, done: Flashed | None, result: BenchResult | None
) -> dict[str, object]:
    """What ``build`` did afterwards, for those keys that were asked for."""
    found: dict[str, object] = {}
    if done is not None:
        found["flashed"] = flashed_json(directory, done)
    if result is not None:
        found["bench"] = to_json(result)
    return found


def print_then(
    directory: Path, board: Board, done: Flashed | None, result: BenchResult | None
) -> None:
    """What ``build`` did afterwards, as ``flash`` and ``bench`` show it."""
    if done is not None:
        print_flashed(directory, done)
    if result is not None:
        print_table(result, board, results_console())


def ports_json(ports: tuple[OwnedPort, ...]) -> dict[str, Any]:
    """All ports, each with the boards that it may belong to."""
    return {
        "schema": "tinycompress.ports",
        "schema_version": 1,
        "ports": [
            {
                "device": port.device,
                "description": port.description,
                "usb_id": _usb_id(port) or None,
                "serial_number": port.serial_number,
                "location": port.location,
                "boards": [{"id": one.board.id, "role": one.role} for one in owned.owners],
            }
            for owned in ports
            for port in (owned.port,)
        ],
    }


def print_ports(ports: tuple[OwnedPort, ...]) -> None:
    """One line a port."""
    if not ports:
        messages_console().print(
            "no serial ports: is the board plugged in, with a cable that carries data?"
        )
        return
    table = Table(title="Serial ports", title_justify="left")
    for column in ("port", "USB id", "serial number", "USB socket", "what", "may be"):
        table.add_column(column, overflow="fold")
    for owned in ports:
        port = owned.port
        table.add_row(
            port.device, _usb_id(port), port.serial_number or "", port.location or "",
            port.description, "\n".join(
                one.board.name + (" (boot loader)" if one.role == "boot loader" else "")
                for one in owned.owners
            ),
        )  # fmt: skip
    results_console().print(table)


def _usb_id(port: SerialPort) -> str:
    return "" if port.usb_id is None else f"{port.usb_id[0]:04x}:{port.usb_id[1]:04x}"
