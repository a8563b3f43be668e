"""Where a study is kept: opened, made or found again, with what users can get wrong told."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.study import Study
from optuna.trial import FrozenTrial
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from tinycompress.errors import ConfigError
from tinycompress.search.goal import Goal
from tinycompress.search.methods.sampling import make_pruner, make_sampler

TASK = "tinycompress"
"""Attribute of a study: what it searches, see `task.Task`."""
_HISTORY = "retry_history"  # Optuna's name for the numbers of the trials that one does again
_MOST_RETRIES = 3
_SQLITE_WAIT_S = 120.0


@dataclass(frozen=True)
class Heartbeat:
    """How a killed worker is noticed.

    Attributes:
        interval_s: A worker says so often that it works on its trial.
        grace_s: A trial of which nothing was heard for so long is taken up by another worker.
    """

    interval_s: int = 10
    grace_s: int = 40


USUAL = Heartbeat()


@contextlib.contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turn what goes wrong with a storage into an error that says which one, and why.

    Raises:
        ConfigError: The storage is away, full, damaged, or of another version.
    """
    shown = shown_url(url)
    try:
        yield
    except optuna.exceptions.StorageInternalError as error:
        raise _unusable(shown, error.__cause__ or error) from error
    except SQLAlchemyError as error:
        raise _unusable(shown, error) from error
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"the storage {shown} needs the Python package {error.name!r}",
            hint="pip install 'tinycompress-mcu[postgres]', and write postgresql+psycopg://…",
        ) from error


def shown_url(url: str) -> str:
    """A storage's URL without its password.

    Raises:
        ConfigError: It is no URL of a database.
    """
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError as error:
        raise ConfigError(
            f"{url!r} is no URL of a database",
            hint="such as postgresql+psycopg://user@host/database",
        ) from error


def without_password(url: str) -> str:
    """A storage's URL as it may lie in a file; PostgreSQL takes passwords from PGPASSWORD, too."""
    # `set` takes None for "as it is".
    return make_url(url)._replace(password=None).render_as_string(hide_password=False)


def open_storage(url: str, heartbeat: Heartbeat = USUAL) -> RDBStorage:
    """Connect to a storage; tables are made in an empty one.

    Raises:
        ConfigError: It is away, or of another version of Optuna.
    """
    sqlite = url.startswith("sqlite")
    arguments = {"connect_args": {"timeout": _SQLITE_WAIT_S}} if sqlite else {"pool_pre_ping": True}
    with storage_errors(url), warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        try:
            return RDBStorage(
                url,
                engine_kwargs=arguments,
                heartbeat_interval=heartbeat.interval_s,
                grace_period=heartbeat.grace_s,
                heartbeat_stale_trial_callback=take_up_again,
            )
        except RuntimeError as error:
            raise ConfigError(
                f"the storage {shown_url(url)} is of another version: {error}",
                hint="use the version that made it, or another storage",
            ) from error


def require_there(url: str) -> None:
    """Refuse a database in a file that is not there: connecting would make an empty one.

    Raises:
        ConfigError: It is not.
    """
    with storage_errors(url):
        parsed = make_url(url)
    named = parsed.get_backend_name() == "sqlite" and parsed.database
    if named and not Path(named).is_file():
        raise ConfigError(f"cannot use the storage {shown_url(url)}: there is no file {named}")


@contextlib.contextmanager
def storage_at(url: str, heartbeat: Heartbeat = USUAL) -> Iterator[RDBStorage]:
    """A storage while the block runs, with `storage_errors`; its connections are closed then.

    Raises:
        ConfigError: As `open_storage`.
    """
    with storage_errors(url):
        storage = open_storage(url, heartbeat)
        try:
            yield storage
        finally:
            storage.remove_session()
            storage.engine.dispose()


def take_up_again(study: Study, trial: FrozenTrial) -> None:
    """Let another trial do what one has left; called for trials whose worker is silent.

    A trial that has ended its worker several times is not tried again.
    """
    _again(study, trial, _MOST_RETRIES)


def give_back(study: Study, trial: FrozenTrial) -> None:
    """The same for a trial that its own worker leaves, because the user ends the search."""
    _again(study, trial, None)


def _again(study: Study, trial: FrozenTrial, most: int | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        RetryHeartbeatStaleTrialCallback(max_retry=most)(study, trial)


def create_study(
    storage: BaseStorage, name: str, task: Mapping[str, Any], goal: Goal, sampler: str, seed: int
) -> Study:
    """Make a study, or go on with the one of that name.

    Args:
        storage: Where.
        name: Of the study.
        task: What it searches: plain values. ``identity`` is what must not change.
        goal: What it is for.
        sampler: Name, see `methods.sampling.SAMPLERS`.
        seed: Of the sampler.

    Raises:
        ConfigError: There is one of that name that searches something else.
    """
    with storage_errors(_url(storage)):
        study = optuna.create_study(
            storage=storage, study_name=name, directions=list(goal.directions),
            load_if_exists=True, sampler=make_sampler(sampler, seed),
            pruner=make_pruner(goal.directions),
        )  # fmt: skip
        before = study.user_attrs.get(TASK)
        if before is None and not study.get_trials(deepcopy=False):
            study.set_user_attr(TASK, dict(task))
            return study
    require_same(name, before, task)
    return study


def load_study(storage: BaseStorage, name: str) -> Study:
    """A study that is there, with its sampler.

    Raises:
        ConfigError: There is none of that name, or it is none of tinycompress.
    """
    with storage_errors(_url(storage)):
        known = optuna.get_all_study_names(storage)
        if name not in known:
            listed = ", ".join(known) or "none"
            raise ConfigError(
                f"there is no study {name!r} in {shown_url(_url(storage))}; there are: {listed}"
            )
        study = optuna.load_study(study_name=name, storage=storage)
        task = task_of(study)
    study.sampler = make_sampler(task["identity"]["sampler"], task["identity"]["seed"])
    study.pruner = make_pruner([one.name.lower() for one in study.directions])
    return study


def task_of(study: Study) -> dict[str, Any]:
    """What a study searches.

    Raises:
        ConfigError: It was not made by tinycompress, or by another version.
    """
    from tinycompress.search.task import SCHEMA_VERSION

    found = study.user_attrs.get(TASK)
    if not isinstance(found, dict):
        raise ConfigError(f"the study {study.study_name!r} was not made by tinycompress fit")
    if found.get("schema_version") != SCHEMA_VERSION:
        raise ConfigError(
            f"the study {study.study_name!r} is of version {found.get('schema_version')}; this"
            f" tinycompress takes {SCHEMA_VERSION}",
            hint="use the version that made it, or another study",
        )
    return found


def require_same(name: str, before: Any, task: Mapping[str, Any]) -> None:
    """Refuse to go on with a study that searched something else.

    Raises:
        ConfigError: It did; says what differs.
    """
    if not isinstance(before, dict):
        raise ConfigError(f"the study {name!r} was not made by tinycompress fit")
    old, new = before.get("identity", {}), task["identity"]
    if before.get("schema_version") != task["schema_version"]:
        old = {**old, "version": before.get("schema_version")}
        new = {**new, "version": task["schema_version"]}
    differing = [key for key in new if _plain(old.get(key)) != _plain(new[key])]
    if differing:
        raise ConfigError(
            f"the study {name!r} was made with another {', another '.join(differing)}",
            hint="choose another directory with -o, or another --study",
        )


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def counted(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """The finished trials; those that another one does again are not counted."""
    redone = {number for trial in trials for number in trial.system_attrs.get(_HISTORY, ())}
    return [one for one in trials if one.state.is_finished() and one.number not in redone]


def is_taken_up(trial: FrozenTrial) -> bool:
    """Whether a trial does again what another one has left."""
    return _HISTORY in trial.system_attrs


def _url(storage: BaseStorage) -> str:
    return str(getattr(storage, "url", "sqlite://"))


def _unusable(shown: str, error: BaseException) -> ConfigError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()
    return ConfigError(
        f"cannot use the storage {shown}: {reason[0] if reason else type(error).__name__}",
        hint="is the server there, the disk not full, the name right? What is finished is kept",
    )
