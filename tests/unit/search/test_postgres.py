"""A study of several processes on a PostgreSQL server, one of them killed in the middle."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from optuna.study import Study
from optuna.trial import TrialState
from support.common import ROOT
from support.search.formula import QUICK, formula_study, small_flash
from support.search.postgres import postgres_server

from tinycompress.errors import ConfigError
from tinycompress.search.storage import (
    counted,
    load_study,
    open_storage,
    storage_at,
    storage_errors,
)

pytestmark = [pytest.mark.postgres, pytest.mark.slow]
TRIALS = 14
_TIMEOUT_S = 240.0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


def _worker(url: str, log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    command = [sys.executable, "-m", "support.search.worker", url, "shared", str(TRIALS), "3"]
    return subprocess.Popen([*command, str(log)], env=environment)


def test_a_killed_worker_loses_nothing_and_its_trial_is_taken_up(
    server: str, tmp_path: Path
) -> None:
    with storage_at(server, QUICK) as storage:
        study = formula_study(storage, small_flash(), name="shared", trials=TRIALS)
        _one_is_killed(server, study, tmp_path)


def _one_is_killed(server: str, study: Study, tmp_path: Path) -> None:
    logs = [tmp_path / f"{number}.log" for number in range(3)]
    workers = [_worker(server, log) for log in logs]
    try:
        until = time.monotonic() + _TIMEOUT_S
        # The first has finished a training, and is in the middle of the next.
        while not logs[0].exists() or not _of(workers[0], study):
            assert time.monotonic() < until
            time.sleep(0.1)
        finished = {t.number: t for t in study.get_trials() if t.state.is_finished()}
        workers[0].kill()
        workers[0].wait()
        for worker in workers[1:]:
            assert worker.wait(timeout=until - time.monotonic()) == 0
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    trials = study.get_trials()
    assert all(trials[number].values == trial.values for number, trial in finished.items())
    again = [t for t in trials if t.system_attrs.get("retry_history")]
    (lost,) = {number for t in again for number in t.system_attrs["retry_history"]}
    assert trials[lost].state == TrialState.FAIL
    assert [t.params for t in again] == [trials[lost].params]
    assert again[0].state.is_finished()
    assert len(counted(trials)) >= TRIALS
    assert not [t for t in trials if not t.state.is_finished()]
    # The killed one may have been between the end of its training and telling of it.
    theirs = "{width} {rate}".format(**trials[lost].params)
    trained = [
        line
        for log in logs
        if log.exists()
        for line in log.read_text().splitlines()
        if line != theirs
    ]
    assert len(trained) == len(set(trained)), "a candidate was trained twice"


def _of(worker: subprocess.Popen[bytes], study: Study) -> bool:
    """Whether this worker trains: before that a trial may yet end, above the budget."""
    trials = study.get_trials()
    running = [t for t in trials if t.state == TrialState.RUNNING]
    return any(t.user_attrs.get("process") == worker.pid and t.intermediate_values
               for t in running)  # fmt: skip


def test_a_database_that_is_not_there_is_told(server: str) -> None:
    with pytest.raises(ConfigError, match='database "away" does not exist'):
        open_storage(server.removesuffix("postgres") + "away")


def test_a_server_that_goes_away_is_told_and_what_is_finished_is_kept() -> None:
    with ExitStack() as stack:
        url = stack.enter_context(postgres_server())
        storage = stack.enter_context(storage_at(url))
        study = formula_study(storage, small_flash(), name="gone")
        assert load_study(storage, "gone").study_name == "gone"
        with pytest.raises(ConfigError, match="cannot use the storage"):
            _told_after(url, study, stack)


def _told_after(url: str, study: Study, stack: ExitStack) -> None:
    """Write into a study whose server has ended."""
    with storage_errors(url):
        stack.close()
        study.set_user_attr("told", 1)
