"""``tinycompress init``: what it writes, where it refuses to, and what its settings mean."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import get_args

import pytest
from support.common import ROOT

from tinycompress.artifacts import TemplateName
from tinycompress.cli.main import _run
from tinycompress.compression.run.recipe import load_recipe
from tinycompress.pipeline.starting import start_project

TEMPLATES = get_args(TemplateName)
FILES = [".gitignore", "README.md", "recipe.toml", "tinycompress.toml", "train.py"]


def names(directory: Path) -> list[str]:
    """Of everything in a directory."""
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*"))


def test_the_templates_are_those_that_ship() -> None:
    folders = {path.parent.name for path in (ROOT / "examples/templates").glob("*/template.toml")}
    assert folders == set(TEMPLATES)


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_project_of_each_template(
    template: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(["init", "mine", "-t", template, "--board", "pico", "--json"]) == 0
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert answer["schema"] == "tinycompress.init"
    assert sorted(answer["files"]) == names(tmp_path / "mine")
    assert set(FILES) <= set(answer["files"])
    assert told.err.splitlines() == [
        "next: cd mine", "next: python train.py", "next: tinycompress build",
        "next: tinycompress bench",
    ]  # fmt: skip
    project = tmp_path / "mine"
    assert len(load_recipe(project / "recipe.toml").steps) == 1
    compile((project / "train.py").read_text(encoding="utf-8"), "train.py", "exec")
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert "Raspberry Pi Pico" in readme
    assert "\n\n\n" not in readme
    ignored = (project / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert not {f"/{name}" for name in FILES} & set(ignored)
    monkeypatch.chdir(project)
    # The settings are whole: only what train.py makes is missing.
    assert _run(["build"]) == 2
    assert "train.npz" in capsys.readouterr().err
    assert names(project) == sorted(answer["files"])


def test_into_the_current_directory_beside_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert _run(["init"]) == 0
    assert names(tmp_path) == sorted([*FILES, "notes.txt"])
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert "next: cd" not in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_nothing_is_overwritten(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = tmp_path / "train.py"
    if kind == "file":
        taken.write_text("mine", encoding="utf-8")
    elif kind == "directory":
        taken.mkdir()
    else:
        os.symlink("nowhere", taken)
    assert _run(["init", str(tmp_path)]) == 2
    assert f"{tmp_path} has train.py already: nothing was written" in capsys.readouterr().err
    assert names(tmp_path) == ["train.py"]


def test_twice_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["init", str(tmp_path), "-t", "imu"]) == 0
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    assert _run(["init", str(tmp_path), "-t", "images"]) == 2
    assert "tinycompress.toml, train.py already" in capsys.readouterr().err
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_places_that_cannot_be(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert _run(["init", str(tmp_path / "file")]) == 2
    assert _run(["init", str(tmp_path / "file" / "below")]) == 2
    assert _run(["init", "/proc/nothing"]) == 2
    assert _run(["init", str(tmp_path / "p"), "--board", "nano34"]) == 2
    assert "did you mean" in capsys.readouterr().err
    assert _run(["init", str(tmp_path / "p"), "-t", "music"]) == 2
    assert names(tmp_path) == ["file"]


def test_a_board_file_is_named_from_the_projects_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is in its name."""
    monkeypatch.chdir(tmp_path)
    place = tmp_path / 'bo"ar\\ds'
    place.mkdir()
    own = (ROOT / "boards" / "arduino_nano_33_ble.toml").read_text(encoding="utf-8")
    (place / "mine.toml").write_text(
        own.replace('id      = "arduino_nano_33_ble"', 'id = "mine"'), encoding="utf-8"
    )
    start_project("deep/er", board='bo"ar\\ds/mine.toml')
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert _run(["doctor", "--json"]) in (0, 5)


def test_another_engine_or_framework_leaves_out_what_it_cannot_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert _run(["init"]) == 0
    model = str(ROOT / "examples" / "digits" / "digits_int8.tflite")
    settings = Path("tinycompress.toml").read_text(encoding="utf-8")
    without_data = "".join(
        line for line in settings.splitlines(keepends=True) if ".npz" not in line
    )
    Path("tinycompress.toml").write_text(without_data, encoding="utf-8")
    monkeypatch.delenv("TFLM_DIR", raising=False)
    assert _run(["build", model, "--engine", "tflm"]) == 5
    assert "not for --engine tflm --framework cmake: name, ram_budget of" in capsys.readouterr().err
    assert _run(["build", model, "--engine", "tflm", "--ram-budget", "9000"]) == 2
    assert _run(["build", model, "--framework", "zephyr", "-o", "zephyr"]) == 0
