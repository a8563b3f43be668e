"""``chain``: what it prints and refuses, and that the other commands take its file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from support.cases.kernels import options
from support.models.collection import SHIPPED
from support.models.tflite_files import Builder

from tinycompress.cli.main import _run

PREPROCESSOR = SHIPPED / "models" / "tflm" / "audio_preprocessor_int8.tflite"


@pytest.fixture
def keywords(tmp_path: Path) -> Path:
    """A dense layer on four windows of 40 features."""
    b, rng = Builder(), np.random.default_rng(8)
    x = b.tensor([1, 160], name="x", scales=[0.1], zero_points=[-128])
    weights = b.tensor([3, 160], data=rng.integers(-127, 128, (3, 160), np.int8), scales=[0.01])
    y = b.tensor([1, 3], name="words", scales=[0.5], zero_points=[0])
    b.op("FULLY_CONNECTED", [x, weights, -1], [y], options("FullyConnected"))
    path = tmp_path / "keywords.tflite"
    path.write_bytes(b.pack([x], [y]))
    return path


def test_a_chain_is_built_and_measured(
    keywords: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words, firmware = tmp_path / "words.tflite", tmp_path / "firmware"
    made = ["chain", PREPROCESSOR, keywords, "--stride", "320", "-o", words]
    assert _run([*map(str, made)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[1:] == [
        "input: int16 [1, 320] 'serving_default_audio_frame:0'",
        "output: int8 [1, 3] 'words'",
    ]
    assert f"next: tinycompress build {words} --board BOARD" in shown.err
    assert _run(["build", str(words), "--board", "nano33", "-o", str(firmware)]) == 0
    sound = np.random.default_rng(2).integers(-(2**15), 2**15, (20, 320)).astype(np.int16)
    np.savez(tmp_path / "sound.npz", x=sound)
    assert _run(["bench", str(firmware), "--samples", str(tmp_path / "sound.npz")]) == 0
    assert "20, byte for byte" in capsys.readouterr().out


def test_quiet_prints_the_file(
    keywords: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = tmp_path / "words.tflite"
    assert _run(["-q", "chain", str(PREPROCESSOR), str(keywords), "-o", str(words)]) == 0
    assert capsys.readouterr().out == f"{words}\n"


@pytest.mark.parametrize(
    ("stride", "first", "code", "message"),
    [
        ("481", PREPROCESSOR, 2, "must be within 1 to 480 samples"),
        ("1.5", PREPROCESSOR, 2, "is not a valid integer"),
        ("320", Path("nowhere.tflite"), 2, "cannot read nowhere.tflite: no such file"),
        ("320", Path(__file__), 3, "not a .tflite file"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(
    stride: str, first: Path, code: int, message: str, keywords: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    words = tmp_path / "words.tflite"
    made = ["chain", first, keywords, "--stride", stride, "-o", words]
    assert _run([*map(str, made)]) == code
    assert message in capsys.readouterr().err
    assert not words.exists()
