"""How a project is compiled: sources and flags, decided once for CMake and for ``toolchain``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from tinycompress.artifacts import ToolchainName
from tinycompress.boards import Board
from tinycompress.boards.schema import Core, Cpu, Fpu
from tinycompress.firmware import tflm_library
from tinycompress.firmware.tflm_library import TflmTarget, tflm_target

LINKER_SCRIPT = "board.ld"

# -O2 and one section per function and object, so that the linker drops what is not used. The
# firmware is freestanding: it has a start-up of its own and needs no C library header.
_COMPILE = (
    "-std=c11", "-O2", "-ffreestanding", "-ffunction-sections", "-fdata-sections", "-fno-common",
    "-fno-unwind-tables", "-fno-asynchronous-unwind-tables",
)  # fmt: skip
_WARNINGS = (
    "-Wall", "-Wextra", "-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wvla",
    "-Wstrict-prototypes",
)  # fmt: skip
# zig names an entry of its own, so the linker script's has to be repeated.
_LINK = ("-Wl,--entry=tc_reset", "-Wl,--gc-sections", "-Wl,--build-id=sha1")
# zig's cc compiles with undefined-behaviour traps, debug information and frame pointers, and links
# for pages of 64 KiB, unless told otherwise. Its clang unrolls at -O2 what need not be: -Os takes
# 3 KB less for 0 to 2 % more instructions (5 % of the smallest network), and fewer on a Cortex-M3.
# Linking at -Os would drop the symbols.
_ZIG_COMPILE = ("-Os", "-g0", "-fno-sanitize=undefined", "-fomit-frame-pointer")
_ZIG_LINK = ("-O2", "-Wl,-z,max-page-size=4")
_ZIG_FPU: Mapping[Fpu, str] = MappingProxyType(
    {
        "none": "",
        "fpv4-sp-d16": "+vfp4d16sp",
        "fpv5-sp-d16": "+fp_armv8d16sp",
        "fpv5-d16": "+fp_armv8d16",
    }
)
# Armv8-M cores whose DSP extension is an option: GCC assumes it, zig does not.
_OPTIONAL_DSP: tuple[Core, ...] = ("cortex-m33",)


@dataclass(frozen=True)
class ToolchainFlags:
    """Flags of one compiler beyond the common ones."""

    compile: tuple[str, ...]
    link: tuple[str, ...]


@dataclass(frozen=True)
class TflmPlan:
    """What a project of the TFLM engine takes from an upstream checkout, and how its C++ compiles.

    ``include_dirs`` are relative to the checkout; ``target`` is what the library must be built for.
    A C++ source is compiled with ``cxx_flags + cxx_warnings`` in place of the plan's
    ``compile_flags + warnings``.
    """

    target: TflmTarget
    include_dirs: tuple[str, ...]
    cxx_flags: tuple[str, ...]
    cxx_warnings: tuple[str, ...]


@dataclass(frozen=True)
class BuildPlan:
    """Everything that a driver of compilers must know; all paths are relative to the project.

    A source is compiled with ``compile_flags + warnings + toolchains[name].compile`` and every
    ``include_dirs``; objects are linked with ``toolchains[name].compile + link_flags +
    toolchains[name].link`` and the linker script. ``tflm`` is None where the AOT engine is used.
    """

    sources: tuple[str, ...]
    include_dirs: tuple[str, ...]
    compile_flags: tuple[str, ...]
    warnings: tuple[str, ...]
    link_flags: tuple[str, ...]
    linker_script: str
    toolchains: Mapping[ToolchainName, ToolchainFlags]
    tflm: TflmPlan | None = None


def build_plan(
    board: Board,
    *,
    sources: tuple[str, ...],
    include_dirs: tuple[str, ...],
    defines: tuple[str, ...] = (),
    tflm: bool = False,
) -> BuildPlan:
    """The plan for compiling ``sources`` for ``board``.

    Args:
        board: Whose core decides the flags.
        sources: ``.c``, ``.cpp`` and ``.S`` files, relative to the project.
        include_dirs: Relative to the project, in order.
        defines: ``-D`` flags.
        tflm: Whether stock TFLM is linked. Only gcc can: it brings the C++ library's headers.

    Raises:
        BoardError: Upstream does not build TFLM for the board's core.
    """
    gcc_link = ("-nostartfiles", *tflm_library.LINK) if tflm else ("-nostartfiles",)
    toolchains: dict[ToolchainName, ToolchainFlags] = {
        "gcc": ToolchainFlags(gcc_cpu_flags(board.cpu), gcc_link)
    }
    if not tflm:
        toolchains["zig"] = ToolchainFlags((*zig_cpu_flags(board.cpu), *_ZIG_COMPILE), _ZIG_LINK)
    return BuildPlan(
        sources=sources,
        include_dirs=include_dirs,
        compile_flags=(*_COMPILE, *defines),
        warnings=_WARNINGS,
        link_flags=_LINK,
        linker_script=LINKER_SCRIPT,
        toolchains=MappingProxyType(toolchains),
        tflm=_tflm_plan(board, defines) if tflm else None,
    )


def _tflm_plan(board: Board, defines: tuple[str, ...]) -> TflmPlan:
    return TflmPlan(
        target=tflm_target(board.cpu),
        include_dirs=tflm_library.INCLUDE_DIRS,
        cxx_flags=(*tflm_library.CXX_COMPILE, *defines),
        cxx_warnings=tflm_library.CXX_WARNINGS,
    )


def gcc_cpu_flags(cpu: Cpu) -> tuple[str, ...]:
    """What tells arm-none-eabi-gcc of the core (GCC manual, 3.19.5 ARM Options)."""
    core: str = cpu.core
    if core in _OPTIONAL_DSP and not cpu.dsp:
        core += "+nodsp"
    if core == "cortex-m55" and not cpu.mve:
        core += "+nomve"
    fpu = () if cpu.fpu == "none" else (f"-mfpu={cpu.fpu}",)
    return (f"-mcpu={core}", "-mthumb", f"-mfloat-abi={cpu.float_abi}", *fpu)


def zig_cpu_flags(cpu: Cpu) -> tuple[str, ...]:
    """What tells zig's clang of the core; its core names imply no FPU."""
    abi = "eabihf" if cpu.float_abi == "hard" else "eabi"
    core = cpu.core.replace("-", "_") + _ZIG_FPU[cpu.fpu]
    if cpu.core in _OPTIONAL_DSP:
        core += "+dsp" if cpu.dsp else "-dsp"
    if cpu.core == "cortex-m55":
        core += "+mve_fp" if cpu.mve else "-mve"
    return ("-target", f"thumb-freestanding-{abi}", f"-mcpu={core}")
