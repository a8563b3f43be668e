"""What tests of Arduino and Zephyr projects share: boards, and programs for this PC."""

from __future__ import annotations

import json
import os
import subprocess
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.common import ROOT, require_tool
from tinycompress.artifacts import FrameworkName
from tinycompress.pipeline import Build

STAND_INS = ROOT / "tests" / "stand_ins"
FRAMEWORKS: tuple[FrameworkName, ...] = ("arduino", "zephyr")
ARDUINO_CLI = STAND_INS / "arduino" / "arduino-cli"


def board_without_dwt(directory: Path) -> Path:
    """A board file of a Cortex-M0+ that Arduino and Zephyr know: ticks are not the DWT's."""
    text = (ROOT / "boards" / "raspberry_pi_pico.toml").read_text()
    lines = [
        'id      = "my_board"' if line.startswith("id ")
        else "aliases = []" if line.startswith("aliases")
        else line
        for line in text.splitlines()
    ]  # fmt: skip
    path = directory / "my_board.toml"
    path.write_text("\n".join(lines) + '\n[arduino]\nfqbn = "somebody:some_core:my_board"\n')
    return path


def sketch_for_pc(sketch: Path, program: Path, *defines: str) -> Path:
    """Compile a sketch with a core whose Serial is standard input and output."""
    require_tool("host-cc")
    core = STAND_INS / "arduino"
    objects = program.with_name("objects")
    objects.mkdir()
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", f"-I{core}", "-fsanitize=undefined",
             *defines]  # fmt: skip
    sources = [
        path for path in sorted((sketch / "src").rglob("*")) if path.suffix in (".c", ".cpp")
    ]
    for number, source in enumerate([*sources, core / "core_for_pc.cpp"]):
        compiler = ["gcc", "-std=gnu11"] if source.suffix == ".c" else ["g++", "-std=gnu++14"]
        _run([*compiler, *flags, "-c", str(source), "-o", str(objects / f"{number}.o")])
    main_file = sketch / f"{sketch.name}.ino"
    _run(["g++", "-std=gnu++14", *flags, "-x", "c++", "-include", "Arduino.h", "-c",
          str(main_file), "-o", str(objects / "sketch.o")])  # fmt: skip
    _run(["g++", "-fsanitize=undefined", *map(str, sorted(objects.iterdir())), "-o", str(program)])
    return program


def application_for_pc(application: Path, build: Path, *options: str, cycles_per_sec: int) -> Path:
    """Configure and build a Zephyr application, its own CMakeLists.txt and all, for this PC."""
    cmake = require_tool("cmake")
    os_environment = {**os.environ, "ZEPHYR_BASE": str(STAND_INS / "zephyr")}
    for argv in (
        [cmake, "-S", str(application), "-B", str(build), "-Wno-dev",
         f"-DSTAND_IN_CYCLES_PER_SEC={cycles_per_sec}", *options],
        [cmake, "--build", str(build)],
    ):  # fmt: skip
        _run(argv, environment=os_environment)
    return build / "app"


def called(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


@dataclass(frozen=True)
class Tried:
    """A sketch that the stand-in compiled for Arm, and the same sketch as a program for this PC."""

    board: Path
    made: Build
    program: Path
    calls: tuple[list[str], ...]

    @property
    def directory(self) -> Path:
        return self.made.project.directory


@contextmanager
def behind_a_port(program: Path) -> Iterator[str]:
    """Run a program that talks on standard input and output; the name of a port that reaches it."""
    controller, port = os.openpty()
    tty.setraw(port)
    process = subprocess.Popen([program], stdin=controller, stdout=controller)
    try:
        yield os.ttyname(port)
    finally:
        process.kill()
        process.wait()
        os.close(controller)
        os.close(port)


def _run(argv: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
