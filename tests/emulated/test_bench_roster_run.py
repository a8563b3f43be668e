"""A roster carried out: three processes, two virtual boards, one that is not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.common import ROOT

from tinycompress import pipeline
from tinycompress.cli.main import _run

MODEL = ROOT / "examples" / "digits" / "digits_int8.tflite"


def test_boards_side_by_side(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for board in ("nano33", "pico"):
        pipeline.build(MODEL, board, output=tmp_path / board)
    roster = tmp_path / "roster.toml"
    roster.write_text(
        'schema = 1\nruns = 2\n[[board]]\ndirectory = "nano33"\n[[board]]\ndirectory = "nano33"\n'
        'name = "gone"\nport = "/dev/ttyACM99"\n[[board]]\ndirectory = "pico"\n'
    )
    out = tmp_path / "out"
    assert _run(["bench", "--all", str(roster), "-o", str(out), "--json"]) == 6
    told = {one["name"]: one for one in json.loads(capfd.readouterr().out)["boards"]}
    assert list(told) == ["nano33", "gone", "pico"]
    assert told["gone"]["result"] is None
    assert "no serial port /dev/ttyACM99" in told["gone"]["error"]["message"]
    for name, board in (("nano33", "arduino_nano_33_ble"), ("pico", "raspberry_pi_pico")):
        result = told[name]["result"]
        assert (result["board"], result["runs"]) == (board, 2)
        assert result["exact"]["mismatched_samples"] == 0
        summary = json.loads((out / name / "summary.json").read_text())
        assert summary == result
    assert sorted(path.name for path in out.iterdir()) == ["nano33", "pico"]
