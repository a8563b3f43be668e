"""Commands that are suggested after a success run as they stand."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT
from support.firmware.frameworks import ARDUINO_CLI, Tried, behind_a_port
from support.models.tflite_files import small_cnn

from tinycompress.cli.answers import next_steps
from tinycompress.cli.answers.build import show_build
from tinycompress.cli.main import _run, main
from tinycompress.options import BuildOptions


def suggested(text: str) -> list[str]:
    """The commands of a command's messages."""
    found = [line.removeprefix("next: ") for line in text.splitlines() if line.startswith("next: ")]
    assert found, text
    return found


def run(line: str) -> int:
    """Run a call of tinycompress as a shell would read it."""
    program, *arguments = shlex.split(line)
    assert program == "tinycompress"
    return _run(arguments)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, whose name a shell would split; with a model and samples."""
    directory = tmp_path / "my models; $HOME"
    directory.mkdir()
    monkeypatch.chdir(directory)
    Path("small net.tflite").write_bytes(small_cnn())
    samples = np.random.default_rng(1).random((8, 4, 4, 1), np.float32)
    np.savez("test set.npz", x=samples, y=np.arange(8) % 3)
    return directory


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("option", ["--data", "--val"])
def test_build_then_bench_on_the_samples_that_were_given(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", "small net.tflite", "-b", "nano33", option, "test set.npz", "-o", "out dir"]
    assert _run(command) == 0
    (line,) = suggested(capsys.readouterr().err)
    assert line == "tinycompress bench 'out dir' --samples 'test set.npz'"
    assert run(f"{line} --json") == 0
    assert json.loads(capsys.readouterr().out)["exact"]["samples"] == 8


@pytest.mark.usefixtures("place")
def test_build_for_a_board_of_the_users(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "boards" / "raspberry_pi_pico.toml").read_text()
    lines = ['id = "mine"' if x.startswith("id ") else x for x in text.splitlines()]
    lines = ["aliases = []" if x.startswith("aliases") else x for x in lines]
    Path("mine.toml").write_text("\n".join(lines))
    assert _run(["build", "small net.tflite", "-b", "mine.toml"]) == 0
    (line,) = suggested(capsys.readouterr().err)
    assert line.endswith("--board mine.toml")
    assert run(line) == 0


@pytest.mark.usefixtures("place")
def test_bench_is_told_samples_that_it_can_read() -> None:
    np.savez("named.npz", image=np.zeros((2, 4, 4, 1), np.float32))
    assert next_steps._samples("named.npz", ["image"]) == ["--samples", "named.npz"]
    assert next_steps._samples("named.npz", ["left", "right"]) == []
    assert next_steps._samples(None, ["image"]) == []


@pytest.mark.usefixtures("place")
def test_convert_then_build(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["convert", "small net.tflite", "-o", "copy of it.tflite"]) == 0
    (line,) = suggested(capsys.readouterr().err)
    assert run(line) == 0
    assert run(suggested(capsys.readouterr().err)[0]) == 0


@pytest.mark.gcc
@pytest.mark.usefixtures("place", "no_arduino_cli")
def test_a_sketch_is_compiled_by_the_command_that_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", "small net.tflite", "-b", "nano33", "--framework", "arduino"]
    assert _run([*command, "-o", "my-sketch"]) == 0
    compile_it, flash, bench = suggested(capsys.readouterr().err)
    environment = {"PATH": f"{ARDUINO_CLI.parent}:/usr/local/bin:/usr/bin:/bin",
                   "STAND_IN_LOG": str(tmp_path / "log")}  # fmt: skip
    done = subprocess.run(
        compile_it, shell=True, env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert flash == "tinycompress flash my-sketch"
    assert bench == "tinycompress bench my-sketch --port PORT"
    # The firmware is found where the command left it; only the port is not there.
    assert run(bench) == 6
    assert "PORT" in capsys.readouterr().err


@pytest.mark.gcc
def test_a_compiled_sketch_is_measured_behind_a_port(
    tried: Tried, capsys: pytest.CaptureFixture[str]
) -> None:
    with main.make_context("tinycompress", ["boards"]):
        show_build(tried.made, str(tried.board), BuildOptions(), as_json=False, go_on=False)
    flash, bench = suggested(capsys.readouterr().err)
    assert shlex.split(flash)[:3] == ["tinycompress", "flash", str(tried.directory)]
    with behind_a_port(tried.program) as port:
        assert run(bench.replace("PORT", port)) == 0


@pytest.mark.usefixtures("place")
def test_an_application_is_left_to_west(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["build", "small net.tflite", "-b", "pico", "--framework", "zephyr", "-o", "my app"]
    assert _run(command) == 0
    build, flash, bench = suggested(capsys.readouterr().err)
    assert build == "(cd 'my app' && west build -b rpi_pico -d build .)"
    assert flash == "west flash -d 'my app/build'"
    assert bench == "tinycompress bench 'my app' --port PORT"
    # west itself is not needed to see that a shell takes the lines as they are meant.
    for line, words in ((build, ["build", "-b", "rpi_pico", "-d", "build", "."]),
                        (flash, ["flash", "-d", "my app/build"])):  # fmt: skip
        stub = f'west() {{ printf "%s\\n" "$@"; }}\n{line}'
        done = subprocess.run(["bash", "-c", stub], capture_output=True, text=True, check=True)
        assert done.stdout.splitlines() == words


@pytest.mark.usefixtures("place")
def test_the_steps_are_part_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["build", "small net.tflite", "-b", "pico", "--framework", "zephyr", "-o", "my app"]
    assert _run(command) == 0
    lines = suggested(capsys.readouterr().err)
    assert _run([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["commands"] == lines
