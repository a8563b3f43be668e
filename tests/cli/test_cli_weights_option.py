"""``--weights`` for both engines, and the option that it replaced."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.compression.clustered_models import WIDE, clustered

from tinycompress.cli.main import _run
from tinycompress.errors import ConfigError
from tinycompress.options import weights_choices, weights_of


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "clustered.tflite"
    path.write_bytes(clustered(8, outputs=WIDE))
    return path


def test_what_each_engine_has() -> None:
    assert weights_of("aot", None) == weights_of("tflm", None) == {}
    assert weights_of("aot", "plain") == {"weights": "plain"}
    assert weights_of("tflm", "plain") == {"tflm_compression": "none"}
    assert weights_of("tflm", "lut") == {"tflm_compression": "lut"}
    with pytest.raises(ConfigError, match="--weights lut is for the engine tflm, not aot"):
        weights_of("aot", "lut")
    assert weights_choices() == ("auto", "plain", "lut", "huffman", "prune")


def test_tables_are_not_for_the_aot_engine(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", str(model), "-b", "nano33", "--weights", "lut", "-o", str(tmp_path / "p")]
    assert _run(command) == 2
    assert "--weights lut is for the engine tflm" in capsys.readouterr().err
    assert not (tmp_path / "p").exists()


def test_the_older_option_is_taken_and_told(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = tmp_path / "old.tflite", tmp_path / "new.tflite"
    assert _run(["convert", str(model), "-o", str(old), "--tflm-compression", "lut"]) == 0
    assert "--tflm-compression is deprecated: --weights lut" in capsys.readouterr().err
    assert _run(["convert", str(model), "-o", str(new), "--weights", "lut"]) == 0
    assert "deprecated" not in capsys.readouterr().err
    assert old.read_bytes() == new.read_bytes() != model.read_bytes()


def test_the_older_option_is_not_offered(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("build", "convert"):
        assert _run([command, "--help"]) == 0
        said = capsys.readouterr().out
        assert "--weights" in said
        assert "--tflm-compression" not in said
