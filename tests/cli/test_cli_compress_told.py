"""What ``compress`` and ``recipes`` say besides the figures; no TensorFlow is started for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinycompress._owner import owned_directory
from tinycompress.cli.main import _run
from tinycompress.compression.run.result import StageRow
from tinycompress.deploy import compressing

COMMAND = ["compress", "m.keras", "--recipe", "pqat", "--data", "d.npz", "-o"]


def _row(stage: str) -> StageRow:
    return StageRow(0, stage, 0.9, 0.9, 10, 10, 10, 10, "0" * 64, ())


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_ctrl_c_says_that_the_same_command_resumes(
    more: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def compress(*args: Any, on_row: Any, say: Any, **options: Any) -> None:
        assert options["keep_going"] is False
        on_row(_row("original"))
        on_row(_row("prune"))
        say("trial 3 of something")
        raise KeyboardInterrupt

    monkeypatch.setattr(compressing, "compress", compress)
    assert _run([*COMMAND, str(tmp_path), *more]) == 130
    out, err = capsys.readouterr()
    assert f"{tmp_path} keeps what is finished; the same command resumes after prune\n" in err
    assert "trial 3 of something\n" in err
    if more:
        answer = json.loads(out)
        assert [row["stage"] for row in answer["rows"]] == ["original", "prune"]
        assert answer["error"]["message"] == "interrupted"


def test_a_run_that_goes_on_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def compress(*args: Any, keep_going: bool, **options: Any) -> None:
        assert keep_going
        raise KeyboardInterrupt

    monkeypatch.setattr(compressing, "compress", compress)
    assert _run([*COMMAND, str(tmp_path), "--keep-going"]) == 130


SECOND = """
import sys
from tinycompress.cli.main import _run
assert _run(sys.argv[1:]) == 2
assert not {"tensorflow", "keras", "tf_keras"} & set(sys.modules)
"""


def test_a_second_run_is_told_before_tensorflow_starts(tmp_path: Path) -> None:
    with owned_directory(tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", SECOND, *COMMAND, str(tmp_path)],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert f"another run writes into {tmp_path}: process " in done.stderr


def test_recipes_say_what_their_stages_save(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["recipes"]) == 0
    out = capsys.readouterr().out
    assert "prune_channels: flash, RAM, latency" in out
    assert "cluster: flash, if encoded" in out
    assert "qat: nothing" in out
    assert _run(["recipes", "--json"]) == 0
    recipes = {r["name"]: r for r in json.loads(capsys.readouterr().out)["recipes"]}
    assert recipes["pqat"]["saves"] == {"prune": "flash, if encoded", "qat": ""}
