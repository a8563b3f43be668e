"""One run of the reference model on somebody's board, as a file that they can send."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from tinycompress import _files
from tinycompress import _serial_ports as ports
from tinycompress._progress import Progress, no_progress
from tinycompress._resources import reference_model
from tinycompress.boards import Board, list_boards, load_board
from tinycompress.boards.confirmations import Confirmation
from tinycompress.device.port_owners import candidates
from tinycompress.errors import ConfigError, MismatchError
from tinycompress.measurement.confirmation import confirmation
from tinycompress.pipeline.building import build
from tinycompress.pipeline.files import built_firmware
from tinycompress.pipeline.flashing import flash as flash_firmware
from tinycompress.pipeline.measuring import bench

_RUNS = 20


@dataclass(frozen=True)
class Confirmed:
    """What `confirm` made: the confirmation, its file, and the project of the reference model."""

    confirmation: Confirmation
    file: Path
    directory: Path


def confirm(
    port: str,
    *,
    board: str | Path | None = None,
    flash: bool = False,
    answer_port: str | None = None,
    by: str = "",
    directory: str | Path | None = None,
    output: str | Path | None = None,
    progress: Progress = no_progress,
) -> Confirmed:
    """Build the reference model for a board, measure it there, and write what came out.

    Args:
        port: The board's port, its USB serial number, or a pyserial URL.
        board: Id, alias or file; None takes the only one with the USB ids of ``port``.
        flash: Whether to write the firmware to the board first. Without, it must be there already.
        answer_port: Port of an adapter on the UART pins, where the firmware talks there.
        by: Whom the confirmation names; empty names nobody.
        directory: The reference model's project; ``confirm-BOARD`` by default, made if need be.
        output: The file; ``BOARD.confirmation.json`` by default.
        progress: Told what is under way.

    Returns:
        The confirmation. It counts on silicon alone, and if every output was the oracle's.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong. An older
            firmware on the board is a DeviceError; nothing is written then.
    """
    target = _board_of(port) if board is None else load_board(str(board))
    project = Path(f"confirm-{target.id}" if directory is None else directory)
    file = Path(f"{target.id}.confirmation.json" if output is None else output)
    build(reference_model(), board or target.id, output=project, progress=progress)
    built, _ = built_firmware(project, board)
    answers = answer_port or port
    if flash:
        answers = flash_firmware(
            project, board=board, port=port, answer_port=answer_port, progress=progress
        ).require_port()
    measured = bench(project, board=board, port=answers, runs=_RUNS, progress=progress)
    modelled = None
    if not target.cpu.mve:
        # As many runs, since each has another input.
        modelled = bench(project, board=board, runs=_RUNS, progress=progress)
    today = datetime.now(timezone.utc).date().isoformat()
    made = confirmation(built, measured, modelled, by=by, date=today)
    table = made.model_dump(mode="json", by_alias=True)
    _files.write_text(file, json.dumps(table, indent=2, sort_keys=True) + "\n")
    return Confirmed(made, file, project)


def _board_of(port: str) -> Board:
    """The only board with the USB ids of a port.

    Raises:
        ConfigError: No board has them, or several.
    """
    found = () if "://" in port else candidates(ports.require_port(port), list_boards())
    names = sorted({one.board.id for one in found})
    if len(names) == 1:
        return found[0].board
    told = f"{', '.join(names)} all have its USB ids" if names else "no board has its USB ids"
    raise ConfigError(
        f"which board is behind {port}? {told}",
        hint=f"--board {names[0] if names else 'BOARD'} (`tinycompress boards` lists them)",
    )


def require_confirmed_outputs(done: Confirmed) -> None:
    """Refuse a confirmation whose outputs are not known to be the oracle's.

    Raises:
        MismatchError: At least one sample's differ, or nothing was compared.
    """
    found = done.confirmation
    if found.mismatched_samples != 0:
        raise MismatchError(
            f"{found.board}: {found.mismatched_samples or 'not one'} of {found.samples} samples "
            + ("differ from the oracle's" if found.mismatched_samples else "was compared"),
            hint=f"send {done.file}: exactness is what tinycompress promises",
        )
