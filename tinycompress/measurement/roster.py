"""``bench --all``: a desk full of boards, described in one TOML file and measured side by side.

What a lab owns (ports, serial numbers) is here and not in board files.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from tinycompress._progress import Progress, no_progress
from tinycompress._strict_toml import problems_error, read_strict
from tinycompress._tables import Table
from tinycompress.artifacts import BenchResult
from tinycompress.errors import (
    DoesNotFitError,
    MismatchError,
    TinyCompressError,
)
from tinycompress.measurement.promises import require_promises

_HINT = "docs/flashing.md, 'Several boards', explains every key"
_MOST_AT_ONCE = 16
_UNEXPECTED = 1


class Entry(Table):
    """One board of a roster.

    ``directory`` is the built project, relative to the roster's file. ``port`` is a device name, a
    USB serial number or a URL; without it the firmware runs on the virtual board. ``answer_port``
    and ``flash`` are as in ``tinycompress flash``. ``samples`` stands for the roster's.
    """

    directory: str
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")] = ""
    board: str | None = None
    port: str | None = None
    answer_port: str | None = None
    flash: bool = False
    samples: str | None = None


class Roster(Table):
    """A whole file: ``samples`` and ``runs`` for all, and the boards."""

    schema_: Literal[1] = Field(alias="schema")
    samples: str | None = None
    runs: Annotated[int, Field(ge=1, le=1000)] = 5
    board: tuple[Entry, ...]


@dataclass(frozen=True)
class Task:
    """One board's measurement with every path resolved; goes to a process of its own."""

    name: str
    directory: Path
    board: str | None
    port: str | None
    answer_port: str | None
    flash: bool
    samples: Path | None
    runs: int
    bundle: Path | None


@dataclass(frozen=True)
class Failure:
    """Why a board gave no result; a process cannot hand on every exception as it is."""

    message: str
    hint: str | None
    exit_code: int


@dataclass(frozen=True)
class Outcome:
    """What came of a task: a result, a failure, or both if outputs are not the oracle's."""

    task: Task
    result: BenchResult | None
    failure: Failure | None


def read_roster(path: Path, bundles: Path | None) -> tuple[Task, ...]:
    """Read a roster.

    Args:
        path: The TOML file.
        bundles: Directory that gets one result bundle for each board, named after it; None: none.

    Raises:
        ConfigError: The file cannot be read, or has problems (all of them are listed).
    """
    roster = read_strict(path, Roster, "the roster", _HINT)
    tasks = tuple(_task(entry, roster, path.parent, bundles) for entry in roster.board)
    problems = [*_twice(tasks), *_contradictions(roster)]
    if problems:
        raise problems_error(path, problems, "the roster", _HINT)
    return tasks


def run_roster(
    tasks: tuple[Task, ...],
    work: Callable[[Task], BenchResult],
    *,
    progress: Progress = no_progress,
) -> tuple[Outcome, ...]:
    """Carry out all tasks side by side, each in a process of its own; one failure stops no other.

    Args:
        tasks: What to do.
        work: A function of a module, which does one task.
        progress: Told how many boards are finished.
    """
    done = 0
    progress("measure all boards", done, len(tasks))
    # Started afresh: a copy of this process would share its ports, locks and threads.
    context = multiprocessing.get_context("spawn")
    workers = min(len(tasks), _MOST_AT_ONCE)
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        futures = [pool.submit(attempt, task, work) for task in tasks]
        for _ in concurrent.futures.as_completed(futures):
            done += 1
            progress("measure all boards", done, len(tasks))
    return tuple(_outcome(task, future) for task, future in zip(tasks, futures, strict=True))


def attempt(task: Task, work: Callable[[Task], BenchResult]) -> Outcome:
    """Do a task; what a user can cause becomes part of the outcome."""
    try:
        result = work(task)
    except TinyCompressError as error:
        return Outcome(task, None, Failure(error.message, error.hint, error.exit_code))
    try:
        require_promises(result)
    except (MismatchError, DoesNotFitError) as error:
        return Outcome(task, result, Failure(error.message, error.hint, error.exit_code))
    return Outcome(task, result, None)


def _outcome(task: Task, future: concurrent.futures.Future[Outcome]) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    # A fault of ours, or a process that the system has killed: the other boards still count.
    text = f"unexpected {type(error).__name__}: {error}"
    return Outcome(task, None, Failure(text, None, _UNEXPECTED))


def _task(entry: Entry, roster: Roster, base: Path, bundles: Path | None) -> Task:
    directory = base / entry.directory
    name = entry.name or directory.resolve().name
    samples = entry.samples or roster.samples
    return Task(
        name=name,
        directory=directory,
        board=entry.board,
        port=entry.port,
        answer_port=entry.answer_port,
        flash=entry.flash,
        samples=None if samples is None else base / samples,
        runs=roster.runs,
        bundle=None if bundles is None else bundles / name,
    )


def _twice(tasks: tuple[Task, ...]) -> list[str]:
    problems = []
    names = [task.name for task in tasks]
    for name in sorted({name for name in names if names.count(name) > 1}):
        problems.append(f"board: two boards are called {name!r}; give each a 'name' of its own")
    ports = [port for task in tasks for port in {task.port, task.answer_port} if port is not None]
    for port in sorted({port for port in ports if ports.count(port) > 1}):
        problems.append(f"board: the port {port!r} is named for two boards")
    return problems


def _contradictions(roster: Roster) -> list[str]:
    if not roster.board:
        return ["board: empty; at least one board"]
    return [
        f"board[{index}].flash: a board without 'port' is the virtual one, which is not flashed"
        for index, entry in enumerate(roster.board)
        if entry.flash and entry.port is None
    ]
