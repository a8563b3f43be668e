"""Every template of ``init``: trained, built, measured, compressed, and measured again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinycompress.cli.main import _run
from tinycompress.pipeline.starting import start_project

# Least accuracy on the device, and what an answer that ignores the samples gets.
EXPECTED = {
    "keywords": (0.85, 0.25),
    "images": (0.95, 0.10),
    "imu": (0.90, 0.25),
    "anomaly": (0.95, 0.50),
}


def bench(capsys: pytest.CaptureFixture[str]) -> tuple[float, int]:
    """Accuracy on the emulated board, and the bytes of flash."""
    capsys.readouterr()
    assert _run(["bench", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["exact"]["mismatched_samples"] == 0
    assert told["exact"]["samples"] > 150
    return told["accuracy"]["device"], told["flash"]["total_bytes"]


@pytest.mark.tf
@pytest.mark.slow
@pytest.mark.parametrize("template", EXPECTED)
def test_a_template_from_end_to_end(
    template: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    least, chance = EXPECTED[template]
    assert least > chance + 0.4
    start_project(tmp_path / "p", template)  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path / "p")
    done = subprocess.run(
        [sys.executable, "train.py"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert _run(["build"]) == 0
    accuracy, before = bench(capsys)
    assert accuracy >= least
    assert _run(["compress"]) == 0
    assert _run(["build", "compressed/result/model.tflite"]) == 0
    thin, after = bench(capsys)
    assert thin >= least - 0.05
    assert after < before
    ignored = {line.strip("/") for line in Path(".gitignore").read_text("utf-8").splitlines()}
    made = {path.name for path in Path().iterdir()}
    assert ignored < made, "what the commands make is ignored by git, and nothing else"
