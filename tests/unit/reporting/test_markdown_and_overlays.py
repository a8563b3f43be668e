"""Markdown for pull requests, and overlays for Model Explorer."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from support.reports import LAYERS, MARKUP, errors_file, full_bundle
from support.results import bundle, compression

from tinycompress.errors import ConfigError
from tinycompress.reporting import report


@pytest.fixture
def results(tmp_path: Path) -> tuple[Path, Path]:
    return full_bundle(tmp_path / "b"), compression(tmp_path / "c")


def rendered(text: str) -> str:
    return str(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def test_markdown_is_told_without_a_file(
    results: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = report(results[0], format="md")
    assert made.files == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "c"]
    assert "| Accuracy | " in made.text
    assert "| stem/conv | CONV\\_2D | 30,000 | 100,000 | 69.9 % |" in made.text
    assert "- firmware \\(ELF" in made.text or "- firmware (ELF), SHA-256" in made.text
    assert "`tinycompress bench digits-nano33 --samples 'a b.npz'`" in made.text


def test_names_in_markdown_stay_text(results: tuple[Path, Path], tmp_path: Path) -> None:
    errors = errors_file(tmp_path / "e.json")
    html = rendered(report(results[0], format="md", errors=errors).text)
    assert set(re.findall(r"<([a-z0-9]+)", html)) <= {
        "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "ul", "li",
        "code", "sub", "hr",
    }  # fmt: skip
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    # Each row has as many cells as its table has columns: no name ends one.
    for table in re.findall(r"<table>.*?</table>", html, flags=re.DOTALL):
        rows = re.findall(r"<tr>.*?</tr>", table, flags=re.DOTALL)
        assert len({len(re.findall(r"<t[hd]", row)) for row in rows}) == 1


def test_markdown_of_several_has_a_table_of_all(results: tuple[Path, Path]) -> None:
    text = report(*results, format="md").text
    (head,) = [line for line in text.splitlines() if line.startswith("| figure")]
    assert head.count("|") == 4
    assert "| flash | 18,104 B | 39,000 B |" in text
    assert "| prune |" in text


def test_markdown_into_a_file(results: tuple[Path, Path], tmp_path: Path) -> None:
    made = report(results[0], format="md", output=tmp_path / "r.md")
    assert made.files == (tmp_path / "r.md",)
    assert (tmp_path / "r.md").read_text("utf-8") == made.text


def test_overlays_name_output_tensors(results: tuple[Path, Path], tmp_path: Path) -> None:
    errors = errors_file(tmp_path / "e.json")
    made = report(results[0], format="model-explorer", output=tmp_path / "o", errors=errors)
    tables = {path.stem: json.loads(path.read_text()) for path in made.files}
    assert set(tables) == {"latency", "cycles", "instructions", "memory", "flash", "error"}
    first = f"{LAYERS[0].name};fused"
    assert tables["cycles"]["results"][first] == {"value": 100_000}
    assert tables["latency"]["results"][first] == {"value": 1562.5}
    assert tables["memory"]["results"][first] == {"value": 1036}
    # A name is a key as the model file has it; one without a figure is left out.
    assert f"{MARKUP};fused" in tables["cycles"]["results"]
    assert set(tables["error"]["results"]) == {first, f"{LAYERS[2].name};fused"}
    for table in tables.values():
        assert [one["stop"] for one in table["gradient"]] == [0, 1]
        assert all(re.fullmatch("#[0-9a-f]{6}", one["bgColor"]) for one in table["gradient"])


def test_overlays_of_several_results_have_names_of_their_own(
    results: tuple[Path, Path], tmp_path: Path
) -> None:
    second = full_bundle(tmp_path / "second", name="other")
    made = report(results[0], second, format="model-explorer", output=tmp_path / "o")
    assert "1-digits-on-arduino-nano-33-ble-cycles.json" in {path.name for path in made.files}
    assert "2-other-on-arduino-nano-33-ble-cycles.json" in {path.name for path in made.files}


def test_overlays_need_names_of_tensors(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tensors are known"):
        report(bundle(tmp_path / "b"), format="model-explorer", output=tmp_path / "o")
    assert not (tmp_path / "o").exists()
