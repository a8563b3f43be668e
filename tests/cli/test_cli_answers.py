"""What the commands print: JSON objects of a stated schema, tables with every figure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinycompress._owner import owned_beside
from tinycompress.cli.main import _run


def run_json(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict[str, Any]:
    code = _run([str(a) for a in arguments])
    out, err = capsys.readouterr()
    assert code == 0, err
    value = json.loads(out)
    assert isinstance(value, dict)
    return value


def test_boards_list(capsys: pytest.CaptureFixture[str]) -> None:
    answer = run_json(capsys, "boards", "list", "--json")
    assert answer["schema"] == "tinycompress.boards"
    ids = {board["id"] for board in answer["boards"]}
    assert {"arduino_nano_33_ble", "microbit_v2", "raspberry_pi_pico", "qemu_mps2_an386"} <= ids


def test_boards_show_by_alias(capsys: pytest.CaptureFixture[str]) -> None:
    answer = run_json(capsys, "boards", "show", "nano33", "--json")
    assert answer["board"]["cpu"]["clock_hz"] == 64_000_000
    assert answer["board"]["source"]


def test_doctor(capsys: pytest.CaptureFixture[str]) -> None:
    answer = run_json(capsys, "doctor", "--json")
    found = {finding["name"]: finding["status"] for finding in answer["findings"]}
    assert found["zig"] == "ok"
    assert found["unicorn"] == "ok"


def test_inspect(capsys: pytest.CaptureFixture[str], examples_dir: Path) -> None:
    model = examples_dir / "digits" / "digits_int8.tflite"
    answer = run_json(capsys, "inspect", model, "--board", "nano33", "--json")
    assert answer["not_integer"] == []
    assert answer["aot"]["refused"] == []
    assert answer["aot"]["arena_bytes"] >= 64
    assert answer["macs"] == sum(layer["macs"] for layer in answer["layers"])


@pytest.fixture(scope="module")
def built(examples_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("cli") / "digits-nano33"
    model = examples_dir / "digits" / "digits_int8.tflite"
    assert _run(["-q", "build", str(model), "--board", "nano33", "-o", str(directory)]) == 0
    return directory


def test_build_then_bench(built: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    answer = run_json(capsys, "-q", "bench", built, "--runs", "3", "-o", bundle, "--json")
    assert answer["schema"] == "tinycompress.bench"
    assert answer["schema_version"] == 1
    assert answer["transport"] == "virtual"
    assert answer["exact"]["mismatched_samples"] == 0
    assert answer["fits"] is True
    flash = answer["flash"]
    parts = ("weights_bytes", "kernels_bytes", "runtime_bytes", "platform_bytes")
    assert sum(flash[part] for part in parts) == flash["total_bytes"]
    cycles = answer["latency"]["cycles"]
    assert cycles["obtained"] == "emulated"
    assert answer["latency"]["us"]["median"] == pytest.approx(cycles["median"] / 64, rel=1e-6)
    layers = answer["layers"]
    whole = answer["latency"]["instructions"]["median"]
    assert sum(layer["instructions"] for layer in layers) == pytest.approx(whole, rel=0.05)
    assert {"summary.json", "layers.csv", "manifest.json"} <= {p.name for p in bundle.iterdir()}


def test_bench_is_the_same_every_time(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = run_json(capsys, "-q", "bench", built, "--json")
    assert run_json(capsys, "-q", "bench", built, "--json") == first


def test_two_benches_into_one_bundle_are_one_too_many(
    built: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """They would append to one file of answers."""
    with owned_beside(tmp_path / "results"):
        assert _run(["-q", "bench", str(built), "-o", str(tmp_path / "results")]) == 2
    told = capsys.readouterr().err
    assert f"another run writes into {tmp_path / 'results'}: process {os.getpid()} on" in told
    assert _run(["-q", "bench", str(built), "-o", str(tmp_path / "results")]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def test_bench_prints_a_table(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "bench", str(built)]) == 0
    out, _ = capsys.readouterr()
    for word in ("instructions", "cycles", "arena", "stack", "weights", "kernels", "emulated"):
        assert word in out


@pytest.mark.parametrize("command", ["bench", "inspect", "build"])
def test_tables_fit_the_columns_that_there_are(
    built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: str,
    tmp_path: Path,
) -> None:  # fmt: skip
    monkeypatch.setenv("COLUMNS", "80")
    asked: dict[str, list[str | Path]] = {
        "bench": [built],
        "inspect": [built / "model.tflite"],
        "build": [built / "model.tflite", "--board", "nano33", "-o", tmp_path / "again"],
    }
    assert _run([command, *(str(each) for each in asked[command])]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line[:1] in "┏┃┡│├└┌"]
    assert rows
    assert max(len(row) for row in rows) <= 80


def test_help_starts_fast_enough_to_load_little() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tinycompress", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "Commands:" in done.stdout
    # Time depends on the machine; what is loaded does not.
    assert len([line for line in done.stderr.splitlines() if "import time:" in line]) < 450
