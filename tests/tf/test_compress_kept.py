"""What is kept of a run that was interrupted, failed, or is measured elsewhere."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.compression.classifier import (
    CLASSES,
    PRUNE,
    X,
    classifier,
    exported,
    recipe,
    recipe_of,
)

import tinycompress
from tinycompress import _files
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run import runner as run_module
from tinycompress.compression.run.result import StageRow
from tinycompress.compression.stages import registry
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.prune import prune
from tinycompress.errors import ConfigError, MismatchError, ToolError

pytestmark = pytest.mark.tf


def replace_stage(patch: pytest.MonkeyPatch, kind: str, run: Callable[..., State]) -> None:
    spec = replace(registry.STAGES[kind], run=run)
    patch.setattr(registry, "STAGES", {**registry.STAGES, kind: spec})


def interrupted_run(directory: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def stop(*args: Any) -> State:
        raise error

    with monkeypatch.context() as patch:
        replace_stage(patch, "cluster", stop)
        tinycompress.compress(classifier(), recipe(PRUNE, CLUSTER), (X, CLASSES), output=directory)


CLUSTER = {"kind": "cluster", "clusters": 4, "fine_tune": {"epochs": 0}}


def test_ctrl_c_keeps_the_stages_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(tmp_path, monkeypatch, KeyboardInterrupt())
    kept = sorted(path.name for path in (tmp_path / "stages").iterdir())
    assert kept == ["00-original", "01-prune"]
    stages: list[str] = []
    result = tinycompress.compress(
        classifier(), recipe(PRUNE, CLUSTER), (X, CLASSES), output=tmp_path,
        progress=lambda stage, done=0, total=0: stages.append(stage),
    )  # fmt: skip
    whole = tinycompress.compress(classifier(), recipe(PRUNE, CLUSTER), (X, CLASSES))
    assert result.tflite == whole.tflite
    report = json.loads((tmp_path / "result" / "report.json").read_text())
    assert {"tensorflow", "keras", "tf_keras", "numpy"} <= set(report["versions"])
    assert report["recipe"]["seed"] == 0


def test_a_full_disk_leaves_nothing_half_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = _files.write_text

    def full(path: Path, text: str) -> None:
        if path.name == "stage.json" and "01-prune" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, text)

    monkeypatch.setattr("tinycompress.compression.run.store.write_text", full)
    with pytest.raises(ConfigError, match=r"01-prune: No space left on device"):
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), output=tmp_path)
    assert [path.name for path in (tmp_path / "stages").iterdir()] == ["00-original"]
    assert not (tmp_path / "result").exists()


def test_figures_of_another_board_are_taken_anew(tmp_path: Path) -> None:
    network = read_network(classifier())
    asked: list[str] = []

    def on(board: str) -> StageRow:
        def evaluate(tflite: bytes) -> dict[str, int | float]:
            asked.append(board)
            return {"flash_bytes": 1000 * len(board)}

        return run_module.compress(
            build_model(network, "keras"), recipe_of(PRUNE), (X, CLASSES), export=exported,
            evaluate=evaluate, directory=tmp_path,
            options=run_module.RunOptions(measured_on=board),
        ).rows[-1]  # fmt: skip

    assert on("pico").figures == {"flash_bytes": 4000}
    assert on("pico").figures == {"flash_bytes": 4000}
    row = on("nano33")
    assert (row.figures, row.measured_on) == ({"flash_bytes": 6000}, "nano33")
    assert sum(note.startswith("saves nothing") for note in row.notes) == 1
    assert asked == ["pico"] * 2 + ["nano33"] * 2


def test_a_build_that_fails_does_not_cost_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings: list[str] = []

    def counted(*args: Any) -> State:
        trainings.append("prune")
        return prune(*args)

    replace_stage(monkeypatch, "prune", counted)
    answers: Iterator[int | ToolError] = iter([7, ToolError("no compiler")])

    def evaluate(tflite: bytes) -> dict[str, int | float]:
        answer = next(answers)
        if isinstance(answer, ToolError):
            raise answer
        return {"flash_bytes": answer}

    def run() -> Any:
        return run_module.compress(
            classifier(), recipe_of(PRUNE), (X, CLASSES), export=exported, evaluate=evaluate,
            directory=tmp_path, options=run_module.RunOptions(measured_on="pico"),
        )  # fmt: skip

    with pytest.raises(ToolError, match="no compiler"):
        run()
    answers = iter([5])
    rows = run().rows
    assert trainings == ["prune"]
    assert [row.figures for row in rows] == [{"flash_bytes": 7}, {"flash_bytes": 5}]
    assert not any(note.startswith("saves nothing") for note in rows[1].notes)


RUIN = {"kind": "prune", "sparsity": 0.9, "fine_tune": {"epochs": 0}}


def _end_with_exit_8(directory: Path) -> None:
    with pytest.raises(MismatchError) as caught:
        tinycompress.compress(classifier(), recipe(RUIN, drop=0.0), (X, CLASSES), output=directory)
    assert caught.value.exit_code == 8


def test_a_run_that_fails_leaves_no_result_of_the_one_before(tmp_path: Path) -> None:
    tinycompress.compress(classifier(), recipe(CLUSTER), (X, CLASSES), output=tmp_path)
    assert (tmp_path / "result" / "model.tflite").is_file()
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["recipe"]["stage"][0]["kind"] == "cluster"
    (tmp_path / "notes.txt").write_text("mine")
    _end_with_exit_8(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "run.json", "stages"]
    kept = sorted(path.name for path in (tmp_path / "stages").iterdir())
    assert kept == ["00-original", "01-prune"]
    record = json.loads((tmp_path / "run.json").read_text())
    assert (record["recipe"]["stage"][0]["kind"], record["board"]) == ("prune", None)


def test_a_tighter_limit_is_another_run(tmp_path: Path) -> None:
    """The same stages, of which the second recipe does not accept the result."""
    tinycompress.compress(classifier(), recipe(RUIN), (X, CLASSES), output=tmp_path)
    assert (tmp_path / "result").is_dir()
    _end_with_exit_8(tmp_path)
    assert not (tmp_path / "result").exists()


def test_two_runs_at_once_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[ConfigError] = []

    def second(*args: Any) -> State:
        with pytest.raises(ConfigError) as caught:
            tinycompress.compress(classifier(), recipe(CLUSTER), (X, CLASSES), output=tmp_path)
        met.append(caught.value)
        return prune(*args)

    with monkeypatch.context() as patch:
        replace_stage(patch, "prune", second)
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), output=tmp_path)
    assert [error.exit_code for error in met] == [2]
    assert f"another run writes into {tmp_path}: process " in met[0].message
    assert (tmp_path / "result" / "report.json").is_file()
    assert not (tmp_path / ".tinycompress.lock").exists()


def test_labels_of_the_validation_data_must_fit_as_well() -> None:
    with pytest.raises(ConfigError) as caught:
        tinycompress.compress(classifier(), recipe(PRUNE), (X, CLASSES), val=(X, CLASSES + 2))
    assert caught.value.message.startswith("validation data: labels from 2 to 4 do not match")
