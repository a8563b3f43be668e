"""``tinycompress report``: where it goes, what it prints, how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from support.reports import full_bundle
from support.results import compression

import tinycompress
from tinycompress.cli.main import _run


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    full_bundle(tmp_path / "b")
    compression(tmp_path / "c")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_page_in_the_current_directory(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "report.html").write_text("an earlier page is replaced, as other commands do")
    assert _run(["report", "b", "c"]) == 0
    assert capsys.readouterr().out == "report.html\n"
    text = (place / "report.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert "<span>report</span> <span>b</span> <span>c</span>" in text


def test_markdown_on_stdout(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["report", "b", "--format", "md"]) == 0
    assert capsys.readouterr().out.startswith("## digits on Arduino Nano 33 BLE\n")
    assert not (place / "report.html").exists()


def test_json_says_where_it_is(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "report", "b", "-o", "x/r.html", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "schema": "tinycompress.report", "schema_version": 1, "format": "html",
        "results": ["digits on Arduino Nano 33 BLE"], "files": ["x/r.html"], "text": None,
    }  # fmt: skip
    assert _run(["-q", "report", "b", "--format", "md", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"].startswith("## digits")


def test_open_opens_the_page(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened: list[str] = []

    def launch(url: str) -> int:
        opened.append(url)
        return len(opened) - 1

    monkeypatch.setattr(click, "launch", launch)
    assert _run(["-q", "report", "b", "--open"]) == 0
    assert opened == [(place / "report.html").as_uri()]
    assert _run(["-q", "report", "b", "--open"]) == 0
    assert "no browser could be started; open report.html" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "cannot read nowhere: no such file"),
        (["."], "holds no result"),
        (["b", "--format", "md", "--open"], "--open goes with --format html"),
        (["b", "-o", "b"], "is a directory"),
        (["b", "--errors", "b/summary.json"], "'tinycompress.bench'"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_done_is_told(
    place: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    before = sorted(place.rglob("*"))
    assert _run(["report", *arguments]) == 2
    assert told in capsys.readouterr().err
    assert sorted(place.rglob("*")) == before


def test_the_api_is_the_same(place: Path) -> None:
    made = tinycompress.report("b", output=place / "r.html")
    assert made.files == (place / "r.html",)
    assert made.labels == ("digits on Arduino Nano 33 BLE",)
