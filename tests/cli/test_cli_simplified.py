"""What `inspect` and `build` say of channels that were left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.cases.dead_channels import Net

from tinycompress.cli.main import _run

_EXPECTED = {
    "removed_channels": 4,
    "removed_inputs": 0,
    "macs_before": 16 * (3 * 12 + 12 * 5),
    "macs_after": 16 * (3 * 8 + 8 * 5),
    "constants_before_bytes": 36 + 60 + 4 * 17,
    "constants_after_bytes": 24 + 40 + 4 * 13,
}
_SAID = "Removed 4 channels that never change or that nothing reads: weights and biases 164 -> 116"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Of twelve channels, four never change."""
    net = Net(3)
    y = net.conv(net.conv(net.x, 12, dict.fromkeys((0, 5, 7, 11), -128)), 5)
    path = tmp_path / "dead.tflite"
    path.write_bytes(net.builder.pack([net.x], [y]))
    return path


def _answer(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    assert _run([str(each) for each in (*arguments, "--json")]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_inspect_says_it(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = _answer(capsys, "inspect", model)
    assert answer["aot"]["simplification"] == _EXPECTED
    # The rest tells of the file.
    assert answer["macs"] == _EXPECTED["macs_before"]
    assert _run(["inspect", str(model)]) == 0
    assert _SAID in capsys.readouterr().out


def test_build_says_it(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("build", model, "--board", "nano33", "-o", tmp_path / "p")
    assert _answer(capsys, "-q", *arguments)["simplification"] == _EXPECTED
    assert _run([*map(str, arguments)]) == 0
    assert _SAID in capsys.readouterr().err


def test_nothing_is_said_where_nothing_goes(
    examples_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = examples_dir / "digits" / "digits_int8.tflite"
    assert _answer(capsys, "inspect", model)["aot"]["simplification"] is None
    assert _run(["inspect", str(model)]) == 0
    assert "Removed" not in capsys.readouterr().out
