"""Arduino sketches: built and uploaded by arduino-cli, or what to do without it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.firmware.frameworks import Tried, behind_a_port, called

from tinycompress import pipeline
from tinycompress._serial_ports import SerialPort
from tinycompress.boards import load_board
from tinycompress.cli.main import _run
from tinycompress.device import arduino_upload as arduino
from tinycompress.device.flashing import BoardPorts
from tinycompress.errors import ConfigError, FlashError, ToolError
from tinycompress.firmware import load_project
from tinycompress.pipeline import flashing
from tinycompress.toolchain.framework_build import compile_sketch, load_framework_built


@pytest.mark.gcc
def test_arduino_cli_compiles_the_sketch(
    model: Path, tmp_path: Path, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / "digits-nano"
    arguments = ["build", str(model), "-b", "nano33", "--framework", "arduino", "--json"]
    assert _run([*arguments, "-o", str(directory)]) == 0
    shown = json.loads(capsys.readouterr().out)
    ((command, *options, sketch),) = called(calls)
    assert (command, sketch) == ("compile", str(directory))
    assert options[:3] == ["--fqbn", "arduino:mbed_nano:nano33ble", "--output-dir"]
    assert shown["toolchain"]["name"] == "arduino"
    assert "GCC" in shown["toolchain"]["version"]
    project = load_project(directory)
    assert shown["build_id"] == project.project_id
    assert shown["elf"] == str(directory / "build" / "digits-nano.ino.elf")
    assert set(shown["images"]) == {"bin"}
    # Two filters of 3 x 3, and eight weights for each of three outputs.
    assert shown["flash"]["weights_bytes"] >= 2 * 9 + 3 * 8
    assert shown["flash"]["kernels_bytes"] > 500
    assert shown["ram"]["arena_bytes"] == project.arena_bytes
    hidden = [path.name for path in directory.iterdir() if path.name.startswith(".")]
    assert hidden == [".tinycompress-manifest.json"]


@pytest.mark.gcc
@pytest.mark.usefixtures("calls")
def test_a_build_that_fails_leaves_the_last_one(
    tried: Tried, own_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elf = (own_copy / "build" / "my-sketch.ino.elf").read_bytes()
    monkeypatch.setenv("STAND_IN_FAIL", "compile")
    board = load_board(str(tried.board)).within("arduino")
    with pytest.raises(ToolError, match="Platform 'arduino:mbed_nano' not found") as caught:
        compile_sketch(load_project(own_copy), board)
    assert caught.value.exit_code == 5
    assert "arduino-cli core install somebody:some_core" in str(caught.value.hint)
    assert (own_copy / "build" / "my-sketch.ino.elf").read_bytes() == elf


@pytest.mark.usefixtures("calls")
def test_a_first_build_that_fails_leaves_the_sketch_alone(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STAND_IN_FAIL", "compile")
    arguments = ["build", str(model), "-b", "nano33", "--framework", "arduino"]
    assert _run([*arguments, "-o", str(tmp_path / "new")]) == 5
    assert "not found" in capsys.readouterr().err
    assert (tmp_path / "new" / "new.ino").exists()
    assert not (tmp_path / "new" / "build").exists()


@pytest.mark.usefixtures("no_arduino_cli")
def test_without_arduino_cli_the_commands_are_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["build", str(model), "-b", "nano33", "--framework", "arduino"]
    assert _run([*arguments, "-o", str(tmp_path / "one")]) == 0
    printed = capsys.readouterr()
    assert "not compiled yet" in printed.out
    assert "arduino-cli compile --fqbn arduino:mbed_nano:nano33ble" in printed.err
    assert _run([*arguments, "-o", str(tmp_path / "two"), "--json", "--flash"]) == 5
    printed = capsys.readouterr()
    shown = json.loads(printed.out)
    assert (shown["compiled"], shown["framework"]) == (False, "arduino")
    assert "arduino-cli is not installed" in printed.err


def test_a_variable_that_names_no_program(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TC_ARDUINO_CLI", "/nowhere/arduino-cli")
    with pytest.raises(ToolError, match="TC_ARDUINO_CLI names no program"):
        pipeline.build_in_framework(model, "nano33", "arduino", output=tmp_path / "sketch")


@pytest.mark.parametrize("option", [["--toolchain", "gcc"], ["--transport", "uart"]])
def test_options_that_a_framework_decides_itself(
    option: list[str], model: Path, tmp_path: Path
) -> None:
    arguments = ["build", str(model), "-b", "nano33", "--framework", "arduino"]
    assert _run([*arguments, *option, "-o", str(tmp_path / "sketch")]) == 2
    assert not (tmp_path / "sketch").exists()


@pytest.mark.gcc
def test_what_was_linked_from_other_sources_is_refused(tried: Tried, own_copy: Path) -> None:
    facts = json.loads((own_copy / "tinycompress.json").read_text())
    facts["project_id"] = "ab" * 20
    (own_copy / "tinycompress.json").write_text(json.dumps(facts))
    board = load_board(str(tried.board)).within("arduino")
    with pytest.raises(ConfigError, match="was not linked from the sources"):
        load_framework_built(load_project(own_copy), board)


@pytest.mark.gcc
@pytest.mark.usefixtures("calls")
def test_a_build_directory_of_somebody_else_is_left_alone(tried: Tried, own_copy: Path) -> None:
    build = own_copy / "build"
    shutil.rmtree(build)
    build.mkdir()
    (build / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="arduino-cli did not make it"):
        compile_sketch(load_project(own_copy), load_board(str(tried.board)).within("arduino"))
    assert (build / "thesis.tex").read_text() == "years of work"


@pytest.mark.gcc
def test_flash_uploads_by_arduino_cli_and_asks_the_board(
    tried: Tried, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with behind_a_port(tried.program) as name:
        port = SerialPort(name, "a board", (0x2E8A, 0x00C0), "SERIAL", "1-1")
        monkeypatch.setattr(flashing, "choose_ports", lambda *_: BoardPorts(port, None))
        monkeypatch.setattr(flashing, "answering_port", lambda *_: port)
        done = pipeline.flash(tried.directory, board=tried.board)
    assert (done.method, done.port) == ("arduino-cli", name)
    assert called(calls) == [
        [
            "upload", "--fqbn", "somebody:some_core:my_board", "--port", name,
            "--input-dir", str(tried.directory / "build"), str(tried.directory),
        ]
    ]  # fmt: skip


@pytest.mark.gcc
def test_a_board_that_is_not_plugged_in(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flashing, "choose_ports", lambda *_: BoardPorts(None, None))
    with pytest.raises(FlashError, match="no USB port of"):
        pipeline.flash(tried.directory, board=tried.board)


@pytest.mark.usefixtures("calls")
def test_an_upload_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_FAIL", "upload")
    with pytest.raises(FlashError, match="arduino-cli failed: exit code 1") as caught:
        arduino.upload_sketch(tmp_path, tmp_path, fqbn="a:b:c", port="/dev/null")
    assert caught.value.exit_code == 6


@pytest.mark.usefixtures("no_arduino_cli")
def test_an_upload_without_arduino_cli(tmp_path: Path) -> None:
    with pytest.raises(FlashError, match="arduino-cli is not installed"):
        arduino.upload_sketch(tmp_path, tmp_path, fqbn="a:b:c", port="/dev/null")


@pytest.mark.gcc
def test_methods_of_other_builds_are_refused(tried: Tried) -> None:
    with pytest.raises(ConfigError, match="not flashed by bossac"):
        pipeline.flash(tried.directory, board=tried.board, method="bossac")
