"""Finding the cross compilers: zig (the ``ziglang`` package from pip) and arm-none-eabi-gcc."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from tinycompress import _proc
from tinycompress.artifacts import ToolchainChoice, ToolchainName
from tinycompress.errors import ToolError

GCC = "arm-none-eabi-gcc"
GCC_VARIABLE = "TC_ARM_GCC"
ZIG_VARIABLE = "TC_ZIG"
INSTALL_HINTS: Mapping[ToolchainName, str] = MappingProxyType(
    {
        "zig": "pip install ziglang",
        "gcc": "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi, or --toolchain zig",
    }
)
GXX = "arm-none-eabi-g++"
CXX_INSTALL_HINT = (
    "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib"
)
_VERSION_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Toolchain:
    """A cross compiler that answered when asked for its version.

    ``command`` is the start of every command line; ``environment`` is added to the environment of
    every run. Neither gets into what is built.
    """

    name: ToolchainName
    command: tuple[str, ...]
    version: str
    environment: Mapping[str, str]


def select(choice: ToolchainChoice = "auto") -> Toolchain:
    """The cross compiler to use.

    ``auto`` is the one that pip brought, so that every machine builds the same bytes; gcc is only
    taken where there is no zig.

    Raises:
        ToolError: The compiler is missing or does not even print its version.
    """
    if choice == "zig":
        return find_zig()
    if choice == "gcc":
        return find_gcc()
    if zig_path() is not None:
        return find_zig()
    if gcc_path() is not None:
        return find_gcc()
    raise ToolError(
        "no cross compiler for Arm: neither the Python package ziglang nor "
        f"{GCC} (looked on PATH, in {ZIG_VARIABLE} and {GCC_VARIABLE})",
        hint=f"{INSTALL_HINTS['zig']}; or: apt install gcc-arm-none-eabi libnewlib-arm-none-eabi",
    )


def find_zig() -> Toolchain:
    """The zig of the ``ziglang`` package, or the program named by the variable TC_ZIG.

    Raises:
        ToolError: It is missing or does not even print its version.
    """
    path = zig_path()
    hint = INSTALL_HINTS["zig"]
    if path is None:
        raise ToolError("the compiler zig is missing: no Python package ziglang", hint=hint)
    environment = zig_environment()
    version = _version((str(path), "version"), environment, hint)
    return Toolchain("zig", (str(path), "cc"), version, MappingProxyType(environment))


def find_gcc() -> Toolchain:
    """arm-none-eabi-gcc from PATH, or the program named by the variable TC_ARM_GCC.

    Raises:
        ToolError: It is missing or does not even print its version.
    """
    path = gcc_path()
    hint = INSTALL_HINTS["gcc"]
    if path is None:
        raise ToolError(
            f"the compiler {GCC} is missing: not on PATH, and {GCC_VARIABLE} is not set", hint=hint
        )
    # Messages are read for what overflowed, so they must be in English.
    environment = {"LC_ALL": "C"}
    version = _version((str(path), "-dumpfullversion"), environment, hint)
    return Toolchain("gcc", (str(path),), version, MappingProxyType(environment))


def find_gxx(gcc: Toolchain) -> Toolchain:
    """The C++ compiler beside an arm-none-eabi-gcc, of the same version.

    Raises:
        ToolError: It is missing, does not run, or is another version.
    """
    beside = Path(gcc.command[0])
    name = beside.name.replace("gcc", "g++")
    path = beside.with_name(name)
    if name == beside.name or not path.is_file():
        raise ToolError(
            f"the C++ compiler {GXX} is missing: not beside {beside}", hint=CXX_INSTALL_HINT
        )
    version = _version((str(path), "-dumpfullversion"), gcc.environment, CXX_INSTALL_HINT)
    if version != gcc.version:
        raise ToolError(
            f"{path} is version {version}, {beside} is {gcc.version}: their objects do not mix",
            hint=CXX_INSTALL_HINT,
        )
    return Toolchain("gcc", (str(path),), version, gcc.environment)


def zig_path() -> Path | None:
    """Path of the zig program, or None; it is not run."""
    if named := os.environ.get(ZIG_VARIABLE):
        return Path(named)
    # The program itself, not `python -m ziglang`, which would start an interpreter for each file.
    spec = importlib.util.find_spec("ziglang")
    for directory in (spec.submodule_search_locations or ()) if spec else ():
        for name in ("zig", "zig.exe"):
            if (path := Path(directory) / name).is_file():
                return path
    return None


def gcc_path() -> Path | None:
    """Path of arm-none-eabi-gcc, or None; it is not run."""
    if named := os.environ.get(GCC_VARIABLE):
        return Path(named)
    found = shutil.which(GCC)
    return Path(found) if found else None


def zig_environment() -> dict[str, str]:
    """Where zig keeps what it built once (its run-time library, parsed headers).

    The user's own ZIG_GLOBAL_CACHE_DIR is respected. Else the cache is below the user's cache
    directory, or, where that cannot be written (no home, read-only home), below the system's
    temporary directory. Zig locks its cache itself, so builds may run side by side.

    Raises:
        ToolError: No place can be written.
    """
    named = os.environ.get("ZIG_GLOBAL_CACHE_DIR")
    for candidate in [Path(named)] if named else _cache_candidates():
        if _usable(candidate):
            place = os.path.abspath(candidate)
            return {"ZIG_GLOBAL_CACHE_DIR": place, "ZIG_LOCAL_CACHE_DIR": place}
    raise ToolError(
        f"no place for zig's cache can be written: {named or tempfile.gettempdir()}",
        hint="set ZIG_GLOBAL_CACHE_DIR to a directory that can be written",
    )


def _cache_candidates() -> list[Path]:
    candidates = []
    if base := os.environ.get("XDG_CACHE_HOME"):
        candidates.append(Path(base) / "tinycompress" / "zig")
    # There may be no HOME, and no entry in the password database either.
    with contextlib.suppress(RuntimeError):
        candidates.append(Path.home() / ".cache" / "tinycompress" / "zig")
    # Named after the user: what one user compiled must not be linked by another.
    user = os.getuid() if hasattr(os, "getuid") else "user"
    candidates.append(Path(tempfile.gettempdir()) / f"tinycompress-zig-{user}")
    return candidates


def _usable(directory: Path) -> bool:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if hasattr(os, "getuid") and directory.stat().st_uid != os.getuid():
            return False
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _version(argv: tuple[str, ...], environment: Mapping[str, str], hint: str) -> str:
    done = _proc.run(argv, timeout_s=_VERSION_TIMEOUT_S, env=environment, hint=hint)
    lines = done.stdout.split()
    if not lines:
        raise ToolError(f"no version from: {' '.join(argv)}", hint=hint)
    return lines[0]
