"""The published schemas: that they tell wrong from right, and that answers follow them."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from support.common import ROOT
from support.results import BENCHED, bundle, compression, measured
from support.schemas import SCHEMAS, problems_of

from tinycompress.cli.main import _run
from tinycompress.measurement.report import to_json
from tinycompress.schemas.published import published


@pytest.mark.parametrize("name", sorted(published()))
def test_each_is_a_schema_of_the_dialect_that_it_names(name: str) -> None:
    schema = json.loads((SCHEMAS / name).read_text("utf-8"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"]["const"] == f"tinycompress.{name[: -len('.json')]}"
    assert {"schema", "schema_version"} <= set(schema["required"])


def test_files_of_results_follow_them(tmp_path: Path) -> None:
    for result in (BENCHED, measured()):
        made = bundle(tmp_path / "b", result)
        for name in ("summary.json", "manifest.json"):
            assert problems_of(json.loads((made / name).read_text())) == []
    report = compression(tmp_path / "c") / "result" / "report.json"
    assert problems_of(json.loads(report.read_text())) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda t: t.pop("fits"), "'fits' is a required property"),
        (lambda t: t.update(fits="yes"), "'yes' is not of type 'boolean'"),
        (lambda t: t.update(extra=1), "'extra' was unexpected"),
        (lambda t: t["layers"][0].update(macs=None), "None is not of type 'integer'"),
        (lambda t: t["latency"]["us"].update(obtained="guessed"), "'guessed' is not one of"),
        (lambda t: t.update(model_sha256="x"), "is not valid under any of the given schemas"),
        (lambda t: t.update(schema_version=2), "1 was expected"),
    ],
)
def test_what_does_not_follow_is_told(change: Any, told: str) -> None:
    answer = copy.deepcopy(to_json(BENCHED))
    assert problems_of(answer) == []
    change(answer)
    assert any(told in problem or "any of the given" in problem for problem in problems_of(answer))


def test_a_reader_of_the_published_schema_takes_keys_of_a_later_version() -> None:
    schema = json.loads((SCHEMAS / "bench.json").read_text("utf-8"))
    validator = Draft202012Validator(schema)
    later = {**to_json(BENCHED), "energy_uj": 3}
    later["ram"] = {**later["ram"], "external_bytes": 0}
    assert validator.is_valid(later)
    assert not validator.is_valid({**later, "fits": None})


@pytest.mark.parametrize(
    "command", [["boards"], ["boards", "show", "nano33"], ["doctor"], ["recipes"], ["ports"]]
)
def test_answers_follow_them(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    # A tool that is broken is exit code 5 of the doctor's.
    assert _run([*command, "--json"]) in (0, 5)
    assert problems_of(json.loads(capsys.readouterr().out)) == []


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["bench", "none", "--json"], 2),
        (["build", "none.tflite", "-b", "nano33", "--json"], 2),
        (["inspect", "--json"], 2),
        (["boards", "show", "none", "--json"], 2),
    ],
)
def test_errors_follow_them(
    command: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(command) == code
    answer = json.loads(capsys.readouterr().out)
    assert problems_of(answer) == []
    assert (answer["schema"], answer["error"]["code"]) == ("tinycompress.error", code)


def test_the_page_says_how_the_hash_is_made() -> None:
    page = (ROOT / "docs" / "json.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    made: dict[str, Any] = {}
    exec(code, made)
    answer = to_json(replace(BENCHED, notes=("ü \u2028 \x1b",)))
    assert made["content_sha256"](answer) == answer["content_sha256"]
