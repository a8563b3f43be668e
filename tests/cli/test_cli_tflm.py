"""``build --engine tflm`` on the command line: what is written and said where it cannot go on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from support.models.tflite_files import Builder

from tinycompress.artifacts import ArenaFigure
from tinycompress.cli.answers.build import arena_line
from tinycompress.cli.main import _run
from tinycompress.firmware import load_plan, load_project

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.delenv("TFLM_DIR", raising=False)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = _run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def model(examples_dir: Path) -> Path:
    return examples_dir / "digits" / "digits_int8.tflite"


def wide_model(tmp_path: Path, elements: int, op: str = "RELU") -> Path:
    """One layer whose input and output are so large."""
    b = Builder()
    one = b.tensor([1, elements], name="in", scales=[0.5])
    two = b.tensor([1, elements], name="wide", scales=[0.5])
    inputs = [one, b.tensor([2], "INT32", data=np.array([1, 1], "<i4"))] if op == "TILE" else [one]
    b.op(op, inputs, [two])
    path = tmp_path / "wide.tflite"
    path.write_bytes(b.pack([one], [two]))
    return path


def test_without_tflm_the_project_is_written_and_the_command_told(
    run: Run, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "project"
    code, _, err = run("build", model, "--board", "nano33", "--engine", "tflm", "-o", out)
    assert code == 5
    assert "no TensorFlow Lite Micro to link" in err
    assert f"The project was written to {out}" in err
    plan = load_plan(out)
    assert plan.tflm is not None
    command = plan.tflm.target.make_command
    assert command in re.sub(r"\s+", " ", err)
    assert command in (out / "README.md").read_text()
    assert command in (out / "CMakeLists.txt").read_text()
    project = load_project(out)
    assert project.engine == "tflm"
    assert project.arena is not None
    assert project.arena.obtained == "estimated"
    assert "estimated" in (out / "README.md").read_text()
    assert not (out / "build").exists()
    assert str(tmp_path) not in "".join(
        path.read_text(errors="replace") for path in out.rglob("*") if path.is_file()
    )


def test_the_project_is_the_same_every_time(run: Run, model: Path, tmp_path: Path) -> None:
    trees = []
    for name in ("one", "two"):
        assert run("build", model, "--board", "pico", "--engine", "tflm", "-o", tmp_path / name)[0]
        files = sorted(path for path in (tmp_path / name).rglob("*") if path.is_file())
        trees.append({str(f.relative_to(tmp_path / name)): f.read_bytes() for f in files})
    assert trees[0] == trees[1]
    assert "model/tcm_ops.h" in trees[0]


def test_unsupported_operators(run: Run, tmp_path: Path) -> None:
    path = wide_model(tmp_path, 8, op="TILE")
    code, _, err = run("build", path, "--board", "nano33", "--engine", "tflm", "-o", tmp_path / "p")
    assert code == 3
    assert "op 0 TILE 'wide'" in err
    assert not (tmp_path / "p").exists()


def test_activations_that_no_arena_of_the_board_holds(run: Run, tmp_path: Path) -> None:
    path = wide_model(tmp_path, 200_000)
    code, _, err = run("build", path, "--board", "nano33", "--engine", "tflm", "-o", tmp_path / "p")
    assert code == 4
    assert "'wide'" in err
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--toolchain", "zig"), "cannot be built with zig"),
        (("--exact-to", "litert"), "no --exact-to litert"),
        (("--optimize", "flash", "--ram-budget", "100"), "no --optimize flash, --ram-budget 100"),
    ],
)
def test_what_only_the_aot_engine_can_do(
    options: tuple[str, ...], words: str, run: Run, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "p"
    code, _, err = run("build", model, "--board", "nano33", "--engine", "tflm", "-o", out, *options)
    assert code == 2
    assert words in re.sub(r"\s+", " ", err)
    assert not out.exists()


def test_a_directory_for_the_other_engine(run: Run, model: Path, tmp_path: Path) -> None:
    code, _, err = run("build", model, "--board", "nano33", "--tflm-dir", tmp_path)
    assert code == 2
    assert "--tflm-dir goes with --engine tflm" in err


def test_inspect_says_whether_tflm_runs_it(run: Run, model: Path, tmp_path: Path) -> None:
    code, out, _ = run("inspect", model, "--json")
    assert code == 0
    verdict = json.loads(out)["tflm"]
    assert verdict["refused"] == []
    assert 2000 < verdict["host_arena_bytes"] < 10_000
    code, out, _ = run("inspect", wide_model(tmp_path, 8, op="TILE"))
    assert code == 0
    assert "refused by TensorFlow Lite Micro" in out
    assert "op 0 TILE" in out


@pytest.mark.parametrize("board", ["nano33", "pico", "mps2_an385", "nucleo_u575zi_q"])
def test_every_board_gets_its_own_command(
    board: str, run: Run, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "p"
    assert run("build", model, "--board", board, "--engine", "tflm", "-o", out)[0] == 5
    plan = load_plan(out)
    assert plan.tflm is not None
    assert tuple(plan.toolchains) == ("gcc",)
    assert plan.tflm.target.target_arch in (out / "README.md").read_text()


def test_the_arenas_origin_is_told_in_words() -> None:
    measured = arena_line(ArenaFigure(22_832, 368, "emulated", 22_820))
    assert "22,832 bytes are the least that runs on the emulated board" in measured
    assert "368 are margin" in measured
    assert "estimated from a 64-bit run" in arena_line(ArenaFigure(4_368, 0, "estimated"))
