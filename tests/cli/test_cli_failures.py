"""``--json`` where a command fails: one object on stdout, with the error in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from support.common import ROOT
from support.models.tflite_files import small_cnn

from tinycompress import pipeline
from tinycompress.cli.main import _run, main
from tinycompress.errors import DeviceError

MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"


def failed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    """The object that a failing command prints; its exit code is the object's."""
    code = _run([str(one) for one in arguments])
    printed = capsys.readouterr()
    answer = json.loads(printed.out)
    assert isinstance(answer, dict)
    error = answer["error"]
    assert list(error) == ["code", "message", "hint", "details"]
    assert error["code"] == code != 0
    assert "rror: " in printed.err, "people are told on stderr all the same"
    return answer


def _with_json() -> list[str]:
    found = []
    for name, command in main.commands.items():
        if any("--json" in one.opts for one in command.params):
            found.append(name)
        if isinstance(command, click.Group):
            found += [f"{name} {sub}" for sub in command.commands]
    return found


@pytest.mark.parametrize("name", _with_json())
def test_every_command_with_json_answers_an_error_with_an_object(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = failed(capsys, *name.split(), "--no-such-option", "--json")
    assert (answer["schema"], answer["schema_version"]) == ("tinycompress.error", 1)
    assert answer["error"]["code"] == 2
    assert "--no-such-option" in answer["error"]["message"]
    assert answer["error"]["hint"] == f"tinycompress {name} --help"


def test_an_unknown_board(capsys: pytest.CaptureFixture[str]) -> None:
    error = failed(capsys, "build", MODEL, "--board", "nano3", "--json")["error"]
    assert "did you mean 'nano33'" in error["message"]
    assert error["hint"].startswith("run `tinycompress boards list`")
    assert error["details"] == {}


def test_reasons_are_a_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.tflite").write_bytes(b"\0\0\0\0TFL3" + bytes(40))
    error = failed(
        capsys, "build", tmp_path / "bad.tflite", "-b", "pico", "-o", tmp_path / "p", "--json"
    )["error"]
    assert error["code"] == 3
    assert isinstance(error["details"]["reasons"], list)


def test_what_was_made_before_the_error_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise DeviceError("no answer", phase="HELLO", hint="press reset")

    monkeypatch.setattr(pipeline, "go_on", silent)
    answer = failed(
        capsys, "build", MODEL, "-b", "nano33", "-o", tmp_path / "p", "--bench", "--json"
    )
    assert answer["schema"] == "tinycompress.build"
    assert answer["directory"] == str(tmp_path / "p")
    assert answer["error"] == {
        "code": 7, "message": "no answer (phase: HELLO)", "hint": "press reset",
        "details": {"phase": "HELLO"},
    }  # fmt: skip


def test_an_interruption(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "build", interrupted)
    error = failed(capsys, "build", MODEL, "-b", "nano33", "--json")["error"]
    assert (error["code"], error["message"]) == (130, "interrupted")


def test_without_json_stdout_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["build", str(MODEL), "--board", "nano3"]) == 2
    assert capsys.readouterr().out == ""


def test_json_after_two_dashes_is_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["inspect", "--", "--json"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("command", ["build", "bench", "inspect", "carray"])
def test_a_missing_file_is_called_missing(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [command, str(tmp_path / "none.tflite")]
    assert _run([*arguments, *(["-b", "pico"] if command == "build" else [])]) == 2
    told = capsys.readouterr().err
    assert "Errno" not in told
    assert "o such file" in told or "there is no" in told


def test_samples_of_a_wrong_shape(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "small.tflite").write_bytes(small_cnn())
    np.savez(tmp_path / "x.npz", x=np.ones((4, 3), np.float32), y=np.arange(4))
    error = failed(
        capsys, "build", tmp_path / "small.tflite", "-b", "pico", "--data", tmp_path / "x.npz",
        "-o", tmp_path / "p", "--json",
    )["error"]  # fmt: skip
    assert "has shape (4, 3)" in error["message"]
    assert not (tmp_path / "p").exists()
