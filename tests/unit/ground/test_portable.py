"""What can be told on Linux of other systems: modules that they lack, their locks, their names."""

from __future__ import annotations

import ast
import errno
import fcntl
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from support.common import ROOT

from tinycompress import _file_lock
from tinycompress._owner import LOCK_NAME, owned_directory
from tinycompress.errors import ConfigError

PACKAGE = ROOT / "tinycompress"
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_RESERVED_NAMES = {"con", "prn", "aux", "nul"} | {
    f"{p}{n}" for p in ("com", "lpt") for n in "123456789"
}
_RESERVED_CHARACTERS = set('<>:"\\|?*')

# Python on Windows has none of these. pyserial chooses its own by os.name, which stays as it is.
_WITHOUT = """
import os, pkgutil, sys
import serial, numpy, rich.progress, subprocess, tempfile, asyncio
for name in ("fcntl", "termios", "tty", "pty", "pwd", "grp", "resource"):
    sys.modules[name] = None
for name in ("killpg", "getuid", "geteuid", "sched_getaffinity", "pread", "fork", "O_NOFOLLOW",
             "O_CLOEXEC", "openpty", "getpgid", "setsid"):
    delattr(os, name)
import msvcrt_stand_in
sys.modules["msvcrt"] = msvcrt_stand_in
import tinycompress
"""
_MSVCRT = "LK_NBLCK = 2\n\ndef locking(handle, mode, count):\n    pass\n"


def run_without(code: str, place: Path) -> str:
    """What code prints where Python has what it has on Windows."""
    (place / "msvcrt_stand_in.py").write_text(_MSVCRT, encoding="utf-8")
    path = f"{ROOT}:{place}"
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT + textwrap.dedent(code)], cwd=place, capture_output=True,
        text=True, check=False, env={"PATH": os.defpath, "HOME": str(place), "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_everything_is_imported(tmp_path: Path) -> None:
    code = """
    import importlib
    names = [each.name for each in pkgutil.walk_packages(tinycompress.__path__, "tinycompress.")]
    for name in names:
        if "_data" not in name and not name.endswith("__main__"):
            importlib.import_module(name)
    print(len(names))
    """
    assert int(run_without(code, tmp_path)) > 300


def test_a_model_is_built_and_measured(tmp_path: Path) -> None:
    """A pseudo-terminal is all that is missed, and that is told."""
    code = f"""
    from tinycompress.cli.main import _run
    model = {str(ROOT / "examples" / "digits" / "digits_int8.tflite")!r}
    assert _run(["build", model, "--board", "nano33", "-o", "p"]) == 0
    assert _run(["bench", "p", "-o", "r"]) == 0
    assert _run(["serve", "p"]) == 2
    assert _run(["doctor"]) in (0, 5)
    """
    assert "fits the board" in run_without(code, tmp_path)
    assert (tmp_path / "r" / "summary.json").is_file()
    assert list(tmp_path.glob(f"*{LOCK_NAME}")) == []


def test_the_locks_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in for msvcrt that locks as that does: at once, or with EACCES."""
    asked = []

    def locking(handle: int, mode: int, count: int) -> None:
        asked.append((mode, count))
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(errno.EACCES, "Permission denied") from error

    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(LK_NBLCK=2, locking=locking))
    monkeypatch.setattr(_file_lock, "_module", lambda name: None)
    with owned_directory(tmp_path / "out"):
        text = (tmp_path / "out" / LOCK_NAME).read_bytes()
        assert text.startswith(b"process "), "the locked byte lies behind the content"
        with (
            pytest.raises(ConfigError, match="another run writes into"),
            owned_directory(tmp_path / "out"),
        ):
            pass
    with owned_directory(tmp_path / "out"):
        pass
    assert not (tmp_path / "out").exists()
    assert set(asked) == {(2, 1)}


def test_names_that_every_file_system_takes() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len({name.lower() for name in listed}) == len(listed), "equal but for case"
    for name in listed:
        for part in Path(name).parts:
            assert part.split(".")[0].lower() not in _RESERVED_NAMES, name
            assert not set(part) & _RESERVED_CHARACTERS, name
            assert not part.endswith((" ", ".")), name
        assert len(name) < 150, f"{name}: with a checkout's path it may be beyond 260"


def _calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def test_text_is_utf_8_everywhere() -> None:
    """Not what a system takes for text: on Windows a code page."""
    for path in PACKAGE.rglob("*.py"):
        for call in _calls(path):
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            says = {keyword.arg for keyword in call.keywords}
            where = f"{path}:{call.lineno}"
            if name == "read_text" or (
                name == "write_text" and isinstance(call.func, ast.Attribute)
            ):
                ours = ast.unparse(call.func).startswith("_files.")
                assert ours or "encoding" in says or len(call.args) > 1, where
            if name == "open" and isinstance(call.func, ast.Name):
                binary = any("b" in str(getattr(arg, "value", "")) for arg in call.args[1:])
                assert binary or "encoding" in says, where


def test_class_variables_say_their_type() -> None:
    """Python 3.10 cannot resolve a ClassVar alone, which pydantic asks it to."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.AnnAssign):
                assert ast.unparse(node.annotation) != "ClassVar", f"{path}:{node.lineno}"
