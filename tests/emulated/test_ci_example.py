"""The workflow of examples/ci: its steps as a script, in a repository with two commits."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml  # type: ignore[import-untyped]
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded_conv import FewValues
from support.common import ROOT

EXAMPLE = ROOT / "examples" / "ci"
DIGITS = ROOT / "examples" / "digits"


@dataclass(frozen=True)
class Ran:
    """The step at which the script ended, its exit code, and what it said."""

    step: str
    code: int
    stderr: str
    summary: str


def workflow() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((EXAMPLE / "firmware.yml").read_text("utf-8"))
    return found


def git(repository: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(
        ["git", *who, *arguments], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()


def committed(repository: Path, files: dict[str, bytes]) -> str:
    """The commit that holds these files."""
    if not (repository / ".git").exists():
        repository.mkdir()
        git(repository, "init", "-q")
    for name, content in files.items():
        (repository / name).write_bytes(content)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "--allow-empty", "-m", "a commit")
    return git(repository, "rev-parse", "HEAD")


def programs(tmp_path: Path) -> Path:
    """``tinycompress`` of this tree, and a ``pip`` that has installed it."""
    place = tmp_path / "bin"
    place.mkdir()
    for name, line in (
        ("tinycompress", f'exec "{sys.executable}" -m tinycompress "$@"'),
        ("pip", 'test "$1 $2" = "install tinycompress-mcu"'),
    ):
        (place / name).write_text(f"#!/bin/sh\n{line}\n")
        (place / name).chmod(0o755 | stat.S_IXUSR)
    return place


def run(tmp_path: Path, repository: Path, base: str) -> Ran:
    """The steps, one after another, as a runner of GitHub's does it."""
    (job,) = workflow()["jobs"].values()
    summary = tmp_path / "summary.md"
    given = {name: value.replace("${{ github.event.pull_request.base.sha }}", base)
             for name, value in job["env"].items()}  # fmt: skip
    assert not any("${{" in value for value in given.values())
    environment = {
        **os.environ, **given, "GITHUB_STEP_SUMMARY": str(summary),
        "PATH": f"{programs(tmp_path)}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    for step in [each for each in job["steps"] if "run" in each]:
        assert "${{" not in step["run"]
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=repository, env=environment,
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if done.returncode:
            break
    shown = summary.read_text("utf-8") if summary.exists() else ""
    return Ran(step["name"], done.returncode, done.stderr, shown)


def digits() -> dict[str, bytes]:
    """A repository as the example wants it."""
    return {
        "model.tflite": (DIGITS / "digits_int8.tflite").read_bytes(),
        "budget.toml": (EXAMPLE / "budget.toml").read_bytes(),
    }


def samples(path: Path) -> bytes:
    with np.load(DIGITS / "digits.npz") as file:
        np.savez(path, x=file["x_test"][:20].astype(np.float32) / 16, y=file["y_test"][:20])
    return path.read_bytes()


def test_the_workflow_is_one() -> None:
    found = workflow()
    assert found["on"] == "pull_request"
    (job,) = found["jobs"].values()
    assert [step["name"] for step in job["steps"] if "run" in step] == [
        "Install", "Build, within the budget", "Measure", "Build and measure what it goes into",
        "Compare",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_pull_request_that_changes_nothing_passes(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    base = committed(repository, {**digits(), "test.npz": samples(tmp_path / "test.npz")})
    committed(repository, {"README.md": b"words\n"})
    done = run(tmp_path, repository, base)
    assert (done.step, done.code) == ("Compare", 0), done.stderr
    assert done.summary.startswith("**Nothing changed.**\n")
    assert re.search(r"^\| accuracy \| (\d+\.\d\d %) \| \1 \| 0 \|", done.summary, re.MULTILINE)
    assert "no total is worse by more than 2 %" in done.summary
    root = ElementTree.parse(repository / "out" / "junit.xml").getroot()
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    uploads = next(each for each in workflow()["jobs"]["firmware"]["steps"] if "if" in each)
    assert all((repository / path).exists() for path in uploads["with"]["path"].split())


def convolutions(outputs: int) -> bytes:
    """Two layers, each of so many channels; without labels."""
    cases = FewValues(7)
    for _ in range(2):
        add_conv(cases, ConvCase(channels=8, outputs=outputs, height=6, width=6))
    return cases.tflite()


@pytest.mark.slow
def test_a_slower_model_ends_with_9(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    rng = np.random.default_rng(3)
    inputs = {f"x{i}": rng.integers(-128, 128, (2, 6, 6, 8), np.int8) for i in range(2)}
    np.savez(tmp_path / "test.npz", **inputs)  # type: ignore[arg-type]
    files = {"budget.toml": b'flash = "64 KiB"\n', "test.npz": (tmp_path / "test.npz").read_bytes()}
    base = committed(repository, {**files, "model.tflite": convolutions(8)})
    committed(repository, {"model.tflite": convolutions(16)})
    done = run(tmp_path, repository, base)
    assert (done.step, done.code) == ("Compare", 9), done.stderr
    assert done.summary.startswith("**Worse by more than 2 %:**\n\n- latency: ")
    assert "- latency: " in done.stderr


def test_a_budget_that_is_not_kept_ends_with_4(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    tight = {**digits(), "budget.toml": b'flash = "4 KiB"\n'}
    base = committed(repository, {**tight, "test.npz": samples(tmp_path / "test.npz")})
    done = run(tmp_path, repository, base)
    assert (done.step, done.code) == ("Build, within the budget", 4)
    assert "bytes more than 4,096 bytes" in done.stderr
