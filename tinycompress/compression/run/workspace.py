"""What an output directory of a run may hold: its own recipe, its own stages, its own result.

A run that begins in the directory of another one takes over the stages that both have in common.
Everything else that runs have made is removed before the new recipe is written, the result first:
at no moment, and wherever a process is killed, does a result lie beside the recipe of another run.
Files that the user put there stay.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinycompress._files import new_directory, write_text
from tinycompress.errors import ConfigError

RECORD = "run.json"
"""In the directory: the recipe and the board of the run that everything in it belongs to."""
RESULT = "result"
STAGES = "stages"
MODEL, TFLITE, STAGE_FACTS, REPORT = "model.keras", "model.tflite", "stage.json", "report.json"
_OF_RESULT = frozenset((MODEL, TFLITE, REPORT))
_OF_STAGE = frozenset((MODEL, TFLITE, STAGE_FACTS))
_STAGE = re.compile(r"\d\d-[a-z_]+")
_REPLACED = "|".join((RESULT, _STAGE.pattern, re.escape(RECORD)))
_UNFINISHED = re.compile(rf"\.({_REPLACED})\.(old\.)?[a-z0-9_]{{8}}")


@dataclass(frozen=True)
class Plan:
    """What a run is going to keep.

    Attributes:
        identity: Hash of everything that the result depends on.
        stages: Key of every stage, by the name of its directory.
        facts: What `RECORD` says of the run besides: JSON values.
    """

    identity: str
    stages: Mapping[str, str]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Removed:
    """What a run has taken out of its directory.

    Attributes:
        names: Directories, relative to it; the result first.
        recipe: Name of the recipe that made them; empty if that is not known.
    """

    names: tuple[str, ...]
    recipe: str = ""


def begin(directory: Path, plan: Plan, *, resume: bool) -> Removed:
    """Leave nothing in a directory that the caller owns but what ``plan`` says, and the user's.

    Args:
        directory: There, and owned by this run.
        plan: What the run is going to keep.
        resume: Whether what earlier runs made with the same keys stays.

    Returns:
        What was not to stay.

    Raises:
        ConfigError: The place cannot be written.
    """
    _recover(directory)
    recipe = _facts_in(directory / RECORD).get("recipe")
    same = resume and _text_in(directory / RECORD, "identity") == plan.identity
    removed = []
    if not same and _clear(directory / RESULT, _OF_RESULT):
        removed.append(RESULT)
    for path in _stage_directories(directory):
        key = plan.stages.get(path.name) if resume else None
        if key is None or _text_in(path / STAGE_FACTS, "key") != key:
            removed += [f"{STAGES}/{path.name}"] if _clear(path, _OF_STAGE) else []
    with contextlib.suppress(OSError):
        (directory / STAGES).rmdir()
    if not same:
        record = {
            "schema": "tinycompress.compress.run",
            "schema_version": 1,
            "identity": plan.identity,
            **plan.facts,
        }
        write_text(directory / RECORD, json.dumps(record, indent=2) + "\n")
    name = recipe.get("name") if isinstance(recipe, dict) else None
    return Removed(tuple(removed), name if isinstance(name, str) else "")


@contextlib.contextmanager
def new_stage(path: Path) -> Iterator[Path]:
    """As `new_directory` in place of an older stage; what the user put into that is kept.

    Raises:
        ConfigError: The place cannot be written; what was there before is still there.
    """
    with _renewed(path, _OF_STAGE) as temporary:
        yield temporary


@contextlib.contextmanager
def new_result(directory: Path) -> Iterator[Path]:
    """The same for the result.

    Raises:
        ConfigError: The place cannot be written; what was there before is still there.
    """
    with _renewed(directory / RESULT, _OF_RESULT) as temporary:
        yield temporary


@contextlib.contextmanager
def _renewed(path: Path, ours: frozenset[str]) -> Iterator[Path]:
    with new_directory(path, replace=True) as temporary:
        for entry in _foreign(path, ours):
            if entry.is_dir() and not entry.is_symlink():
                shutil.copytree(entry, temporary / entry.name, symlinks=True)
            else:
                shutil.copy2(entry, temporary / entry.name, follow_symlinks=False)
        yield temporary


def _clear(path: Path, ours: frozenset[str]) -> bool:
    """Take what runs wrote out of a directory, all at once; a directory left empty goes, too.

    Returns:
        Whether there was any.
    """
    found = any((path / name).exists() for name in ours)
    if found:
        with _renewed(path, ours):
            pass
    with contextlib.suppress(OSError):
        path.rmdir()
    return found


def _foreign(path: Path, ours: frozenset[str]) -> list[Path]:
    return [entry for entry in path.iterdir() if entry.name not in ours] if path.is_dir() else []


def _stage_directories(directory: Path) -> list[Path]:
    try:
        found = sorted((directory / STAGES).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path for path in found if _STAGE.fullmatch(path.name) and path.is_dir()]


def _facts_in(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _text_in(path: Path, field: str) -> str | None:
    value = _facts_in(path).get(field)
    return value if isinstance(value, str) else None


def _recover(directory: Path) -> None:
    """Remove what a killed run was about to write, and put back what it was about to replace."""
    for parent in (directory, directory / STAGES):
        for leftover in sorted(parent.glob(".*")):
            name = _UNFINISHED.fullmatch(leftover.name)
            if name is None:
                continue
            try:
                before = leftover / name[1]
                if name[2] and before.exists() and not (parent / name[1]).exists():
                    before.rename(parent / name[1])
                shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
            except OSError as error:
                raise ConfigError(
                    f"cannot remove {leftover}, which a run that was killed has left:"
                    f" {error.strerror or error}",
                    hint="choose another place with -o",
                ) from error
