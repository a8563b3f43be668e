"""What the exploration of property tests says of a failure, and that a plain run has no luck."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.common import ROOT, missing
from support.explore import explore, seed_of_commit

CONFTEST = "from support import hypothesis_profiles\n\nhypothesis_profiles.load()\n"
FAILS_SOMEWHERE = """\
from hypothesis import given
from hypothesis import strategies as st


@given(value=st.integers(0, 10**6))
def test_sometimes(value):
    assert value < 5000


@given(value=st.integers())
def test_always(value):
    print("drew", value)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "conftest.py").write_text(
        "from support import hypothesis_profiles\n\nhypothesis_profiles.load()\n"
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_drawn.py").write_text(FAILS_SOMEWHERE)
    path = os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return tmp_path


def test_a_failure_is_told_with_what_repeats_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explore(project, 3, 41, []) == 1
    told = capsys.readouterr().out
    assert "explore: seed 41 found what fails" in told
    assert "--hypothesis-profile explore --hypothesis-seed 41 test_drawn.py::test_sometimes" in told
    assert "value=5000" in told
    assert "round 1 of 3: seed 41 failed" in told
    assert "round 2" not in told
    assert explore(project, 2, 41, ["test_drawn.py::test_always"]) == 0
    assert "round 2 of 2: seed 42 passed" in capsys.readouterr().out


def test_its_patch_adds_the_example(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if importlib.util.find_spec("libcst") is None:
        missing("libcst, which hypothesis writes patches with,")
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    assert explore(project, 1, 41, []) == 1
    told = capsys.readouterr().out
    patch = re.search(r"git apply <<'EOF'\n\n(.*)\nEOF", told, re.DOTALL)
    assert patch is not None, told
    subprocess.run(["git", "apply"], cwd=project, input=patch[1] + "\n", text=True, check=True)
    added = (project / "test_drawn.py").read_text()
    assert re.search(r"@example\(\s*value=5[_]?000,?\s*\)", added), added


@pytest.mark.parametrize("ci", ["", "true"], ids=["at home", "in a CI"])
def test_a_plain_run_draws_the_same_examples_again(
    project: Path, ci: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    if ci:
        monkeypatch.setenv("CI", ci)

    def drawn(*options: str) -> list[str]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-s", *options]
        done = subprocess.run(
            [*command, "-k", "always"], cwd=project, capture_output=True, text=True, check=True
        )
        return re.findall(r"drew (\S+)", done.stdout)

    def explored(seed: int) -> list[str]:
        return drawn("--hypothesis-profile", "explore", "--hypothesis-seed", str(seed))

    assert drawn() == drawn()
    assert explored(1) == explored(1) != explored(2)
    assert len(explored(1)) > len(drawn()) > 50


def test_a_seed_is_the_commits(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=n", "-c", "user.email=e@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    with pytest.raises(SystemExit, match="no commit to take a seed from"):
        seed_of_commit(tmp_path)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    one = seed_of_commit(tmp_path)
    assert one == seed_of_commit(tmp_path)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "two"], check=True)
    assert one != seed_of_commit(tmp_path)
