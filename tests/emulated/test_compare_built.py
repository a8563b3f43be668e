"""Real builds and real runs beside each other: two goals, two boards, and an edited directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.common import ROOT

import tinycompress
from tinycompress.artifacts import Optimize
from tinycompress.cli.main import _run
from tinycompress.errors import ConfigError
from tinycompress.measurement.reading import read_result

DIGITS = ROOT / "examples" / "digits" / "digits_int8.tflite"


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``speed`` and ``flash`` for one board, ``m7`` for another; with bundles ``….bench``."""
    place = tmp_path_factory.mktemp("compare")
    goals: tuple[tuple[str, str, Optimize], ...] = (
        ("speed", "nano33", "speed"), ("flash", "nano33", "flash"), ("m7", "h743zi", "speed"),
    )  # fmt: skip
    for name, board, goal in goals:
        tinycompress.build(DIGITS, board, output=place / name, optimize=goal)
        tinycompress.bench(place / name, runs=2, output=place / f"{name}.bench")
    return place


def test_a_directory_and_what_build_printed_are_the_same(
    builds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = tmp_path / "again"
    assert _run(["build", str(DIGITS), "-b", "nano33", "-o", str(again), "--json"]) == 0
    (tmp_path / "again.json").write_text(capsys.readouterr().out)
    found = tinycompress.compare(again, tmp_path / "again.json", max_regression=0.0, parts=True)
    assert {one.verdict for one in found.figures} == {"equal", "only_b"}
    assert {one.verdict for row in found.rows for one in row.figures} == {"equal"}
    assert found.regressions == ()


def test_what_another_goal_saves_and_costs(builds: Path) -> None:
    built = tinycompress.compare(builds / "speed", builds / "flash")
    saved = {one.figure.name: one.absolute for one in built.figures}["flash.total_bytes"]
    assert saved is not None
    assert saved < 0
    run = tinycompress.compare(builds / "speed.bench", builds / "flash.bench", max_regression=0.0)
    figures = {one.figure.name: one for one in run.figures}
    assert figures["flash.total_bytes"].absolute == saved
    assert figures["latency.cycles"].verdict == "worse"
    assert figures["exact.mismatched_samples"].verdict == "equal"
    names = [row.name for row in run.rows]
    assert names == [row["name"] for row in read_result(builds / "speed.bench").data["layers"]]


def test_two_boards(builds: Path) -> None:
    found = tinycompress.compare(builds / "speed.bench", builds / "m7.bench")
    assert "arduino_nano_33_ble" in [a for name, a, _ in found.differing_facts if name == "board"]
    figures = {one.figure.name: one for one in found.figures}
    assert figures["latency.us"].verdict == "better"


def test_edited_files_of_a_build_are_told(builds: Path, tmp_path: Path) -> None:
    made = tmp_path / "edited"
    tinycompress.build(DIGITS, "nano33", output=made)
    assert read_result(made).problems == ()
    record = made / "build" / "build.json"
    table = json.loads(record.read_text())
    table["flash"]["weights_bytes"] = 1
    record.write_text(json.dumps(table))
    # Sizes are those of the ELF, whatever the record says.
    assert read_result(made).data["flash"]["weights_bytes"] > 1
    elf = made / "build" / "firmware.elf"
    elf.write_bytes(elf.read_bytes()[:-100])
    project = made / "tinycompress.json"
    project.write_text(project.read_text().replace('"macs": 27264', '"macs": 1'))
    with pytest.raises(ConfigError, match=r"(?s)tinycompress\.json was edited.*firmware\.elf was"):
        tinycompress.compare(builds / "speed", made)


def test_a_project_that_was_not_compiled_is_refused(builds: Path, tmp_path: Path) -> None:
    made = tmp_path / "bare"
    tinycompress.build(DIGITS, "nano33", output=made)
    (made / "build" / "build.json").unlink()
    with pytest.raises(ConfigError, match="has not been built"):
        tinycompress.compare(builds / "speed", made)
