"""Arduino sketches and Zephyr applications as they are written: complete, the same each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.firmware.frameworks import FRAMEWORKS, board_without_dwt
from support.firmware.projects import TFLITE, copy_sources

from tinycompress import pipeline
from tinycompress.artifacts import FrameworkName, TransportName
from tinycompress.boards import load_board
from tinycompress.errors import BoardError, ConfigError
from tinycompress.firmware import load_project, render_framework_project
from tinycompress.firmware.frameworks import framework_tree


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
        pipeline.build(model, "an386", framework=framework)
    assert caught.value.exit_code == 2
    assert "docs/adding-a-board.md" in str(caught.value.hint)


def test_a_sketch_has_no_choice_of_transport(model: Path) -> None:
    with pytest.raises(ConfigError, match="talks over Serial"):
        pipeline.build(model, "nano33", framework="arduino", transport="uart")


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
