"""What the stages read from the user's disk."""

from __future__ import annotations

from pathlib import Path

from tinycompress.artifacts import BuiltFirmware, FirmwareProject
from tinycompress.boards import Board, load_board
from tinycompress.errors import ConfigError, os_reason
from tinycompress.firmware import load_project
from tinycompress.toolchain import load_built
from tinycompress.toolchain.framework_build import load_framework_built


def built_firmware(directory: str | Path, board: str | Path | None) -> tuple[BuiltFirmware, Board]:
    """The firmware in a project directory and the board that it is for."""
    project = load_project(Path(directory))
    require_no_library(project)
    target = load_board(project.board_id if board is None else str(board))
    if target.id != project.board_id:
        raise ConfigError(
            f"{directory} was built for the board {project.board_id}, not {target.id}",
            hint=f"tinycompress build MODEL --board {target.id}",
        )
    target = target.within(project.framework).over(project.transport)
    if project.framework != "cmake":
        return load_framework_built(project, target), target
    return load_built(project, target), target


def require_no_library(project: FirmwareProject) -> None:
    """Refuse a project that has no firmware.

    Raises:
        ConfigError: It is a library.
    """
    if project.framework == "library":
        raise ConfigError(
            f"{project.directory} is a library, the model alone: there is no firmware to flash or"
            " measure",
            hint="build the same model without --framework library, into another directory",
        )


def require_emulated(built: BuiltFirmware) -> None:
    """Refuse to emulate firmware that a framework linked.

    Raises:
        ConfigError: Start-up and drivers are the framework's, which virtual boards do not model.
    """
    project = built.project
    if project.framework != "cmake":
        raise ConfigError(
            f"{project.directory} is for {project.framework.capitalize()}: virtual boards run the "
            "firmware of --framework cmake only",
            hint="name the real board's port: --port PORT (see `tinycompress ports`)",
        )


def read_file(path: Path) -> bytes:
    """All bytes of a file.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {os_reason(error)}") from error
