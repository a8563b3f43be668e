"""``-q``: what makes something prints where it lies, what answers a question prints the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT
from support.models.tflite_files import small_cnn

from tinycompress.cli.main import _run

MODEL = str(ROOT / "examples" / "digits" / "digits_int8.tflite")


def test_build_prints_the_directory(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "build", MODEL, "-b", "nano33", "-o", str(tmp_path / "p")]) == 0
    assert capfd.readouterr() == (f"{tmp_path / 'p'}\n", "")


def test_a_project_to_compile_prints_the_directory(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    directory = str(tmp_path / "app")
    command = ["-q", "build", MODEL, "-b", "pico", "--framework", "zephyr", "-o", directory]
    assert _run(command) == 0
    assert capfd.readouterr() == (f"{directory}\n", "")


def test_convert_prints_the_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "convert", MODEL, "-o", str(tmp_path / "m.tflite")]) == 0
    assert capfd.readouterr() == (f"{tmp_path / 'm.tflite'}\n", "")


def test_carray_prints_the_files(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "carray", MODEL, "-o", str(tmp_path)]) == 0
    lines = [str(tmp_path / f"digits_int8.{suffix}") for suffix in "ch"]
    assert capfd.readouterr() == ("\n".join(lines) + "\n", "")


def test_warnings_are_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "small.tflite").write_bytes(small_cnn())
    samples = np.random.default_rng(1).random((4, 4, 4, 1), np.float32)
    # Labels of no class: accuracy cannot be counted, and the user should know.
    np.savez(tmp_path / "x.npz", x=samples, y=np.array([0.5, 1.5, 2.5, 3.5]))
    arguments = ["-q", "convert", str(tmp_path / "small.tflite"), "-o", str(tmp_path / "m.tflite")]
    assert _run([*arguments, "--data", str(tmp_path / "x.npz")]) == 0
    printed = capfd.readouterr()
    assert printed.out == f"{tmp_path / 'm.tflite'}\n"
    assert printed.err.startswith("warning: ")
    assert len(printed.err.splitlines()) == 1


def test_an_answer_is_what_was_asked_for(capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "inspect", MODEL]) == 0
    printed = capfd.readouterr()
    assert "CONV_2D" in printed.out
    assert printed.err == ""
