"""JSON answers held against the schemas of docs/schemas/, with no key that these do not name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from support.common import ROOT

SCHEMAS = ROOT / "docs" / "schemas"

Answer = Mapping[str, object] | None


def problems_of(answer: Mapping[str, Any]) -> list[str]:
    """What an answer has that its schema does not name, or has not; a line each."""
    found = _validator(str(answer["schema"]).removeprefix("tinycompress.")).iter_errors(answer)
    return [f"{error.json_path}: {error.message}" for error in found]


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(_closed(schema))


def _closed(value: Any) -> Any:
    """The same with no keys but those that are named: a key that nobody documents is a mistake."""
    if isinstance(value, list):
        return [_closed(item) for item in value]
    if not isinstance(value, dict):
        return value
    closed = {key: _closed(item) for key, item in value.items()}
    if isinstance(value.get("properties"), dict):
        closed["additionalProperties"] = False
    return closed


def checking(printing: Callable[[Answer, Answer], None]) -> Callable[[Answer, Answer], None]:
    """What prints answers, which then fails for one that does not follow its schema."""

    def printed(answer: Answer, error: Answer) -> None:
        printing(answer, error)
        alone = {"schema": "tinycompress.error", "schema_version": 1}
        whole = answer if error is None else {**(answer or alone), "error": error}
        if whole is not None:
            assert problems_of(json.loads(json.dumps(whole))) == []

    return printed
