"""From a firmware project on disk to a linked, sized and recorded firmware.

Same project, same compiler: same bytes, wherever the project lies. Every command runs in the
project's directory with relative source paths, debug information is left out, and the build id is a
hash of what was linked.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tinycompress import _files
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import BuiltFirmware, FirmwareProject, ToolchainChoice
from tinycompress.boards import Board
from tinycompress.elf import ElfImage, read_elf
from tinycompress.errors import ConfigError, ToolError
from tinycompress.firmware.outputs import (
    BUILD_DIRECTORY,
    ELF_NAME,
    OBJECT_DIRECTORY,
    OUTPUTS,
    RECORD_FILE,
    built_files,
    cmake_objects,
    image_name,
)
from tinycompress.firmware.plan import BuildPlan, ToolchainFlags
from tinycompress.options import require_gcc_choice
from tinycompress.toolchain import compiler
from tinycompress.toolchain.blame import edited_sources, refusal_hint
from tinycompress.toolchain.compiler import TFLM_PLACE, Commands, CompileJob, CxxCommands
from tinycompress.toolchain.find import Toolchain, find_gcc, find_gxx, gcc_path, select
from tinycompress.toolchain.images import binary_image, flashed_segments, hex_image
from tinycompress.toolchain.plan import read_plan, source_groups
from tinycompress.toolchain.record import (
    SCHEMA,
    SCHEMA_VERSION,
    BuildRecord,
    FlashRecord,
    RamRecord,
    RecordedFile,
    TflmRecord,
    ToolchainRecord,
    read_record,
)
from tinycompress.toolchain.sizes import flash_sizes, ram_sizes
from tinycompress.toolchain.tflm import TflmLibrary, check_operators, find_tflm
from tinycompress.toolchain.uf2 import uf2_image

_LOG = logging.getLogger(__name__)

RESOLVER_SOURCE = "model/tcm_ops.h"


def build(
    project: FirmwareProject,
    board: Board,
    *,
    toolchain: ToolchainChoice = "auto",
    tflm_dir: Path | None = None,
    progress: Progress = no_progress,
) -> BuiltFirmware:
    """Compile and link a project into its directory ``build/``.

    Writes ``firmware.elf``, ``.bin``, ``.hex``, for boards that take it ``.uf2``, and
    ``build.json``, all of them or none, in place of an earlier build's; other files in ``build/``
    stay. What the compiler warned of is logged and kept in ``build.json``.

    Args:
        project: As ``firmware.render_project`` or ``firmware.load_project`` return it.
        board: The board that the project was made for.
        toolchain: Compiler; ``auto`` takes the one that pip brought, for the engine ``tflm`` gcc.
        tflm_dir: For the engine ``tflm``, the upstream checkout with the built library; None takes
            the one that the variable TFLM_DIR names.
        progress: Told how many files are compiled.

    Raises:
        ConfigError: The project is for another board or damaged, or ``build/`` cannot be written.
        ToolError: No compiler, or it fails; with its own text. Or no TFLM for this board.
        DoesNotFitError: A memory region of the board overflowed.
    """
    _check_board(project, board)
    plan = read_plan(project.directory)
    tflm = None if plan.tflm is None else tflm_for(project, board, toolchain, tflm_dir)
    chain = select(toolchain) if tflm is None else find_gcc()
    try:
        _build_with(chain, project, board, plan, tflm, progress)
    except compiler.SourceRefusedError as error:
        if tflm is not None:
            raise
        edited = edited_sources(project)
        if toolchain != "auto" or chain.name == "gcc" or gcc_path() is None or edited:
            error.hint = refusal_hint(edited, chain.name)
            raise
        _build_with_gcc(error, chain, project, board, plan, progress)
    return load_built(project, board)


def _build_with_gcc(
    error: compiler.SourceRefusedError,
    refusing: Toolchain,
    project: FirmwareProject,
    board: Board,
    plan: BuildPlan,
    progress: Progress,
) -> None:
    """Build what the compiler of the choice ``auto`` refused with the gcc that is there.

    Raises:
        SourceRefusedError: The error given, if gcc does not take the files either.
    """
    chain = find_gcc()
    first, more = error.sources[0], len(error.sources) - 1
    files = f"{first} and {more} more" if more else first
    note = (
        f"{refusing.name} {refusing.version} does not compile {files}, so that {chain.name}"
        f" {chain.version} was taken; please report this with the model"
    )
    try:
        _build_with(chain, project, board, plan, None, progress, note)
    except compiler.SourceRefusedError:
        error.hint = refusal_hint((), None)
        raise error from None
    _LOG.warning("%s", note)


def _build_with(
    chain: Toolchain,
    project: FirmwareProject,
    board: Board,
    plan: BuildPlan,
    tflm: TflmLibrary | None,
    progress: Progress,
    *notes: str,
) -> None:
    target = project.directory / BUILD_DIRECTORY
    _check_replaceable(target)
    earlier = (*built_files(target), *cmake_objects(target))
    with _files.new_files(target, earlier) as temporary:
        commands = _commands(plan, chain, project.directory, cache=temporary / "cache", tflm=tflm)
        warnings = (*notes, *_compile_and_link(commands, plan, temporary, progress))
        if not (temporary / ELF_NAME).is_file():
            raise ToolError(f"{chain.command[0]} reported no error, but wrote no {ELF_NAME}")
        image = read_elf(temporary / ELF_NAME)
        _check_linked(image, board)
        images = _write_images(image, board, temporary)
        record = _record(image, board, plan, commands, images, warnings, tflm)
        (temporary / RECORD_FILE).write_text(record.to_json(), encoding="utf-8")
        shutil.rmtree(temporary / "cache", ignore_errors=True)


def load_built(project: FirmwareProject, board: Board) -> BuiltFirmware:
    """The firmware that an earlier `build` left in the project's ``build/``.

    Build id and sizes are read from the ELF itself.

    Raises:
        ConfigError: Nothing was built, the project is for another board, or a file in ``build/``
            is not the one that was built then.
    """
    _check_board(project, board)
    directory = project.directory / BUILD_DIRECTORY
    record = read_record(directory)
    if record.board != board.id:
        raise ConfigError(f"{directory} was built for the board {record.board}, not {board.id}")
    elf = RecordedFile(directory / ELF_NAME, record.elf_sha256)
    images = {
        kind: RecordedFile(directory / image_name(kind), sha256)
        for kind, sha256 in record.images.items()
    }
    for file in (elf, *images.values()):
        file.check()
    image = read_elf(elf.path)
    groups = source_groups(read_plan(project.directory))
    return BuiltFirmware(
        project=project,
        elf=elf.path,
        images=MappingProxyType({kind: file.path for kind, file in images.items()}),
        build_id=_build_id(image),
        elf_sha256=image.sha256,
        toolchain=record.toolchain.name,
        toolchain_version=record.toolchain.version,
        flags=record.flags,
        flash=flash_sizes(image, groups),
        ram=ram_sizes(image),
        warnings=record.warnings,
    )


def _check_board(project: FirmwareProject, board: Board) -> None:
    if project.board_id != board.id:
        raise ConfigError(
            f"the project {project.directory} is for the board {project.board_id}, not {board.id}",
            hint=f"tinycompress build MODEL --board {board.id}",
        )


def _check_replaceable(target: Path) -> None:
    """Refuse to replace firmware that no build, ours or CMake's, made; other files stay anyway."""
    taken = [name for name in OUTPUTS if (target / name).exists()]
    if taken and not any((target / name).is_file() for name in (RECORD_FILE, "CMakeCache.txt")):
        raise ConfigError(
            f"{target / taken[0]} is in the way: neither tinycompress nor CMake made it",
            hint=f"move {target / taken[0]} elsewhere",
        )


def tflm_for(
    project: FirmwareProject, board: Board, toolchain: ToolchainChoice, tflm_dir: Path | None
) -> TflmLibrary:
    """The library that a project of the TFLM engine is linked with.

    Raises:
        ConfigError: Another compiler than gcc was asked for.
        ToolError: There is no library that fits.
    """
    require_gcc_choice(toolchain)
    library = find_tflm(board.cpu, tflm_dir)
    check_operators(
        library.checkout, (project.directory / RESOLVER_SOURCE).read_text(encoding="utf-8")
    )
    return library


def _commands(
    plan: BuildPlan,
    chain: Toolchain,
    directory: Path,
    *,
    cache: Path,
    tflm: TflmLibrary | None,
) -> Commands:
    own = plan.toolchains.get(chain.name)
    if own is None:
        raise ConfigError(f"the project {directory} cannot be built with {chain.name}")
    return Commands(
        toolchain=chain,
        directory=directory,
        compile_flags=(
            *plan.compile_flags,
            *plan.warnings,
            *own.compile,
            *(f"-I{include}" for include in plan.include_dirs),
        ),
        link_flags=(*own.compile, *plan.link_flags, *own.link),
        environment={"ZIG_LOCAL_CACHE_DIR": str(cache)},
        cxx=None if tflm is None else _cxx_commands(plan, chain, own, tflm),
    )


def _cxx_commands(
    plan: BuildPlan, chain: Toolchain, own: ToolchainFlags, tflm: TflmLibrary
) -> CxxCommands:
    assert plan.tflm is not None, "a library is searched for where the plan wants one"
    library = tflm.path.relative_to(tflm.checkout).as_posix()
    return CxxCommands(
        command=find_gxx(chain).command,
        flags=(
            *plan.tflm.cxx_flags,
            *plan.tflm.cxx_warnings,
            *own.compile,
            f"-ffile-prefix-map={TFLM_PLACE}=tflm",
            *(f"-I{include}" for include in plan.include_dirs),
            # As system headers: their warnings are upstream's.
            *(f"-isystem{TFLM_PLACE}/{include}" for include in plan.tflm.include_dirs),
        ),
        libraries=(f"{TFLM_PLACE}/{library}", "-lm"),
        tflm_directory=tflm.checkout,
    )


def _compile_and_link(
    commands: Commands, plan: BuildPlan, temporary: Path, progress: Progress
) -> tuple[str, ...]:
    # Relative to the directory that the commands run in: its own path may hold characters (commas,
    # for one) that mean something to a compiler driver.
    here = Path(temporary.name)
    (temporary / OBJECT_DIRECTORY).mkdir()
    jobs = [
        CompileJob(source, here / OBJECT_DIRECTORY / f"{source.replace('/', '__')}.o")
        for source in plan.sources
    ]
    total = len(jobs)
    progress("compile", 0, total)
    warnings = compiler.compile_all(
        commands, jobs, done=lambda count: progress("compile", count, total)
    )
    progress("link")
    objects = [job.output for job in jobs]
    said = compiler.link(commands, objects, Path(plan.linker_script), here / ELF_NAME)
    return (*warnings, said) if said else warnings


def _check_linked(image: ElfImage, board: Board) -> None:
    """Refuse an ELF that cannot be sized or flashed, whatever flags and scripts made it so."""
    if image.symbol("tc_platform_ticks") is None:
        raise ToolError(
            f"{image.path.name} has no symbols, from which sizes and profiles are made",
            hint="no flag of the project may strip them",
        )
    regions = [region for region in board.memory if region.kind == "flash"]
    for segment in flashed_segments(image):
        first, end = segment.physical_address, segment.physical_address + len(segment.data)
        if not any(region.origin <= first and end <= region.end for region in regions):
            raise ToolError(
                f"{image.path.name}: the bytes from 0x{first:08x} to 0x{end:08x} lie in no flash"
                f" region of {board.name}; the linker script of the project is not this board's"
            )


def _write_images(image: ElfImage, board: Board, directory: Path) -> Mapping[str, str]:
    """Write firmware.bin, .hex and, for boards that take it, .uf2; their SHA-256 by kind."""
    _, binary = binary_image(image)
    contents = {"bin": binary, "hex": hex_image(image).encode("ascii")}
    for method in board.flash:
        family = method.uf2_family()
        if family is not None:
            contents["uf2"] = uf2_image(image, family)
    for kind, content in contents.items():
        (directory / image_name(kind)).write_bytes(content)
    return {kind: hashlib.sha256(content).hexdigest() for kind, content in contents.items()}


def _build_id(image: ElfImage) -> str:
    if image.build_id is None:
        raise ToolError(
            f"{image.path}: the linker wrote no build id, by which a device is recognised",
            hint="the linker script must keep the section .note.gnu.build-id",
        )
    return image.build_id.hex()


def _record(
    image: ElfImage,
    board: Board,
    plan: BuildPlan,
    commands: Commands,
    images: Mapping[str, str],
    warnings: tuple[str, ...],
    tflm: TflmLibrary | None,
) -> BuildRecord:
    flash = flash_sizes(image, source_groups(plan))
    ram = ram_sizes(image)
    return BuildRecord(
        schema=SCHEMA,
        schema_version=SCHEMA_VERSION,
        board=board.id,
        build_id=_build_id(image),
        elf_sha256=image.sha256,
        toolchain=ToolchainRecord(name=commands.toolchain.name, version=commands.toolchain.version),
        flags=_recorded_flags(commands),
        flash=FlashRecord(
            weights_bytes=flash.weights_bytes,
            kernels_bytes=flash.kernels_bytes,
            runtime_bytes=flash.runtime_bytes,
            platform_bytes=flash.platform_bytes,
            total_bytes=flash.total_bytes,
        ),
        ram=RamRecord(
            arena_bytes=ram.arena_bytes,
            static_bytes=ram.static_bytes,
            stack_reserved_bytes=ram.stack_reserved_bytes,
            total_bytes=ram.reserved_bytes,
        ),
        images=images,
        warnings=warnings,
        tflm=None if tflm is None else _tflm_record(tflm),
    )


def _recorded_flags(commands: Commands) -> tuple[str, ...]:
    flags = (*commands.compile_flags, *commands.link_flags)
    return flags if commands.cxx is None else (*flags, *commands.cxx.flags)


def _tflm_record(tflm: TflmLibrary) -> TflmRecord:
    return TflmRecord(
        commit=tflm.commit,
        target_arch=tflm.target_arch,
        build_type=tflm.build_type,
        library_sha256=hashlib.sha256(tflm.path.read_bytes()).hexdigest(),
    )
