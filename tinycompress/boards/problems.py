"""Turning what pydantic found into sentences for the author of a board file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tinycompress._strict_toml import near_miss
from tinycompress.boards.schema import Board
from tinycompress.flashing.method import FlashMethod
from tinycompress.flashing.registry import METHOD_PROBLEM, by_name


def describe(problem: ErrorDetails, table: Mapping[str, Any]) -> str:
    """One line: the key's place in the file, what is wrong with it, and what is allowed.

    Args:
        problem: One of pydantic's.
        table: The whole file.
    """
    loc = problem["loc"]
    place = _place(loc)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{place}: unknown key; {near_miss(str(loc[-1]), _keys(loc[:-1], table))}"
    if kind == "missing":
        return f"{place}: missing"
    message = problem["msg"]
    if kind == METHOD_PROBLEM:
        return f"{place}: {message}"
    message = message[:1].lower() + message[1:].replace("should", "must")
    return f"{place}: {_value(problem['input'])}: {message}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, tuple):
        return "an array"
    if isinstance(value, int):
        return f"{value} ({value:#x})" if value > 9999 else str(value)
    return repr(value)


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text or "the file"


def _keys(loc: tuple[int | str, ...], table: Any) -> list[str]:
    """The keys of the table at a place in the file."""
    model: type[BaseModel] = Board
    for part in loc:
        table = table[part]
        if isinstance(part, str):
            model = next(_models(_fields(model)[part]))
    if model is FlashMethod:
        model = by_name(table.get("method")) or model
    return list(_fields(model))


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Annotation by the name that the file has for a key."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
