"""Worker processes of one machine: interrupted, killed, out of room, gone on with."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from optuna.storages import BaseStorage
from optuna.study import Study
from optuna.trial import TrialState
from support.search.formula import QUICK, formula_study, small_flash

from tinycompress.errors import ConfigError, ToolError
from tinycompress.search.pool import Pool
from tinycompress.search.preparing import Prepared
from tinycompress.search.storage import counted, storage_at
from tinycompress.search.worker import PREPARED, Request

pytestmark = pytest.mark.slow
TRIALS = 4


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture
def storage(url: str) -> Iterator[BaseStorage]:
    with storage_at(url, QUICK) as opened:
        yield opened


@pytest.fixture
def study(storage: BaseStorage) -> Study:
    made = formula_study(storage, small_flash(limit=None), trials=TRIALS)
    made.set_user_attr(PREPARED, Prepared(()).to_json())
    return made


def _pool(url: str, workspace: Path, how: str, workers: int = 1) -> Pool:
    (workspace / "how").write_text(how)
    heartbeat = (QUICK.interval_s, QUICK.grace_s)
    request = Request(url, "study", str(workspace), None, False, os.getpid(), heartbeat)
    return Pool(request, workers, "support.search.pool_worker")


def _trained(workspace: Path) -> list[str]:
    return (workspace / "log").read_text().splitlines()


def _nothing() -> None:
    pass


def test_two_workers_share_the_trials(study: Study, url: str, tmp_path: Path) -> None:
    polls: list[int] = []
    _pool(url, tmp_path, "end", workers=2).run(lambda: polls.append(1))
    assert polls
    assert TRIALS <= len(counted(study.get_trials())) <= TRIALS + 1
    assert len({t.user_attrs["process"] for t in study.get_trials()}) <= 2
    trained = _trained(tmp_path)
    assert len(trained) == len(set(trained))


@pytest.fixture(params=["in a terminal", "begun with SIGINT ignored"])
def _as_begun(request: pytest.FixtureRequest) -> Iterator[None]:
    """A shell begins what it runs behind a script with SIGINT ignored, and workers inherit that."""
    if request.param == "in a terminal":
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_as_begun")
def test_ctrl_c_gives_the_trial_back_and_the_next_run_does_it(
    study: Study, url: str, tmp_path: Path
) -> None:
    def interrupt_once_it_trains() -> None:
        if any("before" in t.user_attrs for t in study.get_trials()):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _pool(url, tmp_path, "slow").run(interrupt_once_it_trains)
    # Of a training that somebody waited for, the trial would be complete.
    states = [t.state for t in study.get_trials()]
    assert states == [TrialState.FAIL, TrialState.WAITING]
    left = study.get_trials()[1].params
    _pool(url, tmp_path, "end").run(_nothing)
    assert len(counted(study.get_trials())) == TRIALS
    assert counted(study.get_trials())[0].params == left


def test_a_worker_that_dies_is_replaced_and_its_trial_taken_up(
    study: Study, url: str, tmp_path: Path
) -> None:
    _pool(url, tmp_path, "die-once").run(_nothing)
    again = [t for t in study.get_trials() if t.system_attrs.get("retry_history") == [0]]
    # Whether it is stopped on the way depends on which of the two workers is ahead.
    assert len(again) == 1
    assert again[0].state in (TrialState.COMPLETE, TrialState.PRUNED)
    assert len(counted(study.get_trials())) == TRIALS


def test_workers_that_die_again_and_again_end_the_search(
    study: Study, url: str, tmp_path: Path
) -> None:
    with pytest.raises(ToolError, match="again and again, the last with code -9"):
        _pool(url, tmp_path, "die").run(_nothing)


def test_a_full_disk_ends_the_search_and_says_so(study: Study, url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no room is left: cannot write x"):
        _pool(url, tmp_path, "full").run(_nothing)
    assert [t.state for t in study.get_trials()][-1] == TrialState.WAITING
