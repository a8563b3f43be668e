"""Turning what pydantic found into sentences for the author of a recipe."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from tinycompress.compression.run import options


def describe(problem: ErrorDetails, table: Mapping[str, Any], recipe: type[BaseModel]) -> str:
    """One line: the key's place in the recipe, what is wrong with it, and what is allowed.

    Args:
        problem: As pydantic reports it.
        table: The whole recipe.
        recipe: The class that it was validated by.
    """
    loc = _without_tag(problem["loc"])
    place = _place(loc)
    kind = problem["type"]
    if kind == "extra_forbidden":
        return f"{place}: unknown key; {_suggest(str(loc[-1]), _keys(loc[:-1], table, recipe))}"
    if kind == "missing":
        return f"{place}: missing"
    if kind == "union_tag_not_found":
        return f"{place}: 'kind' is missing; allowed: {', '.join(sorted(_stages()))}"
    if kind == "union_tag_invalid":
        tag = str(problem.get("ctx", {}).get("tag"))
        return f"{place}: unknown kind {tag!r}; {_suggest(tag, _stages())}"
    message = problem["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:].replace("should", "must")
    value = problem["input"]
    shown = "" if isinstance(value, dict) else f" {value!r}:"
    return f"{place}:{shown} {message}"


def _suggest(word: str, allowed: Iterable[str]) -> str:
    known = sorted(allowed)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"allowed: {', '.join(known)}"


def _without_tag(loc: tuple[int | str, ...]) -> tuple[int | str, ...]:
    # Pydantic puts the stage's kind behind its index, which the file does not have.
    if len(loc) > 2 and loc[0] == "stage" and loc[2] in _stages():
        return (*loc[:2], *loc[3:])
    return loc


def _place(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{part}"
    return text or "the recipe"


def _stages() -> dict[str, type[BaseModel]]:
    union = get_args(options.Stage)[0]
    return {str(cls.model_fields["kind"].default): cls for cls in get_args(union)}


def _keys(
    loc: tuple[int | str, ...], table: Mapping[str, Any], recipe: type[BaseModel]
) -> Iterable[str]:
    names: Mapping[str, Any] = {
        "fine_tune": options.FineTune,
        "distill": options.Distill,
        "limits": recipe.model_fields["limits"].annotation,
    }
    model = recipe
    if loc and loc[-1] in names:
        model = names[str(loc[-1])]
    elif len(loc) == 2 and isinstance(loc[1], int):
        model = _stages()[str(table["stage"][loc[1]]["kind"])]
    return [field.alias or name for name, field in model.model_fields.items()]
