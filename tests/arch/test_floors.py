"""The floors of ARCHITECTURE.md: who may import whom, read off the source itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.imports import imports_of

PACKAGE = Path(__file__).resolve().parents[2] / "tinycompress"

FLOORS: dict[str, int] = {
    "errors": -1, "_tables": -1, "_sealed": -1,
    "_version": 0, "_proc": 0, "_resources": 0, "_console": 0, "_files": 0, "_progress": 0,
    "_isolated": 0, "_arduino_cli": 0, "_owner": 0, "_serial_ports": 0, "_includes": 0, "_lfs": 0,
    "_samples": 0, "_strict_toml": 0, "_drawing": 0, "_file_lock": -1,
    "artifacts": 1, "options": 1, "_tf": 1, "ir": 1, "flashing": 1, "boards": 1, "oracle": 1,
    "elf": 1, "calibrators": 1, "quality": 1,
    "schemas": 2,
    "compression": 2, "conversion": 2, "codegen": 2, "firmware": 2, "features": 2,
    "toolchain": 3, "device": 3,
    "measurement": 4,
    "pipeline": 5, "deploy": 5, "reporting": 5,
    "callbacks": 6, "search": 6,
    "cli": 7, "__init__": 7,
    "__main__": 8,
}  # fmt: skip

# The exceptions: within F1 everything may build on the artifacts, and the oracle reads a model
# before it hands it to a runtime, and whoever
# judges a model runs it there; a flash table of a board file is read by the method that it
# names, and a method verifies what the ELF says; a call of ours in another process is the running
# of a program; whatever prints knows what a terminal would act upon.
ALLOWED_SIBLINGS = {
    ("ir", "artifacts"), ("boards", "artifacts"), ("oracle", "artifacts"), ("oracle", "ir"),
    ("boards", "flashing"), ("flashing", "artifacts"), ("flashing", "elf"), ("_isolated", "_proc"),
    ("options", "artifacts"), ("_samples", "_lfs"), ("quality", "artifacts"), ("quality", "ir"),
    ("quality", "oracle"),
}  # fmt: skip

TENSORFLOW = {"tensorflow", "keras", "tf_keras", "tensorflow_model_optimization"}


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _sources() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if "_data" not in p.parts]


def test_every_room_has_a_floor() -> None:
    assert {_room(path) for path in _sources()} <= set(FLOORS)


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = _room(path)
    for name, line in imports_of(path):
        parts = name.split(".")
        if parts[0] != "tinycompress" or len(parts) == 1:
            continue
        other = parts[1]
        if other == room or (room, other) in ALLOWED_SIBLINGS:
            continue
        assert FLOORS[other] < FLOORS[room], f"{path}:{line}: {room} imports {name}"


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_one_room_imports_tensorflow(path: Path) -> None:
    used = {name.split(".")[0] for name, _ in imports_of(path)} & TENSORFLOW
    assert not used or _room(path) == "_tf", f"{path} imports {used}"


def test_the_command_line_starts_light() -> None:
    code = (
        "import sys; import tinycompress.cli.main; "
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = TENSORFLOW | {
        "numpy", "pydantic", "unicorn", "capstone", "jinja2", "ai_edge_litert", "tflite_micro",
        "matplotlib",
    }  # fmt: skip
    assert not heavy & set(done.stdout.split())


COMPRESSION = (
    "network", "data", "synthetic", "checks", "distillation", "training", "schemes", "sensitivity",
    "criteria", "factors", "stages", "run",
)  # fmt: skip
"""The rooms of compression, each built on those before it."""


@pytest.mark.parametrize("room", COMPRESSION)
def test_rooms_of_compression_build_on_those_before(room: str) -> None:
    allowed = COMPRESSION[: COMPRESSION.index(room) + 1]
    for path in sorted((PACKAGE / "compression" / room).glob("*.py")):
        for name, line in imports_of(path):
            parts = name.split(".")
            if parts[:2] == ["tinycompress", "compression"] and parts[2] in COMPRESSION:
                assert parts[2] in allowed, f"{path}:{line}: {room} imports {name}"


def test_reading_a_recipe_loads_no_tensorflow() -> None:
    code = (
        "import sys; from tinycompress.compression.run.recipe import list_recipes; "
        "assert list_recipes(); print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not (TENSORFLOW | {"ai_edge_litert", "tflite_micro"}) & set(done.stdout.split())


_MOST_LINES = 400


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_is_too_long_to_hold_in_the_head(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= _MOST_LINES
