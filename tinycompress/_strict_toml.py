"""TOML files that users write: read strictly, and every problem of a file told at once."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from tinycompress._tables import Table
from tinycompress.errors import ConfigError, os_reason

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_Table = TypeVar("_Table", bound=Table)


def read_strict(path: Path, table: type[_Table], what: str, hint: str) -> _Table:
    """Read a file as a table of tables.

    Args:
        path: The TOML file.
        table: What it must be.
        what: What the file is called in messages, such as ``the roster``.
        hint: Where its keys are explained.

    Raises:
        ConfigError: It cannot be read, is no TOML, or has problems (all of them are listed).
    """
    tree = _read(path, what)
    try:
        return table.model_validate(as_tuples(tree))
    except ValidationError as error:
        raise problems_error(path, _described(error, table), what, hint) from error


def _read(path: Path, what: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {what} {path}: {os_reason(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{what} {path} is not valid TOML: {error}") from error


def problems_error(path: Path, problems: list[str], what: str, hint: str) -> ConfigError:
    """One error of all problems of a file, as `read_strict` raises it."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    name = what.removeprefix("the ")
    return ConfigError("\n  - ".join((f"{name} {path}: {count}", *problems)), hint=hint)


def as_tuples(value: Any) -> Any:
    """A tree of TOML with tuples for lists, into which strict validation does not turn them."""
    if isinstance(value, dict):
        return {key: as_tuples(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(as_tuples(item) for item in value)
    return value


def near_miss(word: str, allowed: Iterable[str]) -> str:
    """What an unknown word may have been meant for, or else all that is allowed."""
    known = sorted(allowed)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(known)}"


def _described(error: ValidationError, table: type[BaseModel]) -> list[str]:
    """A line for each key that is wrong; of one that allows several kinds, why it is none."""
    lines: dict[str, list[str]] = {}
    problems = error.errors(include_url=False)
    places = [problem["loc"] for problem in problems]
    for problem in problems:
        own = problem["loc"]
        within = any(len(loc) > len(own) and loc[: len(own)] == own for loc in places)
        if problem["type"] == "too_short" and within:
            continue  # an entry that is wrong is not counted, and told already
        where, why = _describe(problem, table)
        lines.setdefault(where, []).append(why)
    return [f"{where}: {'; or '.join(reasons)}" for where, reasons in lines.items()]


def _describe(problem: ErrorDetails, table: type[BaseModel]) -> tuple[str, str]:
    """Where a problem is, with the value that is wrong, and what is wrong about it."""
    loc = problem["loc"]
    if problem["type"] == "extra_forbidden":
        return _place(loc), f"unknown key; {_meant(str(loc[-1]), _table_at(loc[:-1], table))}"
    place = _place(_of_keys(loc, table))
    if problem["type"] == "missing":
        return place, "missing"
    message = problem["msg"].removeprefix("Value error, ")
    text = message[:1].lower() + message[1:].replace("should", "must")
    return f"{place}: {_shown(problem['input'])}", text


def _place(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)[1:]


def _of_keys(loc: tuple[int | str, ...], table: type[BaseModel]) -> tuple[int | str, ...]:
    """A place without what pydantic adds: which of several allowed kinds it tried."""
    kept: list[int | str] = []
    for part in loc:
        if isinstance(part, str):
            known = table.model_fields.items()
            fields = [field for name, field in known if part in (name, field.alias)]
            if not fields:
                break
            table = next(_tables_of(fields[0].annotation), table)
        kept.append(part)
    return tuple(kept)


def _shown(value: object) -> str:
    """A value as the file has it, or what it is, where it is too long for a line."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, tuple) and any(isinstance(item, dict) for item in value):
        return f"{len(value)} tables"
    return repr(value)


def _meant(key: str, table: type[BaseModel]) -> str:
    """Where an unknown key belongs, what it may have been meant for, or what is allowed."""
    homes = [
        name
        for name, field in table.model_fields.items()
        if any(key in _keys(inner) for inner in _tables_of(field.annotation))
    ]
    if homes:
        return f"it belongs into {' or '.join(f'[{name}]' for name in homes)}"
    return near_miss(key, _keys(table))


def _table_at(loc: tuple[int | str, ...], table: type[BaseModel]) -> type[BaseModel]:
    for part in loc:
        if isinstance(part, str):
            fields = table.model_fields.items()
            annotation = next(f.annotation for name, f in fields if part in (name, f.alias))
            table = next(_tables_of(annotation))
    return table


def _tables_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _tables_of(part)


def _keys(table: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in table.model_fields.items()]
