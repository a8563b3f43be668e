"""Cascades on the product's own road: a cascade file, firmware, an emulated board, the host."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from support.models.cascades import CASCADES, cascade, scores

import tinycompress
from tinycompress.artifacts import FrameworkName
from tinycompress.boards import load_board
from tinycompress.cli.main import _run
from tinycompress.device.connect import open_link
from tinycompress.errors import DeviceError
from tinycompress.ir.random_inputs import random_inputs
from tinycompress.ir.reader import read_model
from tinycompress.measurement.protocol.client import DeviceClient
from tinycompress.measurement.session import Session

FILE = """
schema = 1
[[stage]]
name = "small"
model = "small.tflite"
[[stage]]
name = "large"
model = "large.tflite"
otherwise = 2
[stage.gate]
classes = [1, 2]
at_least = 0.7
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "small.tflite").write_bytes(scores(1))
    (tmp_path / "large.tflite").write_bytes(scores(2, hidden=40))
    (tmp_path / "both.toml").write_text(FILE)
    return tmp_path / "both.toml"


def _project(name: str, directory: Path, board: str = "nano33") -> tinycompress.Build:
    (directory / "model.tflite").write_bytes(cascade(name))
    return tinycompress.build(
        directory / "model.tflite", board, toolchain="zig", output=directory / "project"
    )


@pytest.mark.parametrize("board", ["nano33", "pico"])
@pytest.mark.parametrize("name", CASCADES)
def test_device_and_host_agree_on_outputs_and_gates(name: str, board: str, tmp_path: Path) -> None:
    made = _project(name, tmp_path, board)
    result = tinycompress.bench(made.directory, runs=1)
    assert result.mismatched_samples == 0
    found = result.cascade
    assert found is not None
    assert [stage.name for stage in found.stages] == [part.name for part in CASCADES[name]]
    for stage, part in zip(found.stages, CASCADES[name], strict=True):
        assert bool(stage.gate) == (part.gate is not None)
        assert stage.ran == result.samples or part.gate is not None


def test_the_mean_is_that_of_what_ran(file: Path, tmp_path: Path) -> None:
    made = tinycompress.build(file, "nano33", toolchain="zig", output=tmp_path / "project")
    rng = np.random.default_rng(5)
    np.savez(tmp_path / "x.npz", x=rng.integers(-128, 128, (40, 12)).astype(np.int8))
    result = tinycompress.bench(made.directory, samples=tmp_path / "x.npz", runs=1)
    found = result.cascade
    assert result.mismatched_samples == 0
    assert found is not None
    small, large = found.stages
    assert 0 < large.ran < small.ran == found.samples == 40
    assert small.cycles is not None
    assert large.cycles is not None
    assert found.mean_cycles is not None
    work = small.cycles.median + large.cycles.median * large.ran / 40
    assert work <= found.mean_cycles <= work + 200  # finding out that the large one is not needed


def test_stages_are_chosen_over_the_protocol(tmp_path: Path) -> None:
    made = _project("no gate", tmp_path).require_firmware()
    board = load_board("nano33")
    model = read_model(cascade("no gate"))
    (sample,) = zip(*random_inputs(model.main, 1), strict=True)
    link = open_link(board, made.elf)
    try:
        session = Session(DeviceClient(link, elf=made.elf), link, made, board)
        both = session.infer(sample).outputs
        assert both[-1] == bytes([1, 1])
        for chosen, ran in ((1, [1, 0]), (2, [0, 1]), (3, [1, 1]), (0, [1, 1])):
            told = session.infer(sample, stages=chosen).outputs
            assert told[-1] == bytes(ran)
            for number, one in enumerate(ran):
                assert told[number] == (both[number] if one else bytes([251] * 4))
        costs = session.infer_by_stage(sample).costs
        assert len(costs) == 2
        with pytest.raises(DeviceError, match="RUN"):
            session.infer(sample, stages=4)
    finally:
        link.close()


def test_the_command_line_builds_and_measures(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(tmp_path / "p")
    assert _run(["build", str(file), "--board", "nano33", "-o", place, "--toolchain", "zig"]) == 0
    capsys.readouterr()
    assert _run(["bench", place, "--runs", "1", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [stage["name"] for stage in found["cascade"]["stages"]] == ["small", "large"]
    assert _run(["bench", place, "--runs", "1"]) == 0
    assert "mean inference" in capsys.readouterr().out
    header = (tmp_path / "p" / "model" / "tcm_both.h").read_text()
    for call in ("small_invoke", "large_invoke", "invoke", "ran"):
        assert f" tcm_both_{call}(" in header


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--engine", "tflm"], 3, "runs one model"),
        (["--flash-budget", "50000"], 2, "--flash-budget"),
        (["--latency-budget", "5ms"], 2, "--latency-budget"),
    ],
)
def test_what_is_for_one_model_is_refused(
    file: Path, words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = file.parent / "project"
    assert _run(["build", str(file), "--board", "nano33", "-o", str(place), *words]) == code
    assert told in capsys.readouterr().err
    assert not place.exists()


@pytest.mark.parametrize("framework", ["library", "arduino", "zephyr"])
def test_a_cascade_goes_where_a_model_goes(
    file: Path, framework: FrameworkName, tmp_path: Path
) -> None:
    made = tinycompress.build(file, "nano33", framework=framework, output=tmp_path / "p")
    texts = [path.read_text() for path in made.directory.rglob("*.h")]
    assert any("tcm_both_large_invoke(void)" in text for text in texts)
    if framework != "library":
        assert any("#define TC_STAGES 2u" in text for text in texts)
