"""The JSON Schemas of docs/schemas/, made from the models of this room."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from tinycompress.schemas import (
    bench,
    build,
    compare,
    compress,
    inspect,
    machine,
    reports,
    searches,
)
from tinycompress.schemas.base import ErrorAlone

_ID = "https://github.com/tinycompress/tinycompress/blob/main/docs/schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

OUTPUTS: tuple[type[BaseModel], ...] = (
    bench.BenchAnswer,
    bench.Manifest,
    bench.RosterAnswer,
    build.BuildAnswer,
    build.FlashAnswer,
    build.FrameworkProject,
    compare.CompareAnswer,
    compress.CompressAnswer,
    compress.CompressReport,
    compress.RecipesAnswer,
    inspect.ConvertAnswer,
    inspect.InspectAnswer,
    inspect.InspectBesideAnswer,
    inspect.InspectCompareAnswer,
    inspect.InspectSourceAnswer,
    inspect.InspectWeightsAnswer,
    machine.BoardAnswer,
    machine.BoardsAnswer,
    machine.ConfirmAnswer,
    machine.DoctorAnswer,
    machine.InitAnswer,
    machine.PortsAnswer,
    reports.BenchDetails,
    reports.ReportAnswer,
    searches.FitAnswer,
    searches.SensitivityAnswer,
    ErrorAlone,
)


def schema_name(output: type[BaseModel]) -> str:
    """What ``schema`` says in such an output, without the ``tinycompress.`` before it."""
    (name,) = output.model_fields["schema_"].annotation.__args__  # type: ignore[union-attr]
    return str(name).removeprefix("tinycompress.")


def published() -> dict[str, str]:
    """The text of every file of docs/schemas/, by its name."""
    return {f"{schema_name(one)}.json": _text(one) for one in OUTPUTS}


def _text(output: type[BaseModel]) -> str:
    name = schema_name(output)
    table: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"{_ID}/{name}.json",
        "title": "",
        **_tidied(output.model_json_schema(by_alias=True)),
    }
    table["title"] = f"tinycompress.{name}"
    return json.dumps(table, indent=2, ensure_ascii=False) + "\n"


def _tidied(value: Any) -> Any:
    """Without what would refuse keys of a later version, and titles that repeat their keys."""
    if isinstance(value, dict):
        left_out = [
            key
            for key, item in value.items()
            if (key == "additionalProperties" and item is False)
            or (key == "title" and isinstance(item, str))
        ]
        return {key: _tidied(item) for key, item in value.items() if key not in left_out}
    return [_tidied(item) for item in value] if isinstance(value, list) else value
