"""Writing a project's files, into a new directory or over an earlier run's: the user's stay.

Files of ours are those that the manifest of the earlier run names, as long as they have the SHA-256
that it says. Everything else is the user's: added files, and files of ours that were edited.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tinycompress import _files
from tinycompress.artifacts import FirmwareProject, ProjectUpdate
from tinycompress.boards import Board
from tinycompress.errors import ConfigError, os_reason
from tinycompress.firmware.manifest import MANIFEST_FILE, manifest_json, read_manifest
from tinycompress.firmware.outputs import BUILD_DIRECTORY, built_files
from tinycompress.firmware.project import PROJECT_FILE, is_project, load_project
from tinycompress.options import BuildOptions

MODEL_FILE = "model.tflite"
PROJECT_ID_SOURCE = "runtime/tc_project_id.c"
_SHOWN = 12
_LOG = logging.getLogger(__name__)


def write_tree(
    tree: Mapping[str, bytes], directory: Path, *, force: bool = False
) -> FirmwareProject:
    """Write all files of a project, or none, and keep what the user has in the directory.

    Files that the user added stay. Files of ours that were edited stay, and are told of; where they
    must go with the model, nothing is written. Files of an earlier run that are made no longer go.
    What our own build made of the earlier files goes as well, unless nothing changed.

    Args:
        tree: Contents by path relative to the project.
        directory: Absent, empty, or a project of an earlier run.
        force: Whether edited files are overwritten.

    Raises:
        ConfigError: ``directory`` cannot be written, holds something else than a project, or edited
            files that cannot stay.
    """
    whole = {**tree, MANIFEST_FILE: manifest_json(tree).encode()}
    if not is_earlier_project(directory):
        with _files.new_directory(directory) as temporary:
            for path, content in sorted(whole.items()):
                file = temporary / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        return load_project(directory)
    changes = _compare(directory, tree)
    if not force:
        _refuse_what_cannot_stay(directory, tree, changes)
    _apply(directory, whole, changes, force=force)
    update = _update(changes, force=force)
    _tell(directory, update, changes)
    return replace(load_project(directory), update=update)


def is_earlier_project(directory: Path) -> bool:
    """Whether an earlier run wrote into ``directory``."""
    return directory.is_dir() and (is_project(directory) or read_manifest(directory) is not None)


def require_place(directory: Path, board: Board, options: BuildOptions) -> None:
    """Refuse, before there is a model, a directory into which no project of this kind can go.

    Edited files that must go with the model are refused by `write_tree`, which has the new ones.

    Raises:
        ConfigError: Something else than a project is there, or a project for another board, engine
            or framework with edited files.
    """
    if not is_earlier_project(directory):
        _files.require_room(directory)
    elif not options.force:
        edited = list(_edited(directory))
        if edited and _identity_on_disk(directory) != (
            board.id, options.engine, options.framework
        ):  # fmt: skip
            raise _for_another_board(directory, edited, "edited")


def kept_contents(tree: Mapping[str, bytes], directory: Path) -> dict[str, bytes]:
    """Contents, by path, of the user's files that `write_tree` would keep in the place of ours.

    Raises:
        ConfigError: A file cannot be read, or a directory stands in its place.
    """
    if not is_earlier_project(directory):
        return {}
    users = _compare(directory, tree).users
    return {path: (directory / path).read_bytes() for path in users if (directory / path).exists()}


@dataclass(frozen=True)
class _Changes:
    """How a directory differs from what is to be written into it; paths, sorted.

    ``ours``: absent, or as the earlier run wrote it, and now other bytes. ``users``: other bytes
    than now and then. ``outdated``: those of ``users`` of which we now write another version than
    then. ``gone``: of the earlier run, unedited, and made no longer. ``gone_edited``: the same, but
    edited.
    """

    ours: tuple[str, ...]
    users: tuple[str, ...]
    outdated: frozenset[str]
    gone: tuple[str, ...]
    gone_edited: tuple[str, ...]
    has_manifest: bool


def _compare(directory: Path, tree: Mapping[str, bytes]) -> _Changes:
    manifest = read_manifest(directory)
    then = {} if manifest is None else manifest
    now = {path: hashlib.sha256(content).hexdigest() for path, content in tree.items()}
    found = {path: _sha256(directory, path) for path in sorted({*now, *then})}
    changed = [path for path in sorted(now) if found[path] != now[path]]
    ours = tuple(path for path in changed if found[path] in (None, then.get(path)))
    users = tuple(path for path in changed if path not in ours)
    gone = [path for path in sorted(then) if path not in now and found[path] is not None]
    return _Changes(
        ours=ours,
        users=users,
        outdated=frozenset(path for path in users if then.get(path, now[path]) != now[path]),
        gone=tuple(path for path in gone if found[path] == then[path]),
        gone_edited=tuple(path for path in gone if found[path] != then[path]),
        has_manifest=manifest is not None,
    )


def _sha256(directory: Path, path: str) -> str | None:
    """SHA-256 of a file; None if there is nothing in its place.

    Raises:
        ConfigError: Something else than a file is there, or it cannot be read.
    """
    for parent in PurePosixPath(path).parents:
        place = directory / parent
        if place.exists() and not place.is_dir():
            raise ConfigError(
                f"cannot make the directory {place}: a file is in the way",
                hint=f"move {place} elsewhere",
            )
    file = directory / path
    if file.is_dir():
        raise ConfigError(
            f"cannot write {file}: a directory is in the way", hint=f"move {file} elsewhere"
        )
    if not file.exists():
        # A link that leads nowhere is the user's, too.
        return "" if file.is_symlink() else None
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {os_reason(error)}") from error


def _refuse_what_cannot_stay(directory: Path, tree: Mapping[str, bytes], changes: _Changes) -> None:
    edited = (*changes.users, *changes.gone_edited)
    if not edited:
        return
    whose = "edited" if changes.has_manifest else "other than this version writes them"
    if _identity_on_disk(directory) != _identity(tree[PROJECT_FILE]):
        raise _for_another_board(directory, edited, whose)
    bound = [path for path in edited if _goes_with_the_model(path)]
    if bound:
        told = "" if changes.has_manifest else ", and it has no manifest by which to tell edits"
        raise ConfigError(
            f"the firmware would not be that of the model: in {directory}, files that are "
            f"generated from it are {whose}{told}: {_listed(bound)}",
            hint="choose another directory with -o, or overwrite these files with --force",
        )


def _for_another_board(directory: Path, edited: Iterable[str], whose: str) -> ConfigError:
    return ConfigError(
        f"{directory} holds a project for another board, engine or framework, of which files "
        f"are {whose}: {_listed(edited)}",
        hint="choose another directory with -o, or overwrite these files with --force",
    )


def _edited(directory: Path) -> Iterator[str]:
    """Files of an earlier run that are there and not as it wrote them."""
    for path, then in sorted((read_manifest(directory) or {}).items()):
        if _sha256(directory, path) not in (None, then):
            yield path


def _goes_with_the_model(path: str) -> bool:
    """Whether figures of the firmware would be wrong with another version of this file."""
    inner = path.removeprefix("src/")
    return inner.startswith("model/") or inner in (MODEL_FILE, PROJECT_FILE, PROJECT_ID_SOURCE)


def _identity(project_file: bytes) -> tuple[str, ...] | None:
    """For which board, engine and framework a project is; None if its file does not say."""
    try:
        table = json.loads(project_file)
        return (table["board"], table["engine"], table.get("framework", "cmake"))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _identity_on_disk(directory: Path) -> tuple[str, ...] | None:
    try:
        return _identity((directory / PROJECT_FILE).read_bytes())
    except OSError:
        return None


def _apply(directory: Path, whole: Mapping[str, bytes], changes: _Changes, *, force: bool) -> None:
    paths = [*changes.ours, *(changes.users if force else ())]
    gone = [*changes.gone, *(changes.gone_edited if force else ())]
    if paths or gone or changes.users or changes.gone_edited:
        # First of all: no moment has the firmware of other sources beside these.
        stale = built_files(directory / BUILD_DIRECTORY)
        gone = [*(f"{BUILD_DIRECTORY}/{name}" for name in stale), *gone]
    # Last of all, what says what the other files are.
    last = (PROJECT_FILE, MANIFEST_FILE)
    if _sha256(directory, MANIFEST_FILE) != hashlib.sha256(whole[MANIFEST_FILE]).hexdigest():
        paths.append(MANIFEST_FILE)
    ordered = [path for path in paths if path not in last] + [p for p in last if p in paths]
    if ordered or gone:
        _files.change_files(directory, {path: whole[path] for path in ordered}, gone)


def _update(changes: _Changes, *, force: bool) -> ProjectUpdate:
    edited = tuple(sorted((*changes.users, *changes.gone_edited)))
    if force:
        return ProjectUpdate(overwritten=edited, removed=changes.gone)
    return ProjectUpdate(
        kept=edited,
        outdated=tuple(path for path in edited if path in changes.outdated),
        removed=changes.gone,
    )


def _tell(directory: Path, update: ProjectUpdate, changes: _Changes) -> None:
    """Say at once what was kept: a compiler that refuses it may be the next to speak."""
    if update.overwritten:
        _LOG.warning("overwritten in %s: %s", directory, _listed(update.overwritten))
    if update.kept:
        _LOG.warning(
            "kept in %s, since they %s (--force overwrites): %s",
            directory,
            "are not as tinycompress wrote them" if changes.has_manifest
            else "differ, and there was no manifest by which to tell your edits",
            _listed(update.kept),
        )  # fmt: skip
    if update.outdated:
        _LOG.warning(
            "of these, this run would have written another version than the run before: %s",
            _listed(update.outdated),
        )


def _listed(paths: Iterable[str]) -> str:
    names = list(paths)
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
