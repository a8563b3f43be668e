"""``bench --junit`` on a real build: a file with a result, and one with the error."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.common import ROOT

from tinycompress.cli.main import _run

DIGITS = ROOT / "examples" / "digits" / "digits_int8.tflite"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("junit") / "digits"
    assert _run(["-q", "build", str(DIGITS), "-b", "nano33", "-o", str(directory)]) == 0
    return directory


def test_a_result_and_its_layers(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    assert _run(["-q", "bench", str(built), "--runs", "1", "--junit", str(path)]) == 0
    root = ElementTree.parse(path).getroot()
    assert (root.get("failures"), root.get("errors")) == ("0", "0")
    (suite,) = root
    assert suite.get("name") == "digits"
    assert len([one for one in suite if one.get("classname") == "digits.layers"]) == 7


def test_what_ends_in_an_error_is_in_the_file(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    command = ["-q", "bench", str(built), "--samples", str(tmp_path / "none.npz")]
    assert _run([*command, "--junit", str(path)]) == 2
    (error,) = ElementTree.parse(path).getroot().iter("error")
    assert "there is no data file at" in (error.get("message") or "")


def test_all_boards_of_a_roster(built: Path, tmp_path: Path) -> None:
    path, roster = tmp_path / "junit.xml", tmp_path / "roster.toml"
    roster.write_text(
        f'schema = 1\nruns = 1\nboard = [{{ name = "one", directory = "{built}" }},'
        f' {{ name = "two", directory = "{tmp_path / "none"}" }}]\n'
    )
    assert _run(["-q", "bench", "--all", str(roster), "--junit", str(path)]) == 2
    root = ElementTree.parse(path).getroot()
    assert [suite.get("name") for suite in root] == ["one", "two"]
    assert [suite.get("errors") for suite in root] == ["0", "1"]


def test_a_place_that_cannot_be_written(
    built: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(["-q", "bench", str(built), "--runs", "1", "--junit", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert "it is a directory" in told.err
    # What was measured is not lost.
    assert "cycles per inference" in told.out
