"""A recipe as the TOML that `tinycompress compress --recipe` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def recipe_toml(recipe: Mapping[str, Any], name: str) -> str:
    """A recipe's plain values as TOML; what is None is left out, which is the same.

    Args:
        recipe: As `Recipe` dumps it by its aliases.
        name: What the recipe is called.
    """
    told = {**recipe, "name": name, "description": "A candidate that tinycompress fit has found."}
    stages = told.pop("stage")
    tables = {key: value for key, value in told.items() if isinstance(value, Mapping)}
    lines = [_line(key, value) for key, value in told.items() if key not in tables]
    for key, table in tables.items():
        lines += ["", f"[{key}]", *(_line(k, v) for k, v in table.items() if v is not None)]
    for stage in stages:
        lines += ["", "[[stage]]", *(_line(k, v) for k, v in stage.items() if _told(stage, k, v))]
    return "\n".join(lines) + "\n"


def _told(stage: Mapping[str, Any], key: str, value: Any) -> bool:
    if value is None or value == {}:
        return False
    # One criterion of several excludes the others, even at their defaults.
    if stage["kind"] == "low_rank":
        return key != "energy" or (stage["rank_ratio"] is None and stage["macs_budget"] is None)
    if stage["kind"] == "prune_channels":
        return key != "ratio" or stage["budget"] is None
    if stage["kind"] == "prune":
        return key != "sparsity" or stage["m_by_n"] is None
    return True


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}"


def _key(key: str) -> str:
    bare = key.isascii() and key.replace("_", "").replace("-", "").isalnum()
    return key if bare else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(_line(k, v) for k, v in value.items() if v is not None)
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    # JSON's strings, numbers and truth values are TOML's.
    return json.dumps(value)
