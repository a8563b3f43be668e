"""What tests of flashing share: programs that stand in for real tools, and a desk with boards."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import struct
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tinycompress._progress import no_progress
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import Board
from tinycompress.device.cpuid import emulated_cpuid
from tinycompress.device.emulator.peripherals import system_control
from tinycompress.device.link import Link
from tinycompress.flashing.method import FlashJob

NANO_SKETCH = (0x2341, 0x805A)
NANO_BOOT = (0x2341, 0x005A)
ADAPTER = (0x0403, 0x6001)

_STAND_IN = """#!{python}
import json, os, pathlib, sys, time
here = pathlib.Path({here!r})
calls = here / ({name!r} + ".calls")
done = calls.read_text().splitlines() if calls.exists() else []
steps = json.loads((here / ({name!r} + ".json")).read_text())
step = steps[min(len(done), len(steps) - 1)]
call = {{"argv": sys.argv[1:], "cwd": os.getcwd()}}
files = [word.split('"')[0] for word in sys.argv[1:] if pathlib.Path(word).is_file()]
call["files"] = {{name: pathlib.Path(name).read_bytes().hex() for name in files}}
with calls.open("a") as out:
    print(json.dumps(call), file=out)
sys.stdout.write(step.get("stdout", ""))
sys.stdout.flush()
sys.stderr.write(step.get("stderr", ""))
sys.stderr.flush()
time.sleep(step.get("sleep_s", 0))
sys.exit(step.get("exit", 0))
"""


@dataclass(frozen=True)
class StandIn:
    """A program on PATH that records how it was called and says what the real one would."""

    name: str
    directory: Path

    @property
    def calls(self) -> list[dict[str, Any]]:
        path = self.directory / f"{self.name}.calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def argv(self) -> list[str]:
        """Of its only call."""
        (call,) = self.calls
        argv = call["argv"]
        assert isinstance(argv, list)
        return argv


def stand_in(directory: Path, name: str, *steps: dict[str, Any]) -> StandIn:
    """Put a program into a directory; its n-th call does the n-th step, or the last."""
    directory.mkdir(exist_ok=True)
    (directory / f"{name}.json").write_text(json.dumps(steps))
    program = directory / name
    program.write_text(_STAND_IN.format(python=sys.executable, here=str(directory), name=name))
    program.chmod(0o755)
    return StandIn(name, directory)


def images(directory: Path) -> dict[str, Path]:
    """One file per kind, each saying what it is."""
    found = {}
    for kind in ("elf", "bin", "hex", "uf2"):
        found[kind] = directory / f"firmware.{kind}"
        found[kind].write_bytes(f"the {kind} image".encode())
    return found


def job(board: Board, directory: Path, port: SerialPort | None = None, **changes: Any) -> FlashJob:
    values: dict[str, Any] = {
        "board_name": board.name, "images": images(directory), "port": port, "alone": True,
        "progress": no_progress, **changes,
    }  # fmt: skip
    return FlashJob(**values)


def write_elf(path: Path, program: Mapping[int, bytes]) -> None:
    """Write an Arm program that is nothing but bytes at addresses (TIS ELF 1.2)."""
    head, entry = 52, 32
    offset = head + entry * len(program)
    header = struct.pack(
        "<16sHHIIIIIHHHHHH", b"\x7fELF\x01\x01\x01", 2, 40, 1, 0, head, 0, 0x0500_0000,
        head, entry, len(program), 40, 0, 0,
    )  # fmt: skip
    entries, contents = b"", b""
    for address, data in program.items():
        at = offset + len(contents)
        entries += struct.pack("<8I", 1, at, address, address, len(data), len(data), 5, 4)
        contents += data
    path.write_bytes(header + entries + contents)


@dataclass
class Line:
    """A pseudo-terminal: ``name`` is what a program opens, the board is at the other end."""

    board_end: int
    host_end: int
    name: str

    @property
    def was_touched(self) -> bool:
        """Whether somebody set it to 1200 baud."""
        return bool(termios.tcgetattr(self.host_end)[4] == termios.B1200)

    def close(self) -> None:
        for end in (self.board_end, self.host_end):
            with contextlib.suppress(OSError):
                os.close(end)


def pose_as_silicon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give virtual boards the CPUID of the cores themselves: they stand in for real ones."""
    monkeypatch.setattr(
        system_control, "emulated_cpuid", lambda core: ord("A") << 24 | emulated_cpuid(core)
    )


def open_line() -> Line:
    board_end, host_end = pty.openpty()
    tty.setraw(host_end)
    return Line(board_end, host_end, os.ttyname(host_end))


@contextlib.contextmanager
def answering(line: Line, device: Link) -> Iterator[None]:
    """Let a device answer at the board's end of a line while the block runs."""
    stop = threading.Event()

    def pump() -> None:
        while not stop.is_set():
            if select.select((line.board_end,), (), (), 0.02)[0]:
                device.write(os.read(line.board_end, 4096))
            data = device.read(0.0)
            if data:
                os.write(line.board_end, data)

    thread = threading.Thread(target=pump)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@dataclass
class Desk:
    """The ports that the system shows; what happens on the desk is told by ``events``.

    Every look at the ports first runs all events, so that boards vanish and come back while the
    code under test waits for them. ``looks`` counts them.
    """

    ports: list[SerialPort] = field(default_factory=list)
    events: list[Callable[[Desk], None]] = field(default_factory=list)
    looks: int = 0

    def list_serial_ports(self) -> tuple[SerialPort, ...]:
        self.looks += 1
        for event in self.events:
            event(self)
        return tuple(self.ports)

    def replace(self, old: SerialPort, *new: SerialPort) -> None:
        self.ports = [port for port in self.ports if port != old] + list(new)
