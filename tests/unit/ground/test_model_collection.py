"""The shipped models are what their index and README say, and CI never does without the rest."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from support.models import collection as model_collection
from support.models.collection import SHIPPED, Collection, find_collection

README = SHIPPED.parent / "README.md"
INDEX = json.loads((SHIPPED / "models.json").read_text(encoding="utf-8"))


def test_every_shipped_file_is_the_one_of_the_index() -> None:
    files = {str(path.relative_to(SHIPPED)) for path in (SHIPPED / "models").rglob("*.*")}
    assert files == {entry["file"] for entry in INDEX}
    for entry in INDEX:
        data = (SHIPPED / entry["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == entry["sha256"], entry["file"]
        assert len(data) == entry["bytes"]
    assert sum(entry["bytes"] for entry in INDEX) < 320_000


def test_every_shipped_file_has_its_source_and_licence() -> None:
    told = README.read_text(encoding="utf-8")
    for entry in INDEX:
        assert entry["licence"] == "Apache-2.0"
        name = entry["file"].removeprefix("models/")
        assert f"| {name} | {entry['bytes']:,} |" in told
        assert f"{entry['source']} @ {entry['commit']} |" in told


@pytest.mark.shared
def test_they_are_those_of_the_whole_collection(shared_data: Collection) -> None:
    whole = json.loads(shared_data.file("models.json").read_text(encoding="utf-8"))
    assert [entry for entry in INDEX if entry not in whole] == []


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone with nothing beside it, and no environment."""
    monkeypatch.setattr(model_collection, "ROOT", tmp_path / "clone")
    for name in ("TC_SHARED_DATA", "TC_REQUIRE_TOOLS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("alone")
def test_a_clone_alone_has_what_is_shipped() -> None:
    found = find_collection()
    assert (found.root, found.whole) == (SHIPPED, False)
    assert found.file("models/tflm/hello_world_int8.tflite").is_file()
    for skipped in (lambda: found.file("models/tflm/person_detect.tflite"), found.require_whole):
        with pytest.raises(pytest.skip.Exception, match="TC_SHARED_DATA"):
            skipped()


@pytest.mark.usefixtures("alone")
def test_ci_fails_without_the_collection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TC_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="the collection of real models at"):
        find_collection()


@pytest.mark.usefixtures("alone")
def test_a_collection_that_is_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TC_SHARED_DATA", str(tmp_path / "none"))
    with pytest.raises(pytest.skip.Exception, match="none"):
        find_collection()
    monkeypatch.setenv("TC_REQUIRE_TOOLS", "1")
    with pytest.raises(pytest.fail.Exception, match="none"):
        find_collection()


@pytest.mark.usefixtures("alone")
def test_the_collection_beside_the_clone_is_taken(tmp_path: Path) -> None:
    beside = tmp_path / "shared" / "data"
    beside.mkdir(parents=True)
    (beside / "models.json").write_text("[]")
    found = find_collection()
    assert (found.root, found.whole) == (beside, True)
    assert found.file("models/not_there.tflite") == beside / "models/not_there.tflite"
