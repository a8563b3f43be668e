"""What a user can get wrong on the command line: one clear message, a hint, the documented code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tinycompress.cli.main import _run

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = _run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def model(examples_dir: Path) -> Path:
    return examples_dir / "digits" / "digits_int8.tflite"


def test_no_arguments_show_the_help(run: Run) -> None:
    code, out, err = run()
    assert code == 2
    assert "Usage: tinycompress" in out + err


def test_an_unknown_command(run: Run) -> None:
    code, _, err = run("biuld")
    assert code == 2
    assert "biuld" in err


def test_an_unknown_board_is_guessed(run: Run, model: Path) -> None:
    code, out, err = run("build", model, "--board", "nano3")
    assert code == 2
    assert out == ""
    assert "did you mean 'nano33'" in err
    assert "hint:" in err
    assert "Traceback" not in err


def test_a_model_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run("build", tmp_path / "none.tflite", "--board", "nano33", "-o", tmp_path / "o")
    assert code == 2
    assert "none.tflite" in err
    assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x00" * 100, bytes(range(256)) * 20])
def test_a_file_that_is_no_model(run: Run, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.tflite"
    path.write_bytes(content)
    code, _, err = run("build", path, "--board", "nano33", "-o", tmp_path / "o")
    assert code == 3
    assert "bad.tflite" in err or "model" in err
    assert not (tmp_path / "o").exists()


def test_a_keras_model_needs_data(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"PK")
    code, _, err = run("build", path, "--board", "nano33", "-o", tmp_path / "o")
    assert code in (2, 3)
    assert "hint:" in err
    assert not (tmp_path / "o").exists()


def test_the_output_is_a_file(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "o").write_text("precious")
    code, _, err = run("build", model, "--board", "nano33", "-o", tmp_path / "o")
    assert code == 2
    assert "file" in err
    assert (tmp_path / "o").read_text() == "precious"


def test_the_output_is_somebody_elses_directory(run: Run, model: Path, tmp_path: Path) -> None:
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "thesis.txt").write_text("precious")
    code, _, _ = run("build", model, "--board", "nano33", "-o", tmp_path / "o")
    assert code == 2
    assert (tmp_path / "o" / "thesis.txt").read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_bench_of_a_directory_that_is_no_project(run: Run, tmp_path: Path) -> None:
    code, _, err = run("bench", tmp_path)
    assert code == 2
    assert "tinycompress.json" in err


def test_bench_with_port_and_virtual(run: Run, tmp_path: Path) -> None:
    code, _, err = run("bench", tmp_path, "--virtual", "--port", "/dev/null")
    assert code == 2
    assert "--virtual" in err


def test_an_int8_file_passes_convert_unchanged(run: Run, model: Path, tmp_path: Path) -> None:
    code, out, _ = run("-q", "convert", model, "-o", tmp_path / "out.tflite")
    assert code == 0
    assert (tmp_path / "out.tflite").read_bytes() == model.read_bytes()
    assert out == f"{tmp_path / 'out.tflite'}\n"


def test_carray_writes_two_files(run: Run, model: Path, tmp_path: Path) -> None:
    code, out, _ = run("carray", model, "-o", tmp_path)
    assert code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["digits_int8.c", "digits_int8.h"]
    assert "digits_int8.c" in out
