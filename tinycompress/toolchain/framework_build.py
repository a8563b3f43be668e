"""Firmware that a framework's own build links: compiling sketches, and reading the result.

What is in ``build/`` may as well have been made by hand, with the commands in the project's README:
the ELF proves itself by the project id that is linked into it.
"""

from __future__ import annotations

import logging
from pathlib import Path
from types import MappingProxyType

from tinycompress import _files, _proc
from tinycompress._arduino_cli import require_arduino_cli
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import BuiltBy, BuiltFirmware, FirmwareProject, RamSizes
from tinycompress.boards import Board
from tinycompress.elf import ElfImage, compiler_notes, read_elf
from tinycompress.errors import BoardError, ConfigError, ToolError
from tinycompress.firmware.outputs import BUILD_DIRECTORY
from tinycompress.firmware.project import load_plan
from tinycompress.toolchain.plan import source_groups
from tinycompress.toolchain.sizes import flash_sizes

ID_SYMBOL = "tc_project_id"

_COMPILE_TIMEOUT_S = 1800.0
_IMAGE_SUFFIXES = ("bin", "hex", "uf2")
_LOG = logging.getLogger(__name__)


def sketch_fqbn(board: Board) -> str:
    """What Arduino calls the board.

    Raises:
        BoardError: Its file does not say.
    """
    if board.arduino is None:
        raise BoardError(
            f"{board.id}: its file has no [arduino] table", hint="docs/adding-a-board.md"
        )
    return board.arduino.fqbn


def compile_sketch(
    project: FirmwareProject, board: Board, *, progress: Progress = no_progress
) -> BuiltFirmware:
    """Let arduino-cli compile a sketch into its ``build/``, as a whole or not at all.

    Raises:
        ToolError: There is no arduino-cli, or it fails; with its own text.
        ConfigError: ``build/`` cannot be written, or what was linked is not the sketch.
    """
    program = require_arduino_cli()
    fqbn = sketch_fqbn(board)
    core = ":".join(fqbn.split(":")[:2])
    progress("compile by arduino-cli")
    target = project.directory.resolve() / BUILD_DIRECTORY
    _check_replaceable(target)
    earlier = [path.name for path in target.glob("*.ino.*") if path.is_file()]
    with _files.new_files(target, earlier) as temporary:
        done = _proc.run(
            [program, "compile", "--fqbn", fqbn, "--output-dir", temporary, target.parent],
            timeout_s=_COMPILE_TIMEOUT_S,
            hint=f"if the core is not installed: arduino-cli core install {core}",
        )
        _LOG.info("%s", done.stdout + done.stderr)
        if not (temporary / _elf_name(project)).is_file():
            raise ToolError(
                f"arduino-cli reported no error, but wrote no {_elf_name(project)}",
                hint="the sketch must be named like its directory",
            )
    return load_framework_built(project, board)


def _check_replaceable(target: Path) -> None:
    """Refuse to write into a directory that arduino-cli did not make."""
    if target.is_dir() and any(target.iterdir()) and not any(target.glob("*.ino.*")):
        raise ConfigError(
            f"{target} is in the way: it is not empty, and arduino-cli did not make it",
            hint=f"move {target} elsewhere",
        )


def load_framework_built(project: FirmwareProject, board: Board) -> BuiltFirmware:
    """The firmware in the ``build/`` of a project that a framework compiles, whoever ran it.

    Raises:
        ConfigError: Nothing was built, or something else than this project.
    """
    elf = project.directory / BUILD_DIRECTORY / _elf_name(project)
    if not elf.is_file():
        raise ConfigError(
            f"{project.directory} has not been compiled: no {elf}",
            hint=f"in that directory: {build_command(project, board)}",
        )
    image = read_elf(elf)
    _require_project(image, project, board)
    groups = source_groups(load_plan(project.directory))
    assert project.project_id is not None
    toolchain: BuiltBy = "arduino" if project.framework == "arduino" else "zephyr"
    return BuiltFirmware(
        project=project,
        elf=elf,
        images=MappingProxyType(_images(elf)),
        build_id=project.project_id,
        elf_sha256=image.sha256,
        toolchain=toolchain,
        toolchain_version=compiler_notes(elf) or "a compiler that left no note",
        flags=(),
        flash=flash_sizes(image, groups),
        ram=_ram(image, project),
    )


def build_command(project: FirmwareProject, board: Board) -> str:
    """The command that builds the project by hand, in its directory."""
    if project.framework == "arduino":
        return f"arduino-cli compile --fqbn {sketch_fqbn(board)} --output-dir build ."
    name = board.id if board.zephyr is None else board.zephyr.board
    return f"west build -b {name} -d build ."


def _elf_name(project: FirmwareProject) -> str:
    if project.framework == "arduino":
        return f"{project.directory.resolve().name}.ino.elf"
    return "zephyr/zephyr.elf"


def _require_project(image: ElfImage, project: FirmwareProject, board: Board) -> None:
    symbol = image.symbol(ID_SYMBOL)
    held = None if symbol is None else image.read(symbol.address, symbol.size_bytes).hex()
    if held != project.project_id:
        raise ConfigError(
            f"{image.path} was not linked from the sources in {project.directory}: it calls itself "
            f"{held}, the project is {project.project_id}",
            hint=f"compile it again: {build_command(project, board)}",
        )


def _images(elf: Path) -> dict[str, Path]:
    found = {suffix: elf.with_suffix(f".{suffix}") for suffix in _IMAGE_SUFFIXES}
    return {suffix: path for suffix, path in found.items() if path.is_file()}


def _ram(image: ElfImage, project: FirmwareProject) -> RamSizes:
    """The arena, and all else that the framework's linker put into RAM, its stacks included."""
    writable = sum(section.size_bytes for section in image.sections if section.writable)
    return RamSizes(
        arena_bytes=project.arena_bytes,
        static_bytes=writable - project.arena_bytes,
        stack_reserved_bytes=0,
    )
