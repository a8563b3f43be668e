"""`tinycompress.fit`: a study begun or gone on with, worked on, and its results written."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna

from tinycompress import errors
from tinycompress._files import write_text
from tinycompress._owner import owned_directory
from tinycompress._progress import Progress, no_progress, say_nothing
from tinycompress.errors import ConfigError, DoesNotFitError, TinyCompressError
from tinycompress.search.asking import Asked, default_output, task_of_asked
from tinycompress.search.goal import Goal
from tinycompress.search.objective import ERROR
from tinycompress.search.outcome import best_row, blocking, nearest_row, rows_of
from tinycompress.search.pool import Pool
from tinycompress.search.preparing import Prepared, prepare
from tinycompress.search.reporting import Reporter
from tinycompress.search.results import FitResult, write_results
from tinycompress.search.storage import (
    TASK,
    counted,
    create_study,
    load_study,
    require_there,
    shown_url,
    storage_at,
    task_of,
    without_password,
)
from tinycompress.search.summary import Summary, summary_of
from tinycompress.search.task import SCHEMA_VERSION, Task
from tinycompress.search.worker import PREPARED, Request

if TYPE_CHECKING:
    from optuna.storages import BaseStorage
    from optuna.study import Study

RECORD = "fit.json"
"""In the directory of a search: where its study is."""
DATABASE = "study.db"


@dataclass(frozen=True)
class _Place:
    """Where a study is: its storage, its name, and the directory of its results."""

    storage: str
    study: str
    directory: Path


def fit(
    model: Any = None,
    *,
    data: Any,
    board: str | Path,
    output: str | Path | None = None,
    val: Any = None,
    model_function: str | None = None,
    latency_us: float | None = None,
    ram_bytes: int | None = None,
    flash_bytes: int | None = None,
    min_accuracy: float | None = None,
    max_accuracy_drop: float | None = None,
    minimize: str | None = None,
    maximize: str | None = None,
    space: str | Path | Mapping[str, Any] | None = None,
    method: str = "search",
    sampler: str = "tpe",
    seed: int = 0,
    trials: int = 40,
    time_s: float | None = None,
    workers: int = 1,
    storage: str | None = None,
    study: str | None = None,
    artifacts: str | None = None,
    evaluation_samples: int | None = 500,
    progress: Progress = no_progress,
    say: Callable[[str], None] = say_nothing,
) -> FitResult:
    """Search for the best firmware within a budget, each candidate measured on the board.

    A candidate's flash, RAM and latency are measured on the emulated board before it is trained;
    one that is above the budget is not trained. Called again with the same arguments, a search
    that was interrupted goes on, and one that is finished does as many more trials as are asked.

    Args:
        model: A trained Keras model, or its ``.keras`` or ``.h5`` file; None with
            ``model_function``.
        data: Training samples: an ``.npz`` with ``x`` and ``y``, ``(x, y)``, or
            ``{"x": ..., "y": ...}``.
        board: Id, alias or file of the board.
        output: Directory of the study and of the results; None names it after model and board.
        val: Samples that accuracy is counted on; None puts a part of ``data`` aside.
        model_function: ``file.py:make``, a function that gets a `ModelSpace` and returns a Keras
            model, or the name of a shipped one: architecture search.
        latency_us: At most so many microseconds for one inference, as modelled.
        ram_bytes: At most so many bytes of RAM, the whole stack that is set aside included.
        flash_bytes: At most so many bytes of flash, firmware included.
        min_accuracy: At least this share of the validation samples, of the int8 file.
        max_accuracy_drop: At most so much less than the model as it is, in float.
        minimize: ``latency``, ``ram``, ``flash`` or ``energy-proxy``.
        maximize: ``accuracy``. Without either, the Pareto front of accuracy and of the figures that
            have a budget.
        space: What narrows or widens the space: a ``space.toml``, or its ``[parameters]``.
        method: How to search: see docs/fit.md.
        sampler: Optuna's, for ``method="search"``: ``tpe``, ``nsga2`` or ``random``.
        seed: Of everything; with one worker, the same seed is the same study.
        trials: How many trials the study is to have.
        time_s: Seconds after which no trial is begun.
        workers: Processes that search at a time.
        storage: URL of a database for studies on several machines; None: SQLite in ``output``.
        study: Name of the study there; None takes that of ``output``.
        artifacts: With ``storage``: directory or ``s3://bucket`` for the files that other machines
            need; None: ``output``.
        evaluation_samples: At most so many samples are run on every file; None runs all.
        progress: Told what is under way.
        say: Told, in a sentence, of every finished trial.

    Returns:
        The Pareto front and the best, whose firmware project is ready.

    Raises:
        ConfigError: The arguments, the space, the storage, the model function or the data are
            unusable, or the study searched something else.
        DoesNotFitError: No candidate keeps the budget; says the nearest, and what blocks.
        TinyCompressError: As `tinycompress.compress`.
    """
    asked = Asked(
        model=model, data=data, board=board, val=val, model_function=model_function,
        latency_us=latency_us, ram_bytes=ram_bytes, flash_bytes=flash_bytes,
        min_accuracy=min_accuracy, max_accuracy_drop=max_accuracy_drop, minimize=minimize,
        maximize=maximize, space=space, method=method, sampler=sampler, seed=seed, trials=trials,
        evaluation_samples=evaluation_samples, workers=workers, time_s=time_s,
    )  # fmt: skip
    asked.require_sound()
    directory = default_output(model, model_function, board) if output is None else Path(output)
    url = storage or f"sqlite:///{directory.resolve() / DATABASE}"
    shown_url(url)
    place = _Place(url, study or directory.resolve().name, directory)
    with ExitStack() as stack:
        stack.enter_context(owned_directory(directory))
        task = task_of_asked(asked, directory)
        task = replace(task, artifacts=str(artifacts or directory.resolve() / "artifacts"))
        # Not before all that is asked is sound: this makes the database.
        opened = stack.enter_context(storage_at(url))
        made = _begun(opened, task, place, progress, shared=storage is not None)
        goal = _resolved(made)
        reporter = Reporter(
            made, goal, task.trials, progress=progress, say=say, until=_until(time_s)
        )
        _pool(place, directory, workers, time_s, upload=storage is not None).run(reporter.poll)
        return _finished(made, goal, place, board, progress)


def join(
    storage: str,
    study: str,
    *,
    workers: int = 1,
    time_s: float | None = None,
    progress: Progress = no_progress,
    say: Callable[[str], None] = say_nothing,
) -> Summary:
    """Work on a study that another machine has begun, until it has its trials.

    Args:
        storage: URL of its database.
        study: Its name.
        workers: Processes that search here at a time.
        time_s: Seconds after which no trial is begun here.
        progress: Told what is under way.
        say: Told of every finished trial.

    Raises:
        ConfigError: There is no such study, its files cannot be had, or it is of another version.
    """
    require_there(storage)
    with (
        tempfile.TemporaryDirectory(prefix="tinycompress-") as scratch,
        storage_at(storage) as opened,
    ):
        made = load_study(opened, study)
        if PREPARED not in made.user_attrs:
            raise ConfigError(
                f"the study {study!r} has not begun yet", hint="wait until its first trial"
            )
        method = Task.from_json(task_of(made)).method
        if method != "search":
            raise ConfigError(f"study {study!r}: the method {method!r} is one worker's alone")
        goal = _resolved(made)
        trials = int(task_of(made)["trials"])
        reporter = Reporter(made, goal, trials, progress=progress, say=say, until=_until(time_s))
        place = _Place(storage, study, Path(scratch))
        _pool(place, Path(scratch), workers, time_s, upload=True).run(reporter.poll)
        return summary_of(made, goal)


def show(directory: str | Path) -> Summary:
    """What a search has found so far, from its study.

    Args:
        directory: Its ``output``.

    Raises:
        ConfigError: There is no search, or its storage is away.
    """
    path = Path(directory) / RECORD
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        url, study = told["storage"], told["study"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{directory} is no directory of tinycompress fit: there is no {RECORD} in it"
        ) from error
    if url is None:
        # A directory that was moved has its database with it.
        database = Path(directory).resolve() / DATABASE
        if not database.is_file():
            raise ConfigError(f"{directory} has no {DATABASE}", hint="was it moved in part?")
        url = f"sqlite:///{database}"
    require_there(url)
    with storage_at(url) as opened:
        made = load_study(opened, study)
        return summary_of(made, _resolved(made))


def _begun(
    storage: BaseStorage, task: Task, place: _Place, progress: Progress, *, shared: bool
) -> Study:
    """The study, made or gone on with, and all that is known before its first trial."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    new = not (place.directory / RECORD).exists()
    made = create_study(storage, place.study, task.to_json(), task.goal, task.sampler, task.seed)
    record = {
        "schema": "tinycompress.fit.place",
        "schema_version": SCHEMA_VERSION,
        "storage": without_password(place.storage) if shared else None,
        "study": place.study,
    }
    write_text(place.directory / RECORD, json.dumps(record, indent=2) + "\n")
    if PREPARED not in made.user_attrs:
        progress("look at the model, and measure it and the smallest candidate")
        try:
            prepared = prepare(task, place.directory)
        except TinyCompressError:
            if new:
                _forget(made, place, shared=shared)
            raise
        if shared:
            task = _shared(made, task)
        for start in prepared.starts if task.takes_starts else ():
            if len(made.get_trials(deepcopy=False)) < task.trials:
                made.enqueue_trial(dict(start), skip_if_exists=True)
        made.set_user_attr(PREPARED, prepared.to_json())
    else:
        # The same search, perhaps of more trials, or from another place.
        known = Task.from_json(task_of(made))
        files = known.files() if shared else task.files()
        task = replace(task, artifacts=known.artifacts if shared else task.artifacts)
        task = task.with_files(files)
    made.set_user_attr(TASK, task.to_json())
    return made


def _shared(made: Study, task: Task) -> Task:
    from tinycompress.search.artifact_store import open_store, upload_inputs

    return upload_inputs(made, task, open_store(task.artifacts))


def _forget(made: Study, place: _Place, *, shared: bool) -> None:
    """Leave nothing of a search that cannot begin."""
    optuna.delete_study(study_name=place.study, storage=made._storage)
    for name in (RECORD, *(() if shared else (DATABASE,))):
        (place.directory / name).unlink(missing_ok=True)
    for name in ("costs", "original", "inputs"):
        shutil.rmtree(place.directory / name, ignore_errors=True)


def _resolved(made: Study) -> Goal:
    goal = Task.from_json(task_of(made)).goal
    told = made.user_attrs.get(PREPARED)
    if told is None:
        return goal
    reference = Prepared.from_json(told).reference
    return goal if reference is None else goal.resolved(reference)


def _until(time_s: float | None) -> float | None:
    return None if time_s is None else time.time() + time_s


def _pool(
    place: _Place, workspace: Path, workers: int, time_s: float | None, *, upload: bool
) -> Pool:
    request = Request(
        place.storage, place.study, str(workspace.resolve()), _until(time_s), upload, os.getpid()
    )
    return Pool(request, workers)


def _finished(
    made: Study, goal: Goal, place: _Place, board: str | Path, progress: Progress
) -> FitResult:
    rows = rows_of(made.get_trials(deepcopy=False), goal)
    if best_row(rows, goal) is None:
        _require_candidates(made)
        raise _none_within(rows, goal, place.directory)
    summary = summary_of(made, goal)
    return write_results(summary, place.directory, board, progress)


def _require_candidates(made: Study) -> None:
    """Raise what all trials failed with.

    Raises:
        TinyCompressError: There is no candidate at all.
    """
    finished = counted(made.get_trials(deepcopy=False))
    failed = [one.user_attrs[ERROR] for one in finished if ERROR in one.user_attrs]
    if not finished:
        raise ConfigError("no trial was finished in the time", hint="give more --time")
    if len(failed) < len(finished):
        return
    last = failed[-1]
    kind = getattr(errors, last["class"], TinyCompressError)
    known = kind if kind in (ConfigError, errors.ToolError, DoesNotFitError) else TinyCompressError
    raise known(f"all {len(failed)} trials failed; the last: {last['message']}", hint=last["hint"])


def _none_within(rows: Any, goal: Goal, directory: Path) -> DoesNotFitError:
    nearest = nearest_row(rows)
    if nearest is None:
        return DoesNotFitError(
            f"none of {len(rows)} trials keeps the budget, and none is known to be near",
            hint=f"tinycompress fit show {directory} lists them",
        )
    trained = "" if nearest.figures else ", not trained for it"
    return DoesNotFitError(
        f"none of {len(rows)} trials keeps the budget; the nearest is trial"
        f" {nearest.number}{trained}: {'; '.join(blocking(nearest, goal))}",
        hint=f"raise that budget, do more --trials, or widen the space; tinycompress fit show"
        f" {directory} lists all trials",
    )
