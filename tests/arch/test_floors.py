"""The floors of ARCHITECTURE.md: who may import whom, read off the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "tinycompress"

FLOORS: dict[str, int] = {
    "errors": -1,
    "_version": 0, "_proc": 0, "_resources": 0, "_console": 0, "_files": 0, "_progress": 0,
    "_isolated": 0, "_arduino_cli": 0, "_includes": 0,
    "artifacts": 1, "_tf": 1, "ir": 1, "boards": 1, "oracle": 1, "elf": 1,
    "compression": 2, "conversion": 2, "codegen": 2, "firmware": 2,
    "toolchain": 3, "device": 3,
    "measurement": 4,
    "pipeline": 5, "deploy": 5,
    "callbacks": 6, "cli": 6, "__init__": 6,
    "__main__": 7,
}  # fmt: skip

# The exceptions: within F1 everything may build on the artifacts, and the oracle reads a model
# before it hands it to a runtime; a call of ours in another process is the running of a program.
ALLOWED_SIBLINGS = {
    ("ir", "artifacts"), ("boards", "artifacts"), ("oracle", "artifacts"), ("oracle", "ir"),
    ("_isolated", "_proc"),
}  # fmt: skip

TENSORFLOW = {"tensorflow", "keras", "tf_keras", "tensorflow_model_optimization"}


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> list[tuple[str, int]]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute here"
            assert node.module is not None
            if node.module == "tinycompress":
                found += [(f"tinycompress.{alias.name}", node.lineno) for alias in node.names]
            else:
                found.append((node.module, node.lineno))
    return found


def _sources() -> list[Path]:
    return [p for p in sorted(PACKAGE.rglob("*.py")) if "_data" not in p.parts]


def test_every_room_has_a_floor() -> None:
    assert {_room(path) for path in _sources()} <= set(FLOORS)


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    room = _room(path)
    for name, line in _imports(path):
        parts = name.split(".")
        if parts[0] != "tinycompress" or len(parts) == 1:
            continue
        other = parts[1]
        if other == room or (room, other) in ALLOWED_SIBLINGS:
            continue
        assert FLOORS[other] < FLOORS[room], f"{path}:{line}: {room} imports {name}"


@pytest.mark.parametrize("path", _sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_one_room_imports_tensorflow(path: Path) -> None:
    used = {name.split(".")[0] for name, _ in _imports(path)} & TENSORFLOW
    assert not used or _room(path) == "_tf", f"{path} imports {used}"


def test_the_command_line_starts_light() -> None:
    code = (
        "import sys; import tinycompress.cli.main; "
        "print(*sorted({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = TENSORFLOW | {
        "numpy", "pydantic", "unicorn", "capstone", "jinja2", "ai_edge_litert", "tflite_micro",
    }  # fmt: skip
    assert not heavy & set(done.stdout.split())
