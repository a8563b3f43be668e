"""Results read back: good ones as they are, edited and cut ones with what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.results import BENCHED, MODEL_SHA256, bundle, compression

from tinycompress._sealed import SEAL, seal_problem, sealed
from tinycompress.errors import ConfigError
from tinycompress.measurement.reading import read_result
from tinycompress.measurement.report import to_json


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    table = json.loads(path.read_text())
    change(table)
    path.write_text(json.dumps(table))


def test_a_seal_tells_every_edit() -> None:
    table = sealed({"a": 1, "b": [1.5, None], "ü": "x"})
    assert seal_problem(table) is None
    assert seal_problem(json.loads(json.dumps(table, indent=7))) is None
    assert "edited or cut" in (seal_problem({**table, "a": 2}) or "")
    assert "edited or cut" in (seal_problem({**table, "c": 2}) or "")
    assert "edited or cut" in (seal_problem({k: v for k, v in table.items() if k != "b"}) or "")
    assert f"no {SEAL}" in (seal_problem({"a": 1}) or "")
    assert sealed(table) == table


def test_a_bundle(tmp_path: Path) -> None:
    found = read_result(bundle(tmp_path / "b"))
    assert (found.kind, found.problems, found.model_sha256) == ("bench", (), MODEL_SHA256)
    assert found.data == to_json(BENCHED)
    assert found.manifest["compiler"]["name"] == "zig"
    found.require_whole()


def test_an_edited_bundle_is_told(tmp_path: Path) -> None:
    made = bundle(tmp_path / "b")
    edit(made / "summary.json", lambda table: table["flash"].update(total_bytes=1))
    found = read_result(made)
    assert len(found.problems) == 2
    assert all("summary.json" in each and "edited or cut" in each for each in found.problems)
    with pytest.raises(ConfigError, match=r"summary\.json was edited or cut"):
        found.require_whole()


def test_a_summary_sealed_again_does_not_fit_its_manifest(tmp_path: Path) -> None:
    made = bundle(tmp_path / "b")
    summary = json.loads((made / "summary.json").read_text())
    (made / "summary.json").write_text(json.dumps(sealed({**summary, "fits": False})))
    (problem,) = read_result(made).problems
    assert "SHA-256 is not the one in manifest.json" in problem


@pytest.mark.parametrize("name", ["layers.csv", "summary.json"])
def test_a_file_of_a_bundle_is_missing(tmp_path: Path, name: str) -> None:
    made = bundle(tmp_path / "b")
    (made / name).unlink()
    if name == "summary.json":
        with pytest.raises(ConfigError, match=r"cannot read .*summary\.json: no such file"):
            read_result(made)
    else:
        assert any("is missing" in each for each in read_result(made).problems)


def test_a_manifest_of_another_bundle(tmp_path: Path) -> None:
    made = bundle(tmp_path / "b")
    edit(made / "manifest.json", lambda table: table.update(model_sha256="0" * 64))
    problems = read_result(made).problems
    assert any("their model_sha256 differ" in each for each in problems)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON, or was cut"),
        (b'{"schema": "tinycompress.bench", "sche', "is not JSON, or was cut"),
        (b"\xff\xfe\x00", "is not JSON, or was cut"),
        (b"[" * 100_000, "is not JSON, or was cut"),
        (b'{"schema": "tinycompress.bench", "schema_version": 1, "x": NaN}', "NaN is no number"),
        (b"[1]", "holds no JSON object"),
        (b"{}", "of the schema None"),
        (b'{"schema": ["x"]}', "of the schema"),
        (b'{"schema": "tinycompress.doctor", "schema_version": 1}', "of the schema"),
        (b'{"schema": "tinycompress.bench", "schema_version": 2}', "version 2 of its schema"),
        (b'{"schema": "tinycompress.bench"}', "version None of its schema"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        read_result(path)


def test_an_answer_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(to_json(BENCHED)))
    assert read_result(path).problems == ()
    edit(path, lambda table: table.update(notes=["good"]))
    assert "edited or cut" in read_result(path).problems[0]
    edit(path, lambda table: table.pop("notes"))
    with pytest.raises(ConfigError, match=r"edited or cut .* its schema says: notes: Field req"):
        read_result(path)
    path.write_text(json.dumps({**to_json(BENCHED), SEAL: None}))
    with pytest.raises(ConfigError, match=f"edited or cut .*{SEAL}: Input should be a valid str"):
        read_result(path)


def test_an_answer_of_another_shape_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(sealed({**to_json(BENCHED), "layers": [{"name": "x"}]})))
    with pytest.raises(ConfigError, match=r"its schema says: layers\.0\.op: Field required"):
        read_result(path)


def test_keys_of_a_later_version_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(sealed({**to_json(BENCHED), "energy_uj": 3})))
    assert read_result(path).problems == ()


def test_a_manifest_alone_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is the manifest of a bundle"):
        read_result(bundle(tmp_path / "b") / "manifest.json")


def test_places_without_a_result(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        read_result(tmp_path / "none")
    with pytest.raises(ConfigError, match="holds no result"):
        read_result(tmp_path)


def test_a_compression(tmp_path: Path) -> None:
    made = compression(tmp_path / "c")
    for place in (made, made / "result"):
        found = read_result(place)
        assert (found.kind, found.problems) == ("compress", ())
        assert found.model == made / "result" / "model.tflite"
        assert [row["stage"] for row in found.data["rows"]] == ["convert", "prune"]
    assert read_result(made).manifest["identity"] == "x"


def test_an_edited_compression_is_told(tmp_path: Path) -> None:
    made = compression(tmp_path / "c")
    (made / "result" / "model.tflite").write_bytes(b"other")
    edit(made / "result" / "report.json", lambda table: table["rows"][0].update(macs=1))
    first, second = read_result(made).problems
    assert "report.json was edited or cut" in first
    assert "model.tflite was edited or cut" in second


def test_an_unfinished_compression_is_refused(tmp_path: Path) -> None:
    made = compression(tmp_path / "c")
    shutil.rmtree(made / "result")
    with pytest.raises(ConfigError, match="holds no finished compression"):
        read_result(made)
