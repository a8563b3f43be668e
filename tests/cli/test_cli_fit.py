"""``tinycompress fit``: what it takes, and what it refuses before anything is begun."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import numpy as np
import pytest

from tinycompress.cli.main import _run
from tinycompress.cli.options import SizeType, SpanType
from tinycompress.search.storage import storage_at


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A file that is called a model, and samples."""
    (tmp_path / "model.keras").write_bytes(b"")
    np.savez(tmp_path / "train.npz", x=np.zeros((4, 2), np.float32), y=np.zeros(4, np.int64))
    return tmp_path


def _refused(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 2) -> str:
    assert _run(["fit", *arguments]) == code
    return " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "a search needs a model or a model function, one of both"),
        (["model.keras", "--model-function", "imu"], "one of both"),
        (["model.keras", "--minimize", "flash"], "is a model that does nothing"),
        (["model.keras", "--minimize", "ram", "--maximize", "accuracy", "--min-accuracy", "0.5"],
         "minimize and maximize exclude each other"),
        (["model.keras", "--min-accuracy", "92"], "int8_accuracy is 92.0; allowed"),
        (["model.keras", "--min-accuracy", "0.9", "--max-accuracy-drop", "0.1"],
         "exclude each other"),
        (["model.keras", "--trials", "0"], "trials is 0; allowed: 1 or more"),
        (["model.keras", "--workers", "0"], "workers is 0; allowed: 1 or more"),
        (["model.keras", "--method", "greedy", "--workers", "2"], "takes a model, and one worker"),
        (["--model-function", "imu", "--method", "rl"], "takes a model, and one worker"),
        (["--model-function", "imu", "--max-accuracy-drop", "0.1"], "a model function makes none"),
        (["--model-function", "mine.py"], "allowed: FILE.py:FUNCTION, or autoencoder, images"),
        (["--model-function", "mine.py:make"], "there is no file mine.py"),
        (["model.keras", "--ram", "lots"], "'lots' is no size, such as 49152, 48K or 1M"),
        (["model.keras", "--latency", "20"], "is no time with a unit"),
        (["model.keras", "--time", "2"], "is no time with a unit, such as 90s, 30m or 2h"),
        (["model.keras", "--storage", "nonsense"], "is no URL of a database"),
        (["model.keras", "--space", "none.toml"], "cannot read the space none.toml: no such file"),
        (["none.keras"], "there is no file none.keras"),
        (["model.tflite"], "a search takes a .keras or .h5 file"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_leaves_nothing(
    arguments: list[str],
    why: str,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    (files / "model.tflite").write_bytes(b"")
    before = sorted(path.name for path in files.iterdir())
    told = _refused([*arguments, "--data", "train.npz", "-b", "nano33", "-o", "out"], capsys)
    assert why in told
    assert sorted(path.name for path in files.iterdir()) == before


def test_an_unknown_board_is_refused(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files)
    told = _refused(["model.keras", "--data", "train.npz", "-b", "nano34"], capsys)
    assert "nano33" in told
    assert not (files / "model-nano34-fit").exists()


def test_a_directory_of_something_else_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is no directory of tinycompress fit" in _refused(["show", str(tmp_path)], capsys)
    (tmp_path / "fit.json").write_text(json.dumps({"storage": None, "study": "x"}))
    assert "has no study.db" in _refused(["show", str(tmp_path)], capsys)


def test_joining_what_is_away_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    assert "there is no file" in _refused(["join", url, "mine"], capsys)
    (tmp_path / "fit.json").write_text(json.dumps({"storage": url, "study": "mine"}))
    assert "there is no file" in _refused(["show", str(tmp_path)], capsys)
    assert [one.name for one in tmp_path.iterdir()] == ["fit.json"]
    with storage_at(url):
        assert "there is no study 'mine'" in _refused(["join", url, "mine"], capsys)
    away = "postgresql+psycopg://me:secret@127.0.0.1:1/x"
    told = _refused(["join", away, "mine"], capsys)
    assert "cannot use the storage" in told
    assert "secret" not in told


def test_help_has_the_options_of_a_search_and_the_other_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _run(["fit", "--help"]) == 0
    told = capsys.readouterr().out
    for word in ("Budget:", "--max-accuracy-drop", "Commands:", "join", "show", "--method"):
        assert word in told
    assert "search  " not in told.split("Commands:")[1]


@pytest.mark.parametrize(
    ("text", "size"), [("49152", 49152), ("48K", 49152), ("1.5 KB", 1536), ("1m", 1 << 20)]
)
def test_sizes(text: str, size: int) -> None:
    assert SizeType().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "0", "0.3", "-1K", "K", "12G", "1.0001K"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(click.BadParameter):
        SizeType().convert(text, None, None)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1.5 h", 5400)])
def test_times(text: str, seconds: float) -> None:
    assert SpanType().convert(text, None, None) == seconds


def test_without_optuna_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['optuna'] = None\n"
        "from tinycompress.cli.main import _run\n"
        "sys.exit(_run(['fit', 'x.keras', '--data', 'x.npz', '-b', 'nano33']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "tinycompress-mcu[fit]" in done.stderr
