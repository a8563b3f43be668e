"""Files of a study on another machine: from where they were, else from the artifact store."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from support.search.formula import formula_task, small_flash

from tinycompress.errors import ConfigError
from tinycompress.search.artifact_store import (
    download_directory,
    local_task,
    open_store,
    upload_directory,
    upload_inputs,
)
from tinycompress.search.task import InputFile, Task

optuna.logging.set_verbosity(optuna.logging.ERROR)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A task with two files, and an artifact store that is empty yet."""
    home = tmp_path / "home"
    home.mkdir()
    for name in ("train.npz", "model.keras"):
        (home / name).write_bytes(name.encode() * 100)
    made = replace(
        formula_task(small_flash()),
        data=InputFile.of(home / "train.npz"),
        model=InputFile.of(home / "model.keras"),
        artifacts=str(tmp_path / "store"),
    )
    return upload_inputs(optuna.create_study(), made, open_store(made.artifacts))


def test_files_that_are_there_are_taken_as_they_are(task: Task, tmp_path: Path) -> None:
    found = local_task(task, tmp_path / "work")
    assert found.data.path == task.data.path
    assert not (tmp_path / "work").exists()


def test_files_that_are_not_there_come_from_the_store(task: Task, tmp_path: Path) -> None:
    for file in task.files().values():
        Path(file.path).unlink()
    work = tmp_path / "work"
    found = local_task(task, work)
    assert Path(found.data.path).read_bytes() == b"train.npz" * 100
    assert found.model is not None
    assert Path(found.model.path).suffix == ".keras"
    assert local_task(task, work) == found
    assert Task.from_json(found.to_json()).data == found.data


def test_another_file_of_that_name_is_not_taken(task: Task, tmp_path: Path) -> None:
    Path(task.data.path).write_bytes(b"others")
    found = local_task(task, tmp_path / "work")
    assert found.data.path != task.data.path
    lost = replace(task, data=replace(task.data, artifact=""))
    with pytest.raises(ConfigError, match="is not there, or is not what the study began with"):
        local_task(lost, tmp_path / "other")


def test_a_store_without_the_file_is_told(task: Task, tmp_path: Path) -> None:
    Path(task.data.path).unlink()
    empty = replace(task, artifacts=str(tmp_path / "empty"))
    with pytest.raises(ConfigError, match="cannot fetch a file of the study"):
        local_task(empty, tmp_path / "work")
    damaged = tmp_path / "store" / task.data.artifact
    damaged.write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="is not what was stored"):
        local_task(task, tmp_path / "work")


def test_a_result_goes_through_the_store_as_a_whole(task: Task, tmp_path: Path) -> None:
    made = tmp_path / "result"
    made.mkdir()
    (made / "model.tflite").write_bytes(b"abc")
    store = open_store(task.artifacts)
    artifact = upload_directory(optuna.create_study(), store, made, "candidate")
    download_directory(store, artifact, tmp_path / "fetched")
    assert (tmp_path / "fetched" / "model.tflite").read_bytes() == b"abc"


@pytest.mark.parametrize(
    ("place", "why"),
    [("s3://", "allowed: a directory, or s3://BUCKET"), ("s3://bucket/below", "s3://BUCKET"),
     ("/dev/null/store", "cannot make the artifact store")],
)  # fmt: skip
def test_a_store_that_is_none_is_refused(place: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        open_store(place)


def test_s3_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(**_: str) -> None:
        raise ImportError("boto3")

    monkeypatch.setattr("optuna.artifacts.Boto3ArtifactStore", lacking)
    with pytest.raises(ConfigError, match="needs the Python package 'boto3'"):
        open_store("s3://bucket")
