"""Real builds and real runs on a page: the plan that was linked, and commands that run again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.common import ROOT

import tinycompress
from tinycompress.cli.main import _run
from tinycompress.firmware import load_project

DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, ``project``, and its bundle, ``bundle``."""
    found = tmp_path_factory.mktemp("report")
    with np.load(DIGITS / "digits.npz") as data:
        x, y = data["x_test"][:40] / np.float32(16), data["y_test"][:40]
    np.savez(found / "test.npz", x=x, y=y)
    tinycompress.build(
        DIGITS / "digits_int8.tflite", "nano33", output=found / "project", optimize="ram"
    )
    tinycompress.bench(
        found / "project", samples=found / "test.npz", runs=2, output=found / "bundle"
    )
    return found


def test_the_plan_is_that_of_the_arena(place: Path) -> None:
    project = load_project(place / "project")
    plan = project.plan
    assert plan is not None
    assert max(b.offset_bytes + b.size_bytes for b in plan.buffers) == project.arena_bytes
    assert plan.lower_bound_bytes <= project.arena_bytes
    kinds = [buffer.kind for buffer in plan.buffers]
    assert (kinds.count("input"), kinds.count("output")) == (1, 1)
    assert {buffer.first_layer for buffer in plan.buffers} >= {-1, 0}
    assert max(buffer.last_layer for buffer in plan.buffers) == len(project.layers)
    assert 0 <= plan.peak_layer < len(project.layers)
    top = [b for b in plan.buffers if b.offset_bytes + b.size_bytes == project.arena_bytes]
    assert any(b.first_layer <= plan.peak_layer <= b.last_layer for b in top)


def test_the_commands_of_a_bundle_make_it_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build, bench = json.loads((place / "bundle" / "details.json").read_text())["commands"]
    assert build == [
        "tinycompress", "build", "model.tflite", "--board", "arduino_nano_33_ble",
        "--optimize", "ram",
        "--name", "digits_int8",
    ]  # fmt: skip
    monkeypatch.chdir(place / "project")
    assert _run(["-q", *build[1:], "-o", str(place / "again")]) == 0
    assert _run(["-q", *bench[1:], "-o", str(place / "bundle2")]) == 0
    first, second = (place / name / "build" / "firmware.elf" for name in ("project", "again"))
    assert first.read_bytes() == second.read_bytes()
    for name in ("summary.json", "samples.npz", "details.json", "manifest.json"):
        assert (place / "bundle" / name).read_bytes() == (place / "bundle2" / name).read_bytes()


def test_a_page_of_both(place: Path, tmp_path: Path) -> None:
    made = tinycompress.report(place / "bundle", place / "project", output=tmp_path / "r.html")
    assert made.labels == (
        "digits_int8 on Arduino Nano 33 BLE (bundle)",
        "digits_int8 on Arduino Nano 33 BLE (project)",
    )
    assert "equals TensorFlow Lite Micro byte for byte in 40 samples" in made.text
    assert "Confusion matrix" in made.text
    # The node of Model Explorer is called as the file calls the tensor.
    overlays = tinycompress.report(place / "bundle", output=tmp_path / "o", format="model-explorer")
    cycles = json.loads((tmp_path / "o" / "cycles.json").read_text())["results"]
    assert any(name.endswith("digits/conv1_bn/batchnorm/sub1") for name in cycles)
    assert len(cycles) == 7
    assert len(overlays.files) == 5
