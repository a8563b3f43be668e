"""Writing firmware to a board by the first of its methods that is possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tinycompress import _serial_ports as ports
from tinycompress._progress import Progress, no_progress
from tinycompress._serial_ports import SerialPort
from tinycompress._tables import UsbId
from tinycompress.boards import Board
from tinycompress.device import arduino_upload
from tinycompress.device.port_owners import boot_loader_ids, firmware_ids
from tinycompress.errors import ConfigError, FlashError
from tinycompress.flashing import registry
from tinycompress.flashing.method import FlashJob, FlashMethod
from tinycompress.flashing.tools import NotPossibleError


def method_names() -> tuple[str, ...]:
    """What ``--method`` takes: the methods of board files, and arduino-cli's upload of sketches.

    A sketch is uploaded by the tool that compiled it; board files do not list that.
    """
    return tuple(sorted((*(method.name() for method in registry.METHODS), arduino_upload.METHOD)))


def flash_board(
    board: Board,
    images: Mapping[str, Path],
    *,
    port: SerialPort | None = None,
    method: str | None = None,
    progress: Progress = no_progress,
) -> str:
    """Write firmware to a board, and start it.

    The methods of the board file are tried in their order. One that is not possible (its program
    is missing, or it does not see the board) gives way to the next; one that began and failed does
    not, since the next could hide what is wrong.

    Args:
        board: The board.
        images: Files by kind (elf, bin, hex, uf2).
        port: The board's own serial port, from `choose_ports`.
        method: The only method to try; None tries all.
        progress: Told what is under way.

    Returns:
        The method that did it.

    Raises:
        ConfigError: The board has no such method, or none at all.
        FlashError: No method was possible, or one began and failed.
    """
    ids = (*firmware_ids(board), *boot_loader_ids(board))
    alone = len({p.location or p.device for p in _attached(ids)}) <= 1
    job = FlashJob(board.name, images, port, alone, progress)
    refusals: list[tuple[str, NotPossibleError]] = []
    for table in _methods(board, method):
        try:
            table.flash(job)
        except NotPossibleError as error:
            refusals.append((table.method, error))
        else:
            return table.method
    raise _none_possible(board, refusals)


@dataclass(frozen=True)
class BoardPorts:
    """Where a board is reached.

    ``own`` is the port of its USB connector, None if the system shows none: a debug probe without
    a port may still be there. ``adapter`` is what the user named for the firmware's answers, where
    that is not the board's own: an adapter on its UART pins, or a URL.
    """

    own: SerialPort | None
    adapter: str | None


def choose_ports(board: Board, wanted: str | None, answers: str | None = None) -> BoardPorts:
    """Tell a board's own port from an adapter's.

    Args:
        board: The board.
        wanted: Device name, USB serial number or URL that the user named; None takes the only port
            with the board's USB ids. A port with other ids is taken for an adapter.
        answers: The same for an adapter, if it was named apart.

    Raises:
        FlashError: The named port is not there, or several boards could be meant.
    """
    ids = (*firmware_ids(board), *boot_loader_ids(board))
    adapter = answers and ports.resolve(answers)
    if wanted is not None and "://" in wanted:
        adapter = adapter or wanted
    elif wanted is not None:
        named = ports.require_port(wanted)
        if named.usb_id in ids:
            return BoardPorts(named, adapter)
        adapter = adapter or named.device
    found = _attached(ids)
    if len({port.location or port.serial_number or port.device for port in found}) > 1:
        raise FlashError(
            f"{len(found)} ports could be the board's: {ports.describe(found)}",
            hint=f"name one of them: --port {found[0].device}, or --port SERIAL-NUMBER",
        )
    return BoardPorts(found[0] if found else None, adapter)


def _attached(usb_ids: tuple[UsbId, ...]) -> tuple[SerialPort, ...]:
    return ports.with_ids(ports.list_serial_ports(), usb_ids)


def _methods(board: Board, method: str | None) -> tuple[FlashMethod, ...]:
    if not board.flash:
        raise ConfigError(
            f"{board.name} cannot be flashed: it exists only as an emulation",
            hint="tinycompress bench DIR runs the firmware on it",
        )
    if method is None:
        return board.flash
    chosen = tuple(table for table in board.flash if table.method == method)
    if not chosen:
        raise ConfigError(
            f"{board.name} is not flashed by {method}; its methods: "
            + ", ".join(table.method for table in board.flash)
        )
    return chosen


def _none_possible(board: Board, refusals: list[tuple[str, NotPossibleError]]) -> FlashError:
    if len(refusals) == 1:
        _, only = refusals[0]
        return FlashError(only.message, hint=only.hint)
    return FlashError(
        "\n  - ".join(
            (
                f"no way to flash {board.name} is possible now",
                *(f"{name}: {error.message}" for name, error in refusals),
            )
        ),
        hint="any of these will do: " + "; ".join(f"{n}: {e.hint}" for n, e in refusals if e.hint),
    )
