"""Arduino sketches and Zephyr applications: complete, compiled, and run and measured on this PC."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from firmware_support import TFLITE, ProcessLink, copy_sources
from framework_support import (
    ARDUINO_CLI,
    STAND_INS,
    application_for_pc,
    behind_a_port,
    board_without_dwt,
    sketch_for_pc,
)
from support import EXECUTABLES, require_tool
from tflite_files import small_cnn

from tinycompress import pipeline
from tinycompress.artifacts import FrameworkName, TransportName
from tinycompress.boards import load_board
from tinycompress.cli.main import _run
from tinycompress.device.flash import arduino
from tinycompress.device.flash.flashing import BoardPorts
from tinycompress.device.ports import SerialPort
from tinycompress.errors import BoardError, ConfigError, DeviceError, FlashError, ToolError
from tinycompress.firmware import load_project, render_framework_project
from tinycompress.firmware.frameworks import framework_tree
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.measurement.client import DeviceClient
from tinycompress.oracle import Oracle
from tinycompress.pipeline import FrameworkBuild, flashing
from tinycompress.toolchain.framework_build import compile_sketch, load_framework_built

FRAMEWORKS: tuple[FrameworkName, ...] = ("arduino", "zephyr")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.tflite"
    path.write_bytes(small_cnn())
    return path


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The stand-in is the arduino-cli; the file of its calls."""
    require_tool("gcc")
    log = tmp_path / "calls"
    log.write_text("")
    monkeypatch.setenv("TC_ARDUINO_CLI", str(ARDUINO_CLI))
    monkeypatch.setenv("STAND_IN_LOG", str(log))
    return log


@pytest.fixture
def no_arduino_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("TC_ARDUINO_CLI", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))


@dataclass(frozen=True)
class Tried:
    """A sketch that the stand-in compiled for Arm, and the same sketch as a program for this PC."""

    board: Path
    made: FrameworkBuild
    program: Path
    calls: tuple[list[str], ...]

    @property
    def directory(self) -> Path:
        return self.made.project.directory


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    """On a board without a DWT, so that this PC can run it. Tests must not change it."""
    require_tool("gcc")
    place = tmp_path_factory.mktemp("sketches")
    (place / "small.tflite").write_bytes(small_cnn())
    (place / "calls").write_text("")
    board = board_without_dwt(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TC_ARDUINO_CLI", str(ARDUINO_CLI))
        patch.setenv("STAND_IN_LOG", str(place / "calls"))
        made = pipeline.build_in_framework(
            place / "small.tflite", board, "arduino", output=place / "my-sketch"
        )
    program = sketch_for_pc(made.project.directory, place / "program")
    return Tried(board, made, program, tuple(called(place / "calls")))


@pytest.fixture
def own_copy(tried: Tried, tmp_path: Path) -> Path:
    """The sketch's directory, to be changed."""
    directory = tmp_path / "my-sketch"
    shutil.copytree(tried.directory, directory)
    return directory


def called(log: Path) -> list[list[str]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


# --- what is written ------------------------------------------------------------------------------


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_same_bytes_for_the_same_arguments(framework: FrameworkName) -> None:
    board = load_board("nano33").within(framework)
    first, second = (
        framework_tree(
            copy_sources(), board, framework=framework, tflite=TFLITE,
            model_name="copy", directory_name="copy",
        )
        for _ in range(2)
    )  # fmt: skip
    assert first == second
    assert list(first) == list(second)


def test_the_identity_is_of_model_and_sources_alone(tmp_path: Path) -> None:
    board = load_board("nano33").within("arduino")

    def identity(directory: str, model_name: str = "copy", **changes: object) -> str | None:
        project = render_framework_project(
            copy_sources(**changes), board, tmp_path / directory, framework="arduino",
            tflite=TFLITE, model_name=model_name,
        )  # fmt: skip
        return project.project_id

    text = copy_sources().files["copy_model.c"]
    first = identity("a")
    assert first is not None
    assert len(first) == 40
    assert identity("another_name", model_name="other") == first
    assert identity("c", files={"copy_model.c": text + "\n"}) != first


def test_a_sketch_is_named_after_its_folder_and_brings_its_own_files_only(tmp_path: Path) -> None:
    project = render_framework_project(
        copy_sources(), load_board("nano33").within("arduino"), tmp_path / "my-sketch",
        framework="arduino", tflite=TFLITE, model_name="copy",
    )  # fmt: skip
    files = {str(p.relative_to(project.directory)) for p in project.directory.rglob("*.*")}
    assert {"my-sketch.ino", "README.md", "tinycompress.json", "src/board_config.h"} <= files
    assert not [name for name in files if "startup.c" in name or name.endswith(".ld")]
    readme = (project.directory / "README.md").read_text()
    for line in (
        "arduino-cli core install arduino:mbed_nano",
        "arduino-cli compile --fqbn arduino:mbed_nano:nano33ble --output-dir build .",
        "Not run on hardware",
        "needs no library",
        str(project.project_id),
    ):
        assert line in readme, line


@pytest.mark.parametrize("name", ["mit leerzeichen", "ümlaut", "-dash", "a" * 64])
def test_folders_that_cannot_name_a_sketch(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be named"):
        render_framework_project(
            copy_sources(), load_board("nano33").within("arduino"), tmp_path / name,
            framework="arduino", tflite=TFLITE, model_name="copy",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("transport", "usb"), [("usb-cdc", True), ("uart", False)])
def test_a_zephyr_application_talks_over_usb_or_the_console_uart(
    transport: TransportName, usb: bool, tmp_path: Path
) -> None:
    board = load_board("nano33").within("zephyr").over(transport)
    project = render_framework_project(
        copy_sources(), board, tmp_path / "app", framework="zephyr", tflite=TFLITE,
        model_name="copy",
    )  # fmt: skip
    settings = (project.directory / "prj.conf").read_text()
    assert ("CONFIG_USB_DEVICE_STACK_NEXT=y" in settings) == usb
    assert (project.directory / "app.overlay").exists() == usb
    assert "CONFIG_CONSOLE=n" in settings
    assert "CONFIG_MAIN_STACK_SIZE=8192" in settings
    assert "TENSORFLOW" not in settings
    readme = (project.directory / "README.md").read_text()
    assert "west build -b arduino_nano_33_ble -d build ." in readme
    assert "Not run on hardware" in readme


@pytest.mark.parametrize(
    ("board", "framework", "clock_hz", "tick_hz"),
    [
        ("nano33", "arduino", 64_000_000, 64_000_000),
        ("f446re", "zephyr", 96_000_000, 96_000_000),
        ("pico", "zephyr", 125_000_000, 125_000_000),
    ],
)
def test_clocks_are_the_frameworks(
    board: str, framework: FrameworkName, clock_hz: int, tick_hz: int
) -> None:
    target = load_board(board).within(framework)
    assert (target.cpu.clock_hz, target.timer.hz) == (clock_hz, tick_hz)


def test_without_a_cycle_counter_arduino_counts_microseconds(tmp_path: Path) -> None:
    target = load_board(str(board_without_dwt(tmp_path))).within("arduino")
    assert (target.cpu.clock_hz, target.timer.hz) == (125_000_000, 1_000_000)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_board_that_the_framework_does_not_know(framework: FrameworkName, model: Path) -> None:
    with pytest.raises(BoardError, match=rf"no \[{framework}\] table") as caught:
        pipeline.build_in_framework(model, "an386", framework)
    assert caught.value.exit_code == 2
    assert "docs/adding-a-board.md" in str(caught.value.hint)


def test_a_sketch_has_no_choice_of_transport(model: Path) -> None:
    with pytest.raises(ConfigError, match="talks over Serial"):
        pipeline.build_in_framework(model, "nano33", "arduino", transport="uart")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("framework", "platformio", "'framework' ('platformio')"),
        ("project_id", None, "'project_id' (None)"),
        ("project_id", "abc", "'project_id' ('abc')"),
    ],
)
def test_a_project_file_that_was_changed(
    key: str, value: object, message: str, tmp_path: Path
) -> None:
    project = render_framework_project(
        copy_sources(), load_board("nano33").within("zephyr"), tmp_path / "app",
        framework="zephyr", tflite=TFLITE, model_name="copy",
    )  # fmt: skip
    path = project.directory / "tinycompress.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(ConfigError) as caught:
        load_project(project.directory)
    assert message in caught.value.message
    assert caught.value.hint is not None


# --- compiled, and run on this PC -----------------------------------------------------------------


def converse(program: Path, project_id: str | None, ticks_hz: int) -> None:
    """The whole protocol with a program, its outputs against TFLM's."""
    oracle = Oracle(small_cnn(), "tflm")
    link = ProcessLink([program])
    try:
        client = DeviceClient(link, timeout_s=20)
        hello = client.hello()
        assert hello.build_id == project_id
        assert hello.engine == "aot"
        assert client.info().ticks_hz == ticks_hz
        client.echo(bytes(range(256)))
        for array in random_inputs(read_model(small_cnn()).main, 5)[0]:
            client.write_input(0, array.tobytes())
            assert len(client.run(1).ticks) == 1
            (expected,) = oracle.run(array)
            assert client.read_output(0, expected.nbytes) == expected.tobytes()
        assert client.run(1, profile=True).layers == 3
        assert len(client.layers(3)) == 3
        memory = client.memory()
        assert (memory.static_bytes, memory.stack_peak_bytes) == (0, 0)
    finally:
        link.close()


@pytest.mark.gcc
def test_a_sketch_answers_on_its_serial(tried: Tried) -> None:
    converse(tried.program, tried.made.project.project_id, 1_000_000)


def test_an_application_answers_on_its_console(model: Path, tmp_path: Path) -> None:
    made = pipeline.build_in_framework(model, "pico", "zephyr", output=tmp_path / "app")
    program = application_for_pc(
        made.project.directory, tmp_path / "build", cycles_per_sec=125_000_000
    )
    converse(program, made.project.project_id, 125_000_000)


@pytest.mark.parametrize(("rate", "compiles"), [(125_000_000, True), (1000, False)])
def test_a_counter_of_another_rate_does_not_compile(
    rate: int, compiles: bool, tmp_path: Path
) -> None:
    require_tool("host-cc")
    project = render_framework_project(
        copy_sources(), load_board("pico").within("zephyr"), tmp_path / "app",
        framework="zephyr", tflite=TFLITE, model_name="copy",
    )  # fmt: skip
    done = subprocess.run(
        ["cc", "-fsyntax-only", f"-I{STAND_INS / 'zephyr' / 'include'}", "-I.", "-Iruntime/include",
         f"-DCONFIG_SYS_CLOCK_HW_CYCLES_PER_SEC={rate}", "platform/platform.c"],
        cwd=project.directory, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == compiles, done.stderr
    assert ("runs at another rate than the board file says" in done.stderr) != compiles


def test_an_application_over_usb_with_a_cycle_counter_compiles(model: Path, tmp_path: Path) -> None:
    """A PC has no DWT, so it is not run."""
    made = pipeline.build_in_framework(model, "nano33", "zephyr", output=tmp_path / "app")
    application_for_pc(made.project.directory, tmp_path / "build", cycles_per_sec=32_768)


# --- arduino-cli ----------------------------------------------------------------------------------


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
    assert not [path for path in directory.iterdir() if path.name.startswith(".")]


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


# --- measured -------------------------------------------------------------------------------------


@pytest.mark.gcc
def test_bench_measures_a_sketch_behind_a_port(tried: Tried, tmp_path: Path) -> None:
    samples = tmp_path / "samples.npz"
    (array,) = random_inputs(read_model(small_cnn()).main, 4)
    np.savez(samples, x=array[:, 0])
    with behind_a_port(tried.program) as port:
        result = pipeline.bench(tried.directory, board=tried.board, port=port, samples=samples)
    assert (result.samples, result.mismatched_samples) == (4, 0)
    assert (result.toolchain, result.build_id) == ("arduino", tried.made.project.project_id)
    assert result.latency_us is not None
    assert result.latency_us.obtained == "measured"
    assert result.cycles is None, "microseconds are no cycles"
    assert result.ram.stack_peak_bytes is None
    assert any("Arduino compiled the firmware" in note for note in result.notes)


@pytest.mark.gcc
@pytest.mark.usefixtures("calls")
def test_bench_refuses_a_board_that_runs_another_sketch(
    tried: Tried, model: Path, tmp_path: Path
) -> None:
    other = pipeline.build_in_framework(
        model, tried.board, "arduino", output=tmp_path / "other", optimize="flash"
    )
    with behind_a_port(tried.program) as port, pytest.raises(DeviceError, match="runs build"):
        pipeline.bench(other.project.directory, board=tried.board, port=port)


@pytest.mark.gcc
def test_virtual_boards_do_not_run_a_frameworks_firmware(tried: Tried) -> None:
    with pytest.raises(ConfigError, match="virtual boards run the firmware of --framework cmake"):
        pipeline.bench(tried.directory, board=tried.board)
    with pytest.raises(ConfigError, match="virtual boards run the firmware of --framework cmake"):
        pipeline.serve(tried.directory, board=tried.board)


def test_a_project_that_nobody_compiled(model: Path, tmp_path: Path) -> None:
    made = pipeline.build_in_framework(model, "nano33", "zephyr", output=tmp_path / "app")
    with pytest.raises(ConfigError, match="has not been compiled") as caught:
        pipeline.bench(made.project.directory, port="/dev/null")
    assert "west build -b arduino_nano_33_ble -d build ." in str(caught.value.hint)


@pytest.mark.gcc
def test_west_flashes_applications(tried: Tried, own_copy: Path) -> None:
    """The sketch's ELF stands for an application's, whose id it does hold."""
    facts = json.loads((own_copy / "tinycompress.json").read_text())
    (own_copy / "tinycompress.json").write_text(json.dumps({**facts, "framework": "zephyr"}))
    (own_copy / "build" / "zephyr").mkdir()
    (own_copy / "build" / "my-sketch.ino.elf").rename(own_copy / "build" / "zephyr" / "zephyr.elf")
    with pytest.raises(ConfigError, match="which west flashes") as caught:
        pipeline.flash(own_copy, board=tried.board)
    assert "west flash -d build" in str(caught.value.hint)


# --- TFLM -----------------------------------------------------------------------------------------


def tflm_sources(directory: Path, framework: FrameworkName, model: Path) -> Path:
    made = pipeline.build_in_framework(
        model,
        "nano33",
        framework,
        engine="tflm",
        output=directory,
    )
    assert made.firmware is None
    assert made.project.arena is not None
    assert made.project.arena.obtained == "estimated"
    assert not list(directory.rglob("tcm_cxx_runtime.c"))
    return directory


@pytest.mark.gcc
@pytest.mark.usefixtures("no_arduino_cli")
def test_tflm_as_a_sketch_compiles(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the core's flags, against stand-ins for the library's headers."""
    sketch = tflm_sources(tmp_path / "sketch", "arduino", model)
    monkeypatch.undo()
    assert "#include <TensorFlowLite.h>" in (sketch / "sketch.ino").read_text()
    for source in sorted((sketch / "src").rglob("*.c*")):
        is_c = source.suffix == ".c"
        compiler = EXECUTABLES["gcc"] if is_c else "arm-none-eabi-g++"
        standard = ["-std=gnu11"] if is_c else ["-std=gnu++14", "-fno-rtti"]
        done = subprocess.run(
            [compiler, *standard, "-mcpu=cortex-m4", "-mthumb", "-Os", "-Wall", "-Wextra",
             "-Werror", "-fno-exceptions", "-funsigned-char", f"-I{STAND_INS / 'arduino'}",
             f"-I{STAND_INS / 'tflm'}", "-fsyntax-only", source],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_tflm_as_an_application_takes_zephyrs_module(model: Path, tmp_path: Path) -> None:
    application = tflm_sources(tmp_path / "app", "zephyr", model)
    settings = (application / "prj.conf").read_text()
    for line in ("CONFIG_CPP=y", "CONFIG_TENSORFLOW_LITE_MICRO=y"):
        assert line in settings.splitlines()
    assert "+tflite-micro" in (application / "README.md").read_text()
    application_for_pc(application, tmp_path / "build", cycles_per_sec=1)
