"""Results that are cut, edited, or of another kind; places that cannot be written."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from support.reports import errors_file, full_bundle, search_directory
from support.results import compression

from tinycompress._sealed import sealed
from tinycompress.errors import ConfigError
from tinycompress.reporting import report


def refusal(tmp_path: Path, *results: Path, **options: Any) -> str:
    """What is said; and nothing is written, half or whole."""
    place = tmp_path / "out" / "r.html"
    with pytest.raises(ConfigError) as caught:
        report(*results, output=place, **options)
    assert not place.parent.exists() or not any(place.parent.iterdir())
    return str(caught.value)


def is_no_result(told: str) -> bool:
    """Whether the file was refused for its contents, where it is read or where it is used."""
    return "lacks or garbles" in told or "is not what its schema says" in told


@pytest.mark.parametrize(
    "name", ["summary.json", "manifest.json", "details.json", "samples.npz", "layers.csv"]
)
def test_an_edited_bundle_is_not_drawn(tmp_path: Path, name: str) -> None:
    found = full_bundle(tmp_path / "b")
    path = found / name
    data = bytearray(path.read_bytes())
    place = data.find(b"0")
    data[place] = ord("1")
    path.write_bytes(data)
    assert "edited" in refusal(tmp_path, found)


@pytest.mark.parametrize("name", ["summary.json", "manifest.json", "details.json", "samples.npz"])
def test_a_cut_bundle_is_not_drawn(tmp_path: Path, name: str) -> None:
    found = full_bundle(tmp_path / "b")
    path = found / name
    path.write_bytes(path.read_bytes()[:-40])
    assert "cut" in refusal(tmp_path, found)


@pytest.mark.parametrize("name", ["summary.json", "details.json", "samples.npz"])
def test_a_bundle_without_one_of_its_files_is_not_drawn(tmp_path: Path, name: str) -> None:
    found = full_bundle(tmp_path / "b")
    (found / name).unlink()
    told = refusal(tmp_path, found)
    assert name in told


@pytest.mark.parametrize("key", ["flash", "ram", "layers", "macs", "engine", "board", "latency"])
def test_a_sealed_result_without_a_figure_is_refused(tmp_path: Path, key: str) -> None:
    """Sealed again by who edited it: the hash is right, the contents are not."""
    found = full_bundle(tmp_path / "b")
    table = json.loads((found / "summary.json").read_text())
    table[key] = 7
    alone = tmp_path / "summary.json"
    alone.write_text(json.dumps(sealed(table)))
    if key in ("macs", "engine", "board"):
        del table[key]
        alone.write_text(json.dumps(sealed(table)))
    assert is_no_result(refusal(tmp_path, alone))


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("summary.json", ("ram", "arena_bytes"), None),
        ("summary.json", ("flash", "weights_bytes"), -1),
        ("summary.json", ("layers", 0, "macs"), "many"),
        ("summary.json", ("layers", 0, "op"), 7),
        ("summary.json", ("quality", 0, "per_class", 1, "f1"), None),
        ("summary.json", ("quality", 0, "confusion", 1), [1]),
        ("summary.json", ("latency", "us", "median"), -3),
        ("details.json", ("plan", "peak_layer"), 3),
        ("details.json", ("plan", "buffers", 0, "kind"), "heap"),
        ("details.json", ("plan", "buffers", 0, "size_bytes"), 9999),
        ("details.json", ("plan", "buffers", 0, "last_layer"), -2),
        ("details.json", ("board", "ram_bytes"), "much"),
    ],
)
def test_figures_that_are_none_are_refused(
    tmp_path: Path, name: str, place: tuple[Any, ...], value: object
) -> None:
    """Sealed again, hashes and all, by who edited them."""
    found = full_bundle(tmp_path / "b")
    table = json.loads((found / name).read_text())
    inner = table
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    (found / name).write_text(json.dumps(sealed(table)))
    manifest = json.loads((found / "manifest.json").read_text())
    manifest["files"][name] = hashlib.sha256((found / name).read_bytes()).hexdigest()
    (found / "manifest.json").write_text(json.dumps(sealed(manifest)))
    assert is_no_result(refusal(tmp_path, found))


def test_other_schemas_are_refused(tmp_path: Path) -> None:
    found = full_bundle(tmp_path / "b")
    table = json.loads((found / "summary.json").read_text())
    alone = tmp_path / "summary.json"
    alone.write_text(json.dumps(sealed({**table, "schema_version": 2})))
    assert "version 2" in refusal(tmp_path, alone)
    alone.write_text(json.dumps(sealed({**table, "schema": "other"})))
    assert "'other'" in refusal(tmp_path, alone)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "holds no result" in refusal(tmp_path, empty)
    assert "no such file" in refusal(tmp_path, tmp_path / "nowhere")


def test_a_compression_whose_model_was_edited_is_refused(tmp_path: Path) -> None:
    found = compression(tmp_path / "c")
    (found / "result" / "model.tflite").write_bytes(b"another")
    assert "edited" in refusal(tmp_path, found)


def test_a_search_of_another_version_is_refused(tmp_path: Path) -> None:
    found = search_directory(tmp_path / "f")
    table = json.loads((found / "result.json").read_text())
    (found / "result.json").write_text(json.dumps({**table, "schema_version": 2}))
    assert "version 2" in refusal(tmp_path, found)
    (found / "result.json").write_text(json.dumps({**table, "rows": [{}]}))
    assert "lacks or garbles" in refusal(tmp_path, found)
    (found / "result.json").write_text(json.dumps(sealed(table) | {"best": 3}))
    assert "edited" in refusal(tmp_path, found)


def test_errors_of_another_model_are_refused(tmp_path: Path) -> None:
    found = full_bundle(tmp_path / "b")
    path = errors_file(tmp_path / "e.json", layers=[])
    assert "another model" in refusal(tmp_path, found, errors=path)
    errors_file(path, int8_sha256="0" * 64)
    assert "another model" in refusal(tmp_path, found, errors=path)
    errors_file(path, schema="other")
    assert "'other'" in refusal(tmp_path, found, errors=path)
    errors_file(path, layers=[{"name": 3}])
    assert "garbles" in refusal(tmp_path, found, errors=path)


def test_no_result_and_no_format_are_refused() -> None:
    with pytest.raises(ConfigError, match="no result"):
        report()
    with pytest.raises(ConfigError, match="format is 'pdf'; allowed: html, md, model-explorer"):
        report("b", format="pdf")  # type: ignore[arg-type]


def test_a_full_disk_leaves_the_earlier_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, place = full_bundle(tmp_path / "b"), tmp_path / "out" / "r.html"
    place.parent.mkdir()
    place.write_text("before")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(ConfigError, match="No space left"):
        report(found, output=place)
    assert place.read_text() == "before"
    assert [path.name for path in place.parent.iterdir()] == ["r.html"]


def test_a_place_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    found = full_bundle(tmp_path / "b")
    with pytest.raises(ConfigError, match="is a directory"):
        report(found, output=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b"]


def test_overlays_replace_their_own_kind_alone(tmp_path: Path) -> None:
    found, place = full_bundle(tmp_path / "b"), tmp_path / "overlays"
    for _ in range(2):
        made = report(found, output=place, format="model-explorer")
    assert sorted(place.iterdir()) == sorted(made.files)
    (place / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        report(found, output=place, format="model-explorer")
    assert (place / "notes.txt").read_text() == "mine"
