"""``build -o`` onto an earlier project, as a user and as a CI job run it."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import pytest
from support.common import ROOT

from tinycompress import pipeline
from tinycompress._owner import owned_beside
from tinycompress.cli.main import _run
from tinycompress.errors import ConfigError

MODEL = str(ROOT / "examples" / "digits" / "digits_int8.tflite")


def _build(directory: Path, *options: str) -> int:
    return _run(["build", MODEL, "-b", "nano33", "-o", str(directory), *options])


def test_a_second_run_says_what_it_kept_and_links_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    project = tmp_path / "p"
    assert _build(project, "--json") == 0
    first = json.loads(capfd.readouterr().out)
    assert first["update"] == {"kept": [], "outdated": [], "overwritten": [], "removed": []}
    elf = (project / "build" / "firmware.elf").stat().st_mtime_ns

    assert _build(project, "--json") == 0
    assert json.loads(capfd.readouterr().out) == first
    assert (project / "build" / "firmware.elf").stat().st_mtime_ns > elf

    (project / "app.c").write_text("int app;\n")
    (project / "build" / "notes.txt").write_text("mine")
    main = project / "runtime" / "main.c"
    main.write_text(
        main.read_text().replace("for (;;)", "for (volatile int mine = 7; mine; ++mine)")
    )
    with caplog.at_level(logging.WARNING):
        assert _build(project, "--json") == 0
    edited = json.loads(capfd.readouterr().out)
    assert edited["update"]["kept"] == ["runtime/main.c"]
    assert "runtime/main.c" in caplog.text
    assert edited["build_id"] != first["build_id"]

    assert _build(project, "--force", "--json") == 0
    forced = json.loads(capfd.readouterr().out)
    assert forced["update"]["overwritten"] == ["runtime/main.c"]
    assert forced["build_id"] == first["build_id"]
    assert (project / "app.c").read_text() == "int app;\n"
    assert (project / "build" / "notes.txt").read_text() == "mine"


def test_two_builds_into_one_directory_are_one_too_many(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "p"
    with owned_beside(project):
        assert _build(project) == 2
    told = capfd.readouterr().err
    assert f"another run writes into {project}: process {os.getpid()} on" in told
    assert not list(tmp_path.iterdir())
    assert _build(project) == 0
    assert list(tmp_path.iterdir()) == [project]


def test_a_place_that_cannot_take_the_project_is_refused_before_the_model_is_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A conversion takes its time; nobody wants to wait for a refusal that was clear before."""
    project, no_model = tmp_path / "p", tmp_path / "no.tflite"
    no_model.write_bytes(b"this is no model")
    assert _build(project) == 0
    main = project / "runtime" / "main.c"
    main.write_text(main.read_text() + "/* mine */\n")
    capfd.readouterr()

    def told(directory: Path, *options: str) -> str:
        assert _run(["build", str(no_model), "-b", "pico", "-o", str(directory), *options]) != 0
        return capfd.readouterr().err

    assert "holds a project for another board" in told(project)
    assert "holds a project for another board" not in told(project, "--force")
    assert "is not empty" in told(tmp_path)
    assert "a file is in the way" in told(no_model)


def test_a_kept_file_that_does_not_compile_leaves_no_earlier_firmware(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    project = tmp_path / "p"
    assert _build(project) == 0
    main = project / "runtime" / "main.c"
    main.write_text(main.read_text() + "int broken(\n")
    with caplog.at_level(logging.WARNING):
        assert _build(project) == 5
    assert "runtime/main.c" in caplog.text
    capfd.readouterr()
    assert _run(["bench", str(project)]) == 2
    assert "has not been built" in capfd.readouterr().err


def test_an_edited_model_is_refused_and_nothing_changes(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "p"
    assert _build(project) == 0
    model = project / "model" / "tcm_digits_int8.c"
    model.write_text(model.read_text() + "\n/* mine */\n")
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    capfd.readouterr()
    assert _build(project) == 2
    told = capfd.readouterr().err
    assert "model/tcm_digits_int8.c" in told
    assert "--force" in told
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before
    with pytest.raises(ConfigError, match="generated from it"):
        pipeline.build(MODEL, "nano33", output=project)
    update = pipeline.build(MODEL, "nano33", output=project, force=True).project.update
    assert update.overwritten == ("model/tcm_digits_int8.c",)


@pytest.mark.parametrize("framework", ["arduino", "zephyr"])
def test_a_frameworks_project_says_so_too(
    framework: str, tmp_path: Path, capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("PATH", "")
    project = tmp_path / "p"
    assert _build(project, "--framework", framework) == 0
    path = "src/platform/platform.cpp" if framework == "arduino" else "prj.conf"
    (project / path).write_text((project / path).read_text() + "\n")
    capfd.readouterr()
    for options, key in (((), "kept"), (("--force",), "overwritten")):
        assert _build(project, "--framework", framework, "--json", *options) == 0
        assert json.loads(capfd.readouterr().out)["update"][key] == [path]
    assert _build(project) == 0
    assert json.loads((project / "tinycompress.json").read_text()).get("framework") is None
    assert not (project / path).exists()


def test_the_other_engines_project_keeps_them_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Without TFLM the project is written and not compiled."""
    monkeypatch.delenv("TFLM_DIR", raising=False)
    project = tmp_path / "p"
    assert _build(project, "--engine", "tflm") == 5
    main = project / "runtime" / "main.c"
    main.write_text("int mine;\n")
    with caplog.at_level(logging.WARNING):
        assert _build(project, "--engine", "tflm") == 5
        assert "runtime/main.c" in caplog.text
        assert main.read_text() == "int mine;\n"
        assert _build(project) == 2
        assert _build(project, "--engine", "tflm", "--force") == 5
    assert main.read_text() != "int mine;\n"
