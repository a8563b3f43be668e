"""Building a program for a virtual board, with the start-up of every firmware, and running it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cycle_model.programs import Program
from tinycompress import _proc
from tinycompress.artifacts import GeneratedSources
from tinycompress.boards import Board
from tinycompress.device.emulator import VirtualBoard
from tinycompress.errors import DeviceError
from tinycompress.firmware.plan import LINKER_SCRIPT
from tinycompress.firmware.render import project_tree
from tinycompress.toolchain.find import find_gcc
from tinycompress.toolchain.plan import read_plan

_TIMEOUT_S = 300.0
_NOTHING = b""
_NO_MODEL = GeneratedSources(
    engine="aot", exact_to="tflm", model_sha256=hashlib.sha256(_NOTHING).hexdigest(),
    files={}, kernel_files=(), inputs=(), outputs=(), layers=(),
    arena_bytes=0, weights_bytes=0, peak_layer="",
)  # fmt: skip


@dataclass(frozen=True)
class Run:
    """What one program took on one board."""

    iterations: int
    instructions: int
    cycles: int


def build(
    program: Program, checkout: Path, board: Board, level: tuple[str, ...], directory: Path
) -> Path:
    """Compile and link by gcc; the ELF.

    Args:
        program: Which benchmark.
        checkout: Its upstream sources.
        board: For which board; its start-up, platform and linker script are those of any project.
        level: Flags of optimization for the program; the start-up keeps its own.
        directory: An empty one to work in.

    Raises:
        ConfigError: ``checkout`` lacks a file.
        ToolError: gcc is missing, or refuses something.
    """
    for path, content in project_tree(_NO_MODEL, board, tflite=_NOTHING, model_name="-").items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    plan, gcc = read_plan(directory), find_gcc().command
    core = plan.toolchains["gcc"]
    include = [f"-I{directory / each}" for each in plan.include_dirs]
    objects: list[Path] = []

    def compile_one(source: Path, flags: tuple[str, ...]) -> None:
        objects.append(directory / f"{len(objects)}.o")
        argv = (*gcc, *core.compile, *flags, *include, "-c", str(source), "-o", str(objects[-1]))
        _proc.run(argv, timeout_s=_TIMEOUT_S)

    for source in (directory / each for each in plan.sources if each.startswith("platform/")):
        compile_one(source, plan.compile_flags)
    own = (f"-I{program.port_directory}", f"-I{checkout}", f"-DITERATIONS={program.iterations}")
    for source in program.sources(checkout):
        ours = source.parent == program.port_directory
        flags = ("-std=c11", "-O2", *plan.warnings) if ours else (*program.flags, "-w", *level)
        compile_one(source, (*own, *flags, "-ffunction-sections"))
    elf = directory / "program.elf"
    script = f"-Wl,-T,{directory / LINKER_SCRIPT}"
    link = (*plan.link_flags, *core.link, script)
    _proc.run((*gcc, *core.compile, *link, *objects, "-o", elf), timeout_s=_TIMEOUT_S)
    return elf


def run(program: Program, board: Board, elf: Path) -> Run:
    """Run it to its end on the virtual board.

    Raises:
        DeviceError: It faulted, or its own results are not those that it must have.
    """
    virtual = VirtualBoard(board, elf)
    virtual.run()

    def words(name: str, count: int, size_bytes: int) -> tuple[int, ...]:
        symbol = virtual.image.require_symbol(name)
        data = virtual.read_memory(symbol.address, count * size_bytes)
        starts = range(0, len(data), size_bytes)
        return tuple(int.from_bytes(data[at : at + size_bytes], "little") for at in starts)

    problem = program.problem(words, program.iterations)
    if problem is not None:
        raise DeviceError(
            f"{program.name} on {board.id} went wrong: {problem}", phase=virtual.phase
        )
    start, end = virtual.trace
    return Run(program.iterations, end.instructions - start.instructions, end.cycles - start.cycles)
