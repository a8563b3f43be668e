"""Fixtures of the tests of Arduino sketches and Zephyr applications."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from support.common import require_tool
from support.firmware.frameworks import ARDUINO_CLI, Tried, board_without_dwt, called, sketch_for_pc
from support.models.tflite_files import small_cnn
from tinycompress import pipeline


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


@pytest.fixture(scope="session")
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
        made = pipeline.build(
            place / "small.tflite", board, framework="arduino", output=place / "my-sketch"
        )
    program = sketch_for_pc(made.project.directory, place / "program")
    return Tried(board, made, program, tuple(called(place / "calls")))


@pytest.fixture
def own_copy(tried: Tried, tmp_path: Path) -> Path:
    """The sketch's directory, to be changed."""
    directory = tmp_path / "my-sketch"
    shutil.copytree(tried.directory, directory)
    return directory
