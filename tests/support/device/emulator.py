"""Small programs in assembly and C for tests of the emulators, linked for a board's memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal

from support.common import ROOT, require_tool
from tinycompress.boards import Board, load_board
from tinycompress.device.emulator import VirtualBoard

Toolchain = Literal["zig", "gcc"]

M0PLUS, M3, M4, M7, M33 = (
    "raspberry_pi_pico",
    "qemu_mps2_an385",
    "qemu_mps2_an386",
    "qemu_mps2_an500",
    "nucleo_u575zi_q",
)

_ZIG_CPUS = {
    "cortex-m0plus": "cortex_m0plus", "cortex-m3": "cortex_m3", "cortex-m4": "cortex_m4",
    "cortex-m7": "cortex_m7", "cortex-m33": "cortex_m33",
}  # fmt: skip
_GNU_FPUS = {
    "none": "softvfp", "fpv4-sp-d16": "fpv4-sp-d16",
    "fpv5-sp-d16": "fpv5-sp-d16", "fpv5-d16": "fpv5-d16",
}  # fmt: skip

START = """
    .syntax unified
    .section .vectors, "a"
    .word 0x20002000
    .word start
    .text
    .thumb_func
    .type start, %function
    .global start
start:
"""
# The trace function of virtual boards: each call of it notes the counts.
TICKS = """
    .balign 4
    .thumb_func
    .type tc_platform_ticks, %function
    .global tc_platform_ticks
tc_platform_ticks:
    bx lr
    .size tc_platform_ticks, . - tc_platform_ticks
"""


def _command(toolchain: Toolchain, board: Board) -> list[str]:
    core = board.cpu.core
    hard = board.cpu.float_abi == "hard"
    if toolchain == "gcc":
        abi = f"-mfloat-abi={board.cpu.float_abi}"
        fpu = [f"-mfpu={_GNU_FPUS[board.cpu.fpu]}"] if hard else []
        dsp = "+nodsp" if core == "cortex-m33" and not board.cpu.dsp else ""
        return [require_tool("gcc"), f"-mcpu={core}{dsp}", "-mthumb", abi, *fpu]
    cpu = _ZIG_CPUS[core] + ("+dsp" if core == "cortex-m33" and board.cpu.dsp else "")
    target = "thumb-freestanding-eabihf" if hard else "thumb-freestanding-eabi"
    return [sys.executable, "-m", "ziglang", "cc", "-target", target, f"-mcpu={cpu}"]


def link(
    directory: Path,
    board: Board,
    *sources: tuple[str, str],
    toolchain: Toolchain = "zig",
    code_at: int | None = None,
) -> Path:
    """Link sources, given as (file name, text), so that vectors are first in the board's flash."""
    for name, text in sources:
        (directory / name).write_text(text)
    origin = board.region_for("code").origin if code_at is None else code_at
    boot2 = ""
    if any("boot2" in region.holds for region in board.memory):
        # Only a chip that has its second-stage boot loader starts.
        boot = board.region_for("boot2")
        boot2 = f". = {boot.origin:#x}; .boot2 : {{ KEEP(*(.boot2)) }}\n"
        text = (ROOT / "firmware_templates/mcu/rp2040/boot2.S").read_text()
        (directory / "boot2.S").write_text(text)
        sources = (*sources, ("boot2.S", text))
    (directory / "test.ld").write_text(
        f"ENTRY(start)\nSECTIONS {{ {boot2}. = {origin:#x};\n"
        ".text : { KEEP(*(.vectors)) *(.text .text.*) *(.rodata .rodata.*) }\n"
        f". = {board.region_for('data').origin + 0x4000:#x};\n"
        f".bss (NOLOAD) : {{ *(.bss .bss.*) }}\n/DISCARD/ : {{ *(.ARM.exidx*) *(.ARM.extab*) }} }}"
    )
    elf = directory / "test.elf"
    argv = [
        *_command(toolchain, board),
        *("-O2", "-g0", "-ffreestanding", "-nostartfiles", "-Wl,--build-id=none"),
        *(["-fno-sanitize=undefined"] if toolchain == "zig" else ["-nostdlib"]),
        *("-Wl,-T,test.ld", "-o", "test.elf", *(name for name, _ in sources)),
        *(["-lc", "-lgcc"] if toolchain == "gcc" else []),
    ]
    done = subprocess.run(
        argv, cwd=directory, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stderr}"
    return elf


def program(
    directory: Path, body: str, board: str = M4, *, toolchain: Toolchain = "zig"
) -> tuple[Board, Path]:
    """Assemble a program that starts with ``body``; ``ticks`` may be called."""
    target = load_board(board)
    fpu = f".fpu {target.cpu.fpu}\n" if target.cpu.fpu != "none" else ""
    text = fpu + START + body + TICKS
    return target, link(directory, target, ("test.s", text), toolchain=toolchain)


def run(
    directory: Path,
    body: str,
    board: str = M4,
    *,
    toolchain: Toolchain = "zig",
    native: bool = True,
    max_instructions: int = 50_000_000,
) -> VirtualBoard:
    """Run a program until it waits, ends or faults; a fault is raised."""
    target, elf = program(directory, body, board, toolchain=toolchain)
    virtual = VirtualBoard(target, elf, native=native, max_instructions=max_instructions)
    virtual.run()
    return virtual
