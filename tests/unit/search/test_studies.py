"""Studies: what is trained and what is not, the same again, interrupted and gone on with."""

from __future__ import annotations

import errno
import sqlite3
import time
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import BaseStorage
from optuna.trial import TrialState
from support.search.formula import (
    QUICK,
    FormulaEvaluator,
    accuracy_of,
    flash_of,
    formula_study,
    small_flash,
)

from tinycompress.errors import ConfigError
from tinycompress.search.goal import Goal, goal_of
from tinycompress.search.objective import (
    SLACK,
    Candidate,
    Objective,
    OutOfRoomError,
    Report,
    Trained,
)
from tinycompress.search.outcome import best_row, blocking, nearest_row, rows_of
from tinycompress.search.storage import (
    counted,
    load_study,
    open_storage,
    shown_url,
    storage_at,
    without_password,
)
from tinycompress.search.working import Quota, hopeless, work

optuna.logging.set_verbosity(optuna.logging.ERROR)
MEMORY = None


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[BaseStorage]:
    with storage_at(f"sqlite:///{tmp_path / 'study.db'}", QUICK) as opened:
        yield opened


def searched(
    storage: BaseStorage | None,
    goal: Goal,
    evaluator: FormulaEvaluator,
    trials: int = 12,
    **more: Any,
) -> optuna.Study:
    study = formula_study(storage, goal, trials=trials, **more)
    work(study, Objective(goal, evaluator), Quota(trials, batch=1000))
    return study


def test_a_candidate_above_the_budget_is_never_trained() -> None:
    goal, evaluator = small_flash(limit=13_000), FormulaEvaluator()
    study = searched(MEMORY, goal, evaluator, trials=25)
    rows = rows_of(study.get_trials(), goal)
    above = [row for row in rows if row.verdict == "rejected"]
    assert above
    assert all(flash_of(int(row.parameters["width"])) > 13_000 * (1 + SLACK) for row in above)
    assert all(flash_of(width) <= 13_000 * (1 + SLACK) for width, _ in evaluator.trained)
    assert all(row.before["flash_bytes"] == flash_of(int(row.parameters["width"])) for row in above)
    best = best_row(rows, goal)
    assert best is not None
    assert best.figures["int8_accuracy"] >= 0.8
    assert best.figures["flash_bytes"] <= 13_000


@pytest.mark.parametrize("sampler", ["tpe", "nsga2", "random"])
def test_one_seed_is_one_study(sampler: str) -> None:
    goal = goal_of(flash_bytes=14_000) if sampler == "nsga2" else small_flash()
    found = []
    for _ in range(2):
        study = searched(MEMORY, goal, FormulaEvaluator(), trials=24, seed=7, sampler=sampler)
        found.append([(t.number, t.state, t.params, t.values) for t in study.get_trials()])
    assert found[0] == found[1]
    other = searched(MEMORY, goal, FormulaEvaluator(), seed=8)
    assert [t.params for t in other.get_trials()] != [trial[2] for trial in found[0][:12]]


def test_what_is_resumed_draws_what_it_would_have_drawn(storage: BaseStorage) -> None:
    whole = searched(MEMORY, small_flash(), FormulaEvaluator())
    searched(storage, small_flash(), FormulaEvaluator(), trials=5)
    again = load_study(storage, "study")
    work(again, Objective(small_flash(), FormulaEvaluator()), Quota(12))
    assert [t.params for t in again.get_trials()] == [t.params for t in whole.get_trials()]


def test_what_ctrl_c_interrupts_is_done_first_and_nothing_twice(storage: BaseStorage) -> None:
    goal = small_flash(limit=None)
    evaluator = FormulaEvaluator(interrupts=set(range(1, 17)))
    study = formula_study(storage, goal, trials=6)
    with pytest.raises(KeyboardInterrupt):
        work(study, Objective(goal, evaluator), Quota(6))
    (left,) = [t for t in study.get_trials() if t.state == TrialState.WAITING]
    assert counted(study.get_trials()) == []
    evaluator.interrupts.clear()
    again = load_study(storage, "study")
    work(again, Objective(goal, evaluator), Quota(6))
    finished = counted(again.get_trials())
    assert len(finished) == 6
    assert left.params == finished[0].params
    complete = [t for t in finished if t.state == TrialState.COMPLETE]
    assert len(evaluator.trained) == len(set(evaluator.trained)) == len(complete)


def _never(seconds: float) -> None:
    pytest.fail("it waits")


def _left(study: optuna.Study) -> optuna.Trial:
    """A trial that is asked by hand, as a killed worker leaves it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return study.ask()


def test_a_silent_workers_trial_is_taken_up(storage: BaseStorage) -> None:
    goal, evaluator = small_flash(), FormulaEvaluator()
    study = formula_study(storage, goal, trials=4)
    lost = _left(study)
    params = (lost.suggest_int("width", 1, 16), lost.suggest_float("rate", 0.0, 1.0))
    lost.storage.record_heartbeat(lost._trial_id)
    time.sleep(4)  # longer than the grace of the tests' heartbeat
    work(study, Objective(goal, evaluator), Quota(4))
    again = [t for t in study.get_trials() if t.system_attrs.get("retry_history") == [0]]
    assert [tuple(t.params.values()) for t in again] == [params]
    assert len(counted(study.get_trials())) == 4


def test_a_trial_whose_worker_died_before_its_first_sign_is_taken_up(
    storage: BaseStorage,
) -> None:
    goal, evaluator = small_flash(), FormulaEvaluator()
    study = formula_study(storage, goal, trials=3)
    _left(study)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        assert len(waits) < 30, "its end is waited for, and nobody works on it"
        time.sleep(seconds)

    work(study, Objective(goal, evaluator), Quota(3), wait=wait)
    trials = study.get_trials()
    assert [t.number for t in trials if t.system_attrs.get("retry_history") == [0]] == [3]
    assert all(t.state.is_finished() for t in trials)
    assert len(counted(trials)) == 3


def test_a_silent_workers_trial_is_done_though_there_are_enough(storage: BaseStorage) -> None:
    goal, evaluator = small_flash(), FormulaEvaluator()
    study = formula_study(storage, goal, trials=2)
    lost = _left(study)
    lost.suggest_int("width", 1, 16)
    lost.storage.record_heartbeat(lost._trial_id)
    # Two others find it running, and both begin the one that is missing.
    for _ in range(2):
        study.optimize(Objective(goal, evaluator), n_trials=1)
    assert len(counted(study.get_trials())) == 2
    work(study, Objective(goal, evaluator), Quota(2))
    trials = study.get_trials()
    assert trials[0].state == TrialState.FAIL
    assert trials[3].system_attrs["retry_history"] == [0]
    assert trials[3].params["width"] == trials[0].params["width"]
    assert len(counted(trials)) == 3


def test_nobody_waits_for_others_when_the_time_is_up(storage: BaseStorage) -> None:
    study = formula_study(storage, small_flash(), trials=2)
    _left(study)
    objective = Objective(small_flash(), FormulaEvaluator())
    assert not work(study, objective, Quota(2, until=time.time() - 1), wait=_never)


def test_one_that_fails_is_kept_with_its_message_and_the_search_goes_on() -> None:
    goal = small_flash(limit=None)
    evaluator = FormulaEvaluator(fails=lambda width: "no odd widths" if width % 2 else "")
    study = searched(MEMORY, goal, evaluator, trials=16)
    rows = rows_of(study.get_trials(), goal)
    failed = [row for row in rows if row.verdict == "failed"]
    assert {row.message for row in failed} == {"no odd widths"}
    assert len(rows) == 16
    assert best_row(rows, goal) is not None


def test_a_search_of_which_all_fails_stops() -> None:
    evaluator = FormulaEvaluator(fails=lambda width: "never")
    study = searched(MEMORY, small_flash(), evaluator, trials=50)
    finished = counted(study.get_trials())
    assert hopeless(finished)
    assert len(finished) == 5


def test_what_nobody_foresaw_is_a_failed_trial_with_its_words() -> None:
    class Broken(FormulaEvaluator):
        def train(self, candidate: Candidate, report: Report) -> Trained:
            raise ZeroDivisionError("by nothing")

    study = searched(MEMORY, small_flash(limit=None), Broken(), trials=6)
    (row, *_) = rows_of(study.get_trials(), small_flash())
    assert row.message == "unexpected ZeroDivisionError: by nothing"


def test_a_full_disk_ends_the_search_and_its_trial_is_not_lost() -> None:
    class Full(FormulaEvaluator):
        def train(self, candidate: Candidate, report: Report) -> Trained:
            raise ConfigError("cannot write x") from OSError(errno.ENOSPC, "No space left")

    goal = small_flash(limit=None)
    study = formula_study(MEMORY, goal, trials=6)
    with pytest.raises(OutOfRoomError, match="cannot write x"):
        work(study, Objective(goal, Full()), Quota(6))
    assert [t.state for t in study.get_trials()][-1] == TrialState.WAITING
    work(study, Objective(goal, FormulaEvaluator()), Quota(6))
    assert len(counted(study.get_trials())) == 6


def test_trainings_that_do_not_pay_are_stopped() -> None:
    goal = goal_of(flash_bytes=20_000, maximize="accuracy")
    evaluator = FormulaEvaluator(epochs=9)
    study = searched(MEMORY, goal, evaluator, trials=24)
    rows = rows_of(study.get_trials(), goal)
    stopped = [row for row in rows if row.verdict == "stopped"]
    assert stopped
    assert all("epochs at" in row.message for row in stopped)
    best = best_row(rows, goal)
    assert best is not None
    # Tiny candidates are what is stopped, not the best.
    assert int(best.parameters["width"]) > min(int(row.parameters["width"]) for row in stopped)


def test_where_a_cost_is_made_less_what_costs_more_than_the_best_is_not_trained() -> None:
    goal = small_flash(limit=20_000)
    evaluator = FormulaEvaluator(epochs=9)
    study = searched(MEMORY, goal, evaluator, trials=24)
    rows = rows_of(study.get_trials(), goal)
    stopped = [row for row in rows if row.verdict == "stopped"]
    assert stopped
    for row in stopped:
        number = int(row.message.removeprefix("before training, as trial ").split()[0])
        assert number < row.number
        assert rows[number].verdict == "within"
        assert rows[number].figures["flash_bytes"] < row.before["flash_bytes"]
    # Of the others none is cut short, however slowly it learns.
    assert len(evaluator.trained) == sum(bool(row.figures) for row in rows)
    everything = FormulaEvaluator(epochs=9)
    whole = formula_study(MEMORY, goal, trials=24)
    work(whole, Objective(goal, everything, trains_all=True), Quota(24, batch=1000))
    assert len(everything.trained) > len(evaluator.trained)


def test_a_budget_that_none_meets_names_the_nearest() -> None:
    goal = small_flash(limit=10_600, least=0.9)
    study = searched(MEMORY, goal, FormulaEvaluator(), trials=20)
    rows = rows_of(study.get_trials(), goal)
    assert best_row(rows, goal) is None
    nearest = nearest_row(rows)
    assert nearest is not None
    assert nearest.figures
    (worst, *_) = blocking(nearest, goal)
    assert worst.startswith("int8_accuracy 0.")
    assert worst.endswith("budget 0.9")


def test_search_beats_chance() -> None:
    """At equal trials, and for most seeds, the sampler finds a better candidate than chance."""
    goal = goal_of(flash_bytes=16_000, maximize="accuracy")
    found = {}
    for sampler in ("tpe", "random"):
        reached = []
        for seed in range(4):
            study = searched(MEMORY, goal, FormulaEvaluator(epochs=1), trials=25, seed=seed,
                             sampler=sampler)  # fmt: skip
            best = best_row(rows_of(study.get_trials(), goal), goal)
            reached.append(0.0 if best is None else best.figures["int8_accuracy"])
        found[sampler] = sum(reached)
    assert found["tpe"] > found["random"]
    assert max(found.values()) / 4 <= accuracy_of(12, 0.3)


def test_a_study_of_something_else_is_refused(storage: BaseStorage) -> None:
    formula_study(storage, small_flash(), seed=1)
    with pytest.raises(ConfigError, match="was made with another seed"):
        formula_study(storage, small_flash(), seed=2)
    with pytest.raises(ConfigError, match="was made with another budget or objective"):
        formula_study(storage, small_flash(limit=9000), seed=1)


def test_a_study_of_others_or_none_is_told(storage: BaseStorage) -> None:
    optuna.create_study(storage=storage, study_name="theirs")
    with pytest.raises(ConfigError, match="'theirs' was not made by tinycompress fit"):
        load_study(storage, "theirs")
    with pytest.raises(ConfigError, match=r"there is no study 'mine'.*there are: theirs"):
        load_study(storage, "mine")


def test_a_study_of_another_version_is_refused(storage: BaseStorage) -> None:
    study = formula_study(storage, small_flash())
    study.set_user_attr("tinycompress", {**study.user_attrs["tinycompress"], "schema_version": 99})
    with pytest.raises(ConfigError, match="is of version 99"):
        load_study(storage, "study")
    with pytest.raises(ConfigError, match="another version"):
        formula_study(storage, small_flash())


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nonsense", "is no URL of a database"),
        ("sqlite:////nowhere/at/all/study.db", "cannot use the storage"),
        ("postgresql+psycopg://nobody:secret@127.0.0.1:1/x", "cannot use the storage"),
        ("oracle+nothing://x/y", "cannot use the storage"),
    ],
)
def test_a_storage_that_is_away_is_told_without_its_password(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as told:
        open_storage(url)
    assert "secret" not in told.value.message


def test_a_password_is_not_kept() -> None:
    kept = without_password("postgresql+psycopg://me:secret@host:99/db")
    assert kept == "postgresql+psycopg://me@host:99/db"
    assert shown_url("postgresql+psycopg://me:secret@host/db").count("secret") == 0


def test_a_storage_of_another_optuna_is_told(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    with storage_at(f"sqlite:///{path}"):
        pass
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE alembic_version SET version_num = 'v99.0.0.a'")
    with pytest.raises(ConfigError, match="another version"):
        open_storage(f"sqlite:///{path}")


def test_a_damaged_storage_is_told(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    path.write_bytes(b"this is no database, and has never been one" * 100)
    with pytest.raises(ConfigError, match="file is not a database"):
        open_storage(f"sqlite:///{path}")
