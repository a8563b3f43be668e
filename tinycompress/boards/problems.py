"""Turning what pydantic found into sentences for the author of a board file."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tinycompress.boards.schema import Board


def describe(problem: ErrorDetails) -> str:
    """One line: the key's place in the file, what is wrong with it, and what is allowed."""
    loc = problem["loc"]
    place = _place(loc)
    kind = problem["type"]
    if kind == "extra_forbidden":
        allowed = _keys(loc[:-1])
        close = difflib.get_close_matches(str(loc[-1]), allowed, n=1)
        suggestion = (
            f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(sorted(allowed))}"
        )
        return f"{place}: unknown key; {suggestion}"
    if kind == "missing":
        return f"{place}: missing"
    message = problem["msg"]
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        context = problem.get("ctx", {})
        methods = ", ".join(_tags(_alternatives(Board.model_fields["flash"].annotation)))
        if kind == "union_tag_not_found":
            return f"{place}: 'method' is missing; allowed: {methods}"
        return f"{place}: unknown method {context.get('tag')!r}; allowed: {methods}"
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
    # Pydantic puts the tag of a union into the path, which the file does not have.
    text = ""
    for part, _ in _walk(loc):
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else str(part)
    return text or "the file"


def _keys(loc: tuple[int | str, ...]) -> list[str]:
    models = next((models for _, models in reversed(list(_walk(loc)))), [Board])
    return [field.alias or name for model in models for name, field in model.model_fields.items()]


def _walk(
    loc: tuple[int | str, ...],
) -> Iterator[tuple[int | str, list[type[BaseModel]]]]:
    """Each real part of a path with the table types that it may lead to."""
    models: list[type[BaseModel]] = [Board]
    for part in loc:
        if isinstance(part, int):
            yield part, models
            continue
        tags = _tags(models)
        if part in tags:
            models = [tags[part]]
            continue
        annotations = [
            field.annotation
            for model in models
            for name, field in model.model_fields.items()
            if part in (name, field.alias)
        ]
        models = [model for annotation in annotations for model in _alternatives(annotation)]
        yield part, models


def _alternatives(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _alternatives(part)]


def _tags(models: list[type[BaseModel]]) -> dict[str, type[BaseModel]]:
    return {
        tag: model
        for model in models
        if "method" in model.model_fields
        for tag in get_args(model.model_fields["method"].annotation)
    }
