"""A tiny model for tests of firmware projects, and compiling a project by its own plan."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from support.common import ROOT, require_tool
from support.device.process_link import ProcessLink
from tinycompress.artifacts import (
    FirmwareProject,
    GeneratedSources,
    LayerInfo,
    TensorSpec,
    ToolchainName,
)
from tinycompress.boards import Board, load_board
from tinycompress.firmware import load_plan, render_project

TFLITE = b"not read by anything that these tests run"
BYTES = 24


def copy_sources(**changes: object) -> GeneratedSources:
    """The model of tests/data/copy_model.c as a code generator would hand it over."""
    spec = TensorSpec("x", (1, BYTES), "int8", 0.5, -1)
    sources = GeneratedSources(
        engine="aot",
        exact_to="tflm",
        model_sha256=hashlib.sha256(TFLITE).hexdigest(),
        files={"copy_model.c": (ROOT / "tests" / "data" / "copy_model.c").read_text()},
        kernel_files=("tck_math.h",),
        inputs=(spec,),
        outputs=(replace(spec, name="y"),),
        layers=(LayerInfo(0, "copy", "COPY", 0, (1, BYTES), "copy"),),
        arena_bytes=2 * BYTES,
        weights_bytes=BYTES,
        peak_layer="copy",
    )
    return replace(sources, **changes)  # type: ignore[arg-type]


def copy_project(board: str | Board, directory: Path) -> FirmwareProject:
    """The project of the copying model for a board."""
    target = load_board(board) if isinstance(board, str) else board
    return render_project(copy_sources(), target, directory, tflite=TFLITE, model_name="copy")


def fault_project(board: str, directory: Path) -> FirmwareProject:
    """The project of tests/data/fault_model.c for a board."""
    text = (ROOT / "tests" / "data" / "fault_model.c").read_text()
    sources = copy_sources(files={"fault_model.c": text})
    return render_project(sources, load_board(board), directory, tflite=TFLITE, model_name="faults")


def compiler(toolchain: ToolchainName) -> list[str]:
    """Start of the compiler's command line."""
    if toolchain == "gcc":
        return [require_tool("gcc")]
    return [sys.executable, "-m", "ziglang", "cc"]


def link(project: FirmwareProject, toolchain: ToolchainName, elf: Path, *flags_too: str) -> Path:
    """Compile and link in one go, as tinycompress.json says, every warning an error."""
    plan = load_plan(project.directory)
    flags = plan.toolchains[toolchain]
    argv = [
        *compiler(toolchain),
        *flags.compile,
        *plan.compile_flags,
        *plan.warnings,
        "-Werror",
        *flags_too,
        *(f"-I{directory}" for directory in plan.include_dirs),
        *plan.sources,
        *plan.link_flags,
        *flags.link,
        f"-Wl,-T,{plan.linker_script}",
        "-o",
        str(elf),
    ]
    done = subprocess.run(
        argv, cwd=project.directory, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
    assert done.stderr == "", done.stderr
    return elf


def start_qemu(board: Board, elf: Path) -> ProcessLink:
    """The board's firmware in QEMU."""
    assert board.qemu is not None
    return ProcessLink(
        [
            require_tool("qemu"), "-M", board.qemu.machine,
            "-icount", f"shift={board.qemu.icount_shift}", "-nographic", "-monitor", "none",
            "-serial", "stdio", "-semihosting", "-kernel", elf,
        ]
    )  # fmt: skip
