"""Whose fault it is that a compiler does not take a file, and what to do."""

from __future__ import annotations

from pathlib import PurePosixPath

from tinycompress.artifacts import FirmwareProject, ToolchainName

_COMPILED = frozenset({".c", ".cpp", ".h", ".S"})


def edited_sources(project: FirmwareProject) -> tuple[str, ...]:
    """Files of a project that a compiler reads and the user edited, as its last writing found."""
    kept = project.update.kept
    return tuple(path for path in kept if PurePosixPath(path).suffix in _COMPILED)


def refusal_hint(edited: tuple[str, ...], refusing: ToolchainName | None) -> str:
    """What to do about files that do not compile.

    Args:
        edited: Files that the user edited.
        refusing: The compiler that does not take them; None if neither does.
    """
    if edited:
        return f"you edited {', '.join(edited)}; --force writes what tinycompress would"
    hint = "tinycompress wrote this C, so the fault is its own: please report it with the model"
    if refusing is None:
        return hint
    other = "gcc" if refusing == "zig" else "zig"
    return f"{hint}; until then try the other compiler: --toolchain {other}"
