"""Turning what pydantic found into sentences for the author of a recipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tinycompress._strict_toml import near_miss
from tinycompress.compression.stages.registry import find_stage, stage_kinds


def describe(problem: ErrorDetails, table: Mapping[str, Any], recipe: type[BaseModel]) -> str:
    """One line: the key's place in the recipe, what is wrong with it, and what is allowed.

    Args:
        problem: As pydantic reports it.
        table: The whole recipe.
        recipe: The class that it was validated by.
    """
    loc = problem["loc"]
    place = _place(loc)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{place}: unknown key; {near_miss(str(loc[-1]), _keys(loc[:-1], table, recipe))}"
    if kind == "missing":
        return f"{place}: missing"
    if kind == "union_tag_not_found":
        return f"{place}: 'kind' is missing; allowed: {', '.join(stage_kinds())}"
    if kind == "union_tag_invalid":
        tag = str(problem.get("ctx", {}).get("tag"))
        return f"{place}: unknown kind {tag!r}; {near_miss(tag, stage_kinds())}"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:].replace("should", "must")
    value = problem["input"]
    shown = "" if isinstance(value, dict) else f" {value!r}:"
    return f"{place}:{shown} {message}"


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "the recipe"


def _keys(
    loc: tuple[int | str, ...], table: Mapping[str, Any], recipe: type[BaseModel]
) -> Iterable[str]:
    """The keys that the table at a place of the recipe can have."""
    model = recipe
    if len(loc) > 1 and loc[0] == "stage":
        stage = find_stage(table["stage"][loc[1]]["kind"])
        if stage is not None:
            model, loc = stage.options, loc[2:]
    for name in loc:
        model = _table_in(model.model_fields[str(name)].annotation)
    return [field.alias or name for name, field in model.model_fields.items()]


def _table_in(annotation: Any) -> type[BaseModel]:
    """The class of a field that holds a table, or None and a table."""
    return next(
        part
        for part in (annotation, *get_args(annotation))
        if isinstance(part, type) and issubclass(part, BaseModel)
    )
