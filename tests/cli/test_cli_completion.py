"""Completion in the real shells, set up as docs/completion.md says, by a press of the Tab key."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from support.common import ROOT, require_tool

from tinycompress._resources import boards_dir

PAGE = ROOT / "docs" / "completion.md"
SHELLS = ("bash", "zsh", "fish")
_LONGEST_S = 60.0

Complete = Callable[[str, str], str]

# What is typed before Tab, and some of what must then be offered.
CASES = [
    ("tinycompress bui", ["build"]),
    ("tinycompress build net.tflite --board nano", ["nano33", "nano33ble"]),
    ("tinycompress build net.tflite --framework ", ["arduino", "zephyr"]),
    ("tinycompress build n", ["net.tflite"]),
    ("tinycompress init --template i", ["images", "imu"]),
    ("tinycompress compress net.keras --recipe prune", ["prune50"]),
    ("tinycompress compress net.keras --recipe ow", ["own.toml"]),
    ("tinycompress boards show rasp", ["raspberry_pi_pico"]),
]


def set_up(shell: str) -> str:
    """The line that the page gives for a shell's start-up file."""
    found = re.search(rf"^## {shell}\n.*?^    (\S.*?)$", PAGE.read_text("utf-8"), re.M | re.S)
    assert found is not None
    return found[1]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory with a model and a recipe, and the command on the path as pip installs it."""
    for name in ("net.tflite", "net.keras", "own.toml"):
        (tmp_path / name).write_bytes(b"")
    command = tmp_path / "bin" / "tinycompress"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m tinycompress "$@"\n', "utf-8")
    command.chmod(0o755)
    return tmp_path


@pytest.fixture(params=SHELLS)
def complete(request: pytest.FixtureRequest, place: Path) -> Complete:
    """What a shell shows after some text and Tab."""
    shell = require_tool(request.param)
    ask = {"bash": _in_bash, "zsh": _in_zsh, "fish": _in_fish}[request.param]
    return lambda typed, wanted: ask(shell, set_up(request.param), typed, wanted, place)


@pytest.mark.parametrize(("typed", "offered"), CASES, ids=[typed[13:] for typed, _ in CASES])
def test_tab_completes(complete: Complete, typed: str, offered: Sequence[str]) -> None:
    shown = complete(typed, offered[-1])
    assert [one for one in offered if one not in shown] == []


def test_every_board_is_offered(place: Path) -> None:
    shell = require_tool("bash")
    shown = _in_bash(shell, set_up("bash"), "tinycompress boards show ", "", place)
    assert {path.stem for path in boards_dir().glob("*.toml")} <= set(shown.split())


def _environment(place: Path) -> dict[str, str]:
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "HOME": str(place), "TERM": "dumb", "PYTHONPATH": str(ROOT)}


def _in_bash(shell: str, line: str, typed: str, wanted: str, place: Path) -> str:
    """Ask the function that bash would call."""
    script = f"""
{line}
COMP_WORDS=({typed}{" ''" if typed.endswith(" ") else ""})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
spec=$(complete -p tinycompress)
function=${{spec#*-F }}
${{function%% *}} tinycompress
printf '%s\\n' "${{COMPREPLY[@]}}"
compopt() {{ :; }}
[ ${{#COMPREPLY[@]}} -gt 0 ] || compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}"
"""
    return _output([shell, "--norc", "-c", script], place)


def _in_fish(shell: str, line: str, typed: str, wanted: str, place: Path) -> str:
    return _output([shell, "--no-config", "-c", f'{line}\ncomplete -C "{typed}"'], place)


def _output(command: Sequence[str], place: Path) -> str:
    done = subprocess.run(
        command, cwd=place, env=_environment(place), capture_output=True, text=True, check=False,
        timeout=_LONGEST_S,
    )  # fmt: skip
    return done.stdout


def _in_zsh(shell: str, line: str, typed: str, wanted: str, place: Path) -> str:
    """On a terminal, since zsh completes nowhere else."""
    start = f"PS1='> '; unsetopt beep; autoload -U compinit; compinit -u; {line}; print re''ady"
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(place)
        os.execve(shell, [shell, "-f", "-i"], _environment(place))
    try:
        os.write(terminal, f"{start}\n".encode())
        _read_until(terminal, "ready")
        os.write(terminal, f"{typed}\t\t".encode())
        return _read_until(terminal, wanted)
    finally:
        os.close(terminal)
        os.kill(child, 9)
        os.waitpid(child, 0)


def _read_until(terminal: int, wanted: str) -> str:
    """What the terminal shows, until it has shown that."""
    shown = ""
    for text in _pieces(terminal):
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", shown + text)
        if wanted in shown:
            break
    return shown


def _pieces(terminal: int) -> Iterator[str]:
    until = time.monotonic() + _LONGEST_S
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.2)[0]:
            yield os.read(terminal, 65536).decode(errors="replace")
