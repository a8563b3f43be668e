"""A result never lies beside another run's recipe, wherever a process is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tinycompress.compression.run.workspace import (
    MODEL,
    RECORD,
    REPORT,
    STAGE_FACTS,
    TFLITE,
    Plan,
    Removed,
    begin,
    new_result,
    new_stage,
)

OLD = Plan("old", {"00-original": "k0", "01-prune": "k1"}, {"recipe": {"name": "old"}})
NEW = Plan("new", {"00-original": "k0", "01-cluster": "k2"}, {"recipe": {"name": "new"}})


def _finish(directory: Path, plan: Plan, *, result: bool = True) -> None:
    """What a run leaves, with files of the user in between."""
    begin(directory, plan, resume=True)
    for name, key in plan.stages.items():
        with new_stage(directory / "stages" / name) as stage:
            (stage / MODEL).touch()
            (stage / TFLITE).touch()
            (stage / STAGE_FACTS).write_text(json.dumps({"key": key}))
    if result:
        with new_result(directory) as made:
            (made / MODEL).touch()
            (made / TFLITE).touch()
            (made / REPORT).write_text(json.dumps(plan.facts))


def _files(directory: Path) -> set[str]:
    found = (path for path in directory.rglob("*") if not path.is_dir())
    return {str(path.relative_to(directory)) for path in found}


def _stage(name: str) -> set[str]:
    return {f"stages/{name}/{file}" for file in (MODEL, TFLITE, STAGE_FACTS)}


RESULT = {f"result/{file}" for file in (MODEL, TFLITE, REPORT)}


def test_another_recipe_takes_over_what_both_have_and_nothing_else(tmp_path: Path) -> None:
    _finish(tmp_path, OLD)
    begin(tmp_path, NEW, resume=True)
    assert _files(tmp_path) == {RECORD, *_stage("00-original")}
    assert json.loads((tmp_path / RECORD).read_text())["recipe"] == {"name": "new"}
    _finish(tmp_path, NEW)
    assert _files(tmp_path) == {RECORD, *_stage("00-original"), *_stage("01-cluster"), *RESULT}


def test_what_was_removed_is_told(tmp_path: Path) -> None:
    assert begin(tmp_path, OLD, resume=True) == Removed(())
    _finish(tmp_path, OLD)
    assert begin(tmp_path, OLD, resume=True) == Removed((), "old")
    assert begin(tmp_path, NEW, resume=True) == Removed(("result", "stages/01-prune"), "old")
    _finish(tmp_path, NEW)
    (tmp_path / RECORD).write_text('{"recipe": 7}')
    assert begin(tmp_path, NEW, resume=True) == Removed(("result",))


def test_the_same_run_finds_all_again(tmp_path: Path) -> None:
    _finish(tmp_path, OLD)
    before = _files(tmp_path)
    begin(tmp_path, OLD, resume=True)
    assert _files(tmp_path) == before
    begin(tmp_path, OLD, resume=False)
    assert _files(tmp_path) == {RECORD}


def test_a_result_without_a_recipe_beside_it_goes(tmp_path: Path) -> None:
    _finish(tmp_path, OLD)
    (tmp_path / RECORD).write_text("{")
    begin(tmp_path, OLD, resume=True)
    assert _files(tmp_path) == {RECORD, *_stage("00-original"), *_stage("01-prune")}


def _add_files_of_the_user(directory: Path) -> set[str]:
    mine = ("notes.txt", "result/mine/a.txt", "stages/01-prune/why.txt", "stages/mine.txt",
            ".result.md", "stages/02-mine/model.h5")  # fmt: skip
    for name in mine:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(name)
    return set(mine)


def test_files_of_the_user_stay(tmp_path: Path) -> None:
    _finish(tmp_path, OLD)
    mine = _add_files_of_the_user(tmp_path)
    for plan in (OLD, NEW, OLD):
        _finish(tmp_path, plan)
        assert mine <= _files(tmp_path)
        assert all((tmp_path / name).read_text() == name for name in mine)


MOMENTS = 90
KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_workspace import NEW, _finish
EVENTS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree", "shutil.copyfile"}

def run(directory, left):
    def hook(event, arguments):
        nonlocal left
        if event in EVENTS:
            left -= 1
            if left < 0:
                os._exit(9)
    sys.addaudithook(hook)
    _finish(directory, NEW, result=sys.argv[3] == "True")
    os._exit(0)

for moment in range(int(sys.argv[4])):
    child = os.fork()
    if not child:
        run(Path(sys.argv[2], str(moment)), moment)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.parametrize("result", [True, False])
def test_killed_at_any_moment(tmp_path: Path, result: bool) -> None:
    """With and without a result at the end: the latter as when accuracy fell too far."""
    directories = [tmp_path / str(moment) for moment in range(MOMENTS)]
    for directory in directories:
        _finish(directory, OLD)
        mine = _add_files_of_the_user(directory)
    arguments = [str(Path(__file__).parent), str(tmp_path), str(result), str(MOMENTS)]
    command = [sys.executable, "-c", KILLED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    codes = [int(code) for code in done.stdout.split()]
    killed = codes.count(9)
    assert codes == [9] * killed + [0] * (MOMENTS - killed)
    assert 15 < killed < MOMENTS
    for directory in directories:
        _assert_result_is_the_recipes(directory)
        begin(directory, NEW, resume=True)
        _assert_result_is_the_recipes(directory)
        assert mine <= _files(directory)
        _finish(directory, NEW)
        made = {*_stage("00-original"), *_stage("01-cluster"), *RESULT, RECORD}
        assert _files(directory) == made | mine


def _assert_result_is_the_recipes(directory: Path) -> None:
    report, record = directory / "result" / REPORT, directory / RECORD
    if report.exists():
        assert json.loads(report.read_text())["recipe"] == json.loads(record.read_text())["recipe"]
