"""The rooms of ``codegen`` import downwards, and no folder holds more files than can be seen."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest
from support.common import ROOT
from support.imports import imports_of

PACKAGE = ROOT / "tinycompress" / "codegen"

# Rooms and modules of codegen, from the ground up; what stands in one line knows nothing of others.
FLOORS = (
    {"options", "overlap", "c_literals", "kernel_files", "rewrite"},
    {"layer"},
    {"param_types"},
    {"rounding"},
    {"weights"},
    {"ops"},
    {"macs", "passes", "state", "supported"},
    {"arena", "simplify"},
    {"choosing"},
    {"stages"},
    {"legality", "rendering"},
    {"tflm"},
    {"verdict"},
    {"generator", "weighing"},
    {"__init__"},
)  # fmt: skip
_MOST_FILES = 25


def _floor(room: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if room in rooms)


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_rooms_of_codegen_import_downwards(path: Path) -> None:
    room = _room(path)
    for name, line in imports_of(path):
        parts = name.split(".")
        if parts[:2] != ["tinycompress", "codegen"] or len(parts) == 2:
            continue
        other = parts[2]
        below = other == room or other not in set().union(*FLOORS) or _floor(other) < _floor(room)
        assert below, f"{path}:{line}: {room} imports {name}"


def test_every_room_of_codegen_has_a_floor() -> None:
    assert {_room(path) for path in _modules()} == set().union(*FLOORS)


def test_no_folder_holds_too_many_files() -> None:
    """Cases of tests apart: their tables are the files of a folder."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    counts = Counter(str(Path(name).parent) for name in listed if name)
    cases = ("tests/boards", "tests/cli", "tests/data", "tests/host_c", "tests/unit", "tests/tf",
             "docs", "tests/emulated", "tests/property")  # fmt: skip
    crowded = {f: n for f, n in counts.items() if n > _MOST_FILES and not f.startswith(cases)}
    assert crowded == {}
