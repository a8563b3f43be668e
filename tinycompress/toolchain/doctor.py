"""Which tools that tinycompress drives are there, in which version, and whether they work."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinycompress import _proc
from tinycompress._resources import firmware_templates_dir
from tinycompress.artifacts import Finding, ToolchainName
from tinycompress.errors import ToolError
from tinycompress.firmware.tflm_library import VARIABLE
from tinycompress.toolchain.find import (
    CXX_INSTALL_HINT,
    GCC,
    GXX,
    INSTALL_HINTS,
    Toolchain,
    find_gcc,
    find_zig,
    gcc_path,
    zig_path,
)
from tinycompress.toolchain.tflm import (
    check_complete,
    checkout_commit,
    libraries,
    tflm_directory,
)

_TIMEOUT_S = 60.0
_KERAS_HINT = "pip install 'tinycompress-mcu[keras]' (needed for Keras models, not for .tflite)"
_CPU_FLAGS: dict[ToolchainName, tuple[str, ...]] = {
    "zig": ("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m4"),
    "gcc": ("-mcpu=cortex-m4", "-mthumb"),
}


@dataclass(frozen=True)
class _Package:
    """A Python package: any of ``distributions`` brings ``module``. It is never imported."""

    name: str
    distributions: tuple[str, ...]
    module: str
    hint: str


_PACKAGES = (
    _Package("unicorn", ("unicorn",), "unicorn", "pip install unicorn"),
    _Package("capstone", ("capstone",), "capstone", "pip install 'capstone<6'"),
    _Package("tflite-micro", ("tflite-micro",), "tflite_micro", "pip install tflite-micro"),
    _Package("ai-edge-litert", ("ai-edge-litert",), "ai_edge_litert", "pip install ai-edge-litert"),
    _Package("tensorflow", ("tensorflow", "tensorflow-cpu"), "tensorflow", _KERAS_HINT),
    _Package("keras", ("keras",), "keras", _KERAS_HINT),
    _Package("tf_keras", ("tf_keras",), "tf_keras", _KERAS_HINT),
    _Package(
        "tensorflow-model-optimization",
        ("tensorflow-model-optimization",),
        "tensorflow_model_optimization",
        _KERAS_HINT,
    ),
)


def diagnose() -> tuple[Finding, ...]:
    """Look at everything, in a fixed order. Runs the compilers on one small file each."""
    return (
        Finding("python", "ok", platform.python_version(), sys.executable),
        _compiler("zig", "zig", zig_path(), find_zig),
        _compiler("gcc", GCC, gcc_path(), find_gcc),
        _program(GXX, f"{CXX_INSTALL_HINT} (for --engine tflm)"),
        _tflm(),
        _program(
            "qemu-system-arm",
            "apt install qemu-system-arm (a second witness beside the emulated boards)",
        ),
        _program("cmake", "apt install cmake (to build projects without tinycompress)"),
        *(_package(package) for package in _PACKAGES),
        _serial_ports(),
    )


def _compiler(
    name: ToolchainName, shown: str, path: Path | None, find: Callable[[], Toolchain]
) -> Finding:
    hint = INSTALL_HINTS[name]
    if path is None:
        return Finding(shown, "missing", hint=hint)
    try:
        chain = find()
        _smoke_test(chain)
    except ToolError as error:
        return Finding(shown, "broken", detail=f"{path}: {error.message}", hint=error.hint or hint)
    return Finding(shown, "ok", chain.version, str(path))


def _smoke_test(chain: Toolchain) -> None:
    """Compile a file of the firmware for Cortex-M4; with gcc link it too, against the C library."""
    common = firmware_templates_dir() / "common"
    start = (*chain.command, *_CPU_FLAGS[chain.name])
    with tempfile.TemporaryDirectory(prefix="tinycompress-doctor-") as directory:
        object_file = str(Path(directory) / "smoke.o")
        compile_argv = (
            *start, "-std=c11", "-O2", "-ffreestanding", f"-I{common / 'include'}",
            "-c", str(common / "src" / "tc_crc32.c"), "-o", object_file,
        )  # fmt: skip
        link_argv = (
            *start, "-nostartfiles", "-Wl,--entry=tc_crc32", object_file,
            "-o", str(Path(directory) / "smoke.elf"),
        )  # fmt: skip
        hint = INSTALL_HINTS[chain.name]
        environment = {**chain.environment, "ZIG_LOCAL_CACHE_DIR": directory}
        # Zig's first link for a core takes seconds: it builds its run-time library.
        for argv in (compile_argv, link_argv) if chain.name == "gcc" else (compile_argv,):
            _proc.run(argv, timeout_s=_TIMEOUT_S, env=environment, hint=hint)


def _program(name: str, hint: str) -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(name, "missing", hint=hint)
    try:
        done = _proc.run([path, "--version"], timeout_s=_TIMEOUT_S, hint=hint)
    except ToolError as error:
        return Finding(name, "broken", detail=error.message, hint=hint)
    version = re.search(r"\d+(\.\d+)+", done.stdout)
    if version is None:
        return Finding(name, "broken", detail=f"{path} --version printed no version", hint=hint)
    return Finding(name, "ok", version[0], path)


def _tflm() -> Finding:
    """The checkout that TFLM_DIR names: its commit, and what was built in it for which core."""
    name = "TFLM library"
    checkout = tflm_directory()
    if checkout is None:
        return Finding(
            name, "missing", hint=f"for --engine tflm: {VARIABLE} or --tflm-dir (docs/engines.md)"
        )
    try:
        check_complete(checkout)
        found = libraries(checkout)
    except ToolError as error:
        return Finding(name, "broken", detail=error.message, hint=error.hint or "docs/engines.md")
    commit = checkout_commit(checkout) or "commit unknown"
    if not found:
        return Finding(
            name, "missing", commit, f"{checkout}: nothing was built for Cortex-M with CMSIS-NN",
            "`tinycompress build --engine tflm` tells the command for a board",
        )  # fmt: skip
    built = "; ".join(f"{one.target_arch} {one.build_type} ({one.target})" for one in found)
    return Finding(name, "ok", commit, f"{checkout}: {built}")


def _package(package: _Package) -> Finding:
    versions = list(filter(None, map(_installed_version, package.distributions)))
    if not versions:
        return Finding(package.name, "missing", hint=package.hint)
    if importlib.util.find_spec(package.module) is None:
        return Finding(
            package.name,
            "broken",
            versions[0],
            f"it is installed, but there is no module {package.module}",
            package.hint.replace("pip install", "pip install --force-reinstall", 1),
        )
    return Finding(package.name, "ok", versions[0])


def _installed_version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _serial_ports() -> Finding:
    name = "serial ports"
    if importlib.util.find_spec("serial") is None:
        return Finding(name, "missing", hint="pip install pyserial")
    from serial.tools import list_ports

    ports: Sequence[str] = sorted(
        f"{port.device} ({port.description})" for port in list_ports.comports()
    )
    if not ports:
        return Finding(
            name, "missing", detail="none found", hint="needed for real boards only (--port)"
        )
    return Finding(name, "ok", _installed_version("pyserial"), ", ".join(ports))
