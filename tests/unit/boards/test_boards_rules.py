"""One broken board file per rule, in tests/boards/; its first lines say what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.common import ROOT

from tinycompress.boards.loader import read_board
from tinycompress.errors import BoardError

FILES = ROOT / "tests" / "boards"
MARK = "# problem: "


@pytest.mark.parametrize("path", sorted(FILES.glob("invalid_*.toml")), ids=lambda path: path.stem)
def test_every_problem_is_named_and_no_other(path: Path) -> None:
    lines = path.read_text().splitlines()
    expected = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    assert expected

    with pytest.raises(BoardError) as caught:
        read_board(path)

    headline, *problems = caught.value.message.split("\n  - ")
    assert str(path) in headline
    assert len(problems) == len(expected), problems
    for problem, wanted in zip(sorted(problems), sorted(expected), strict=True):
        assert problem.startswith(wanted)
    assert caught.value.exit_code == 2
    assert caught.value.hint is not None


@pytest.mark.parametrize("path", sorted(FILES.glob("valid_*.toml")), ids=lambda path: path.stem)
def test_the_files_that_the_broken_ones_were_made_from_are_sound(path: Path) -> None:
    assert read_board(path).id == path.stem


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"schema = ", "is not valid TOML"),
        (b"schema = 1\nschema = 2\n", "is not valid TOML"),
        (b"name = '\xff'\n", "is not UTF-8 text"),
        (b"", "schema: missing"),
        (b"memory = 5\nsource = 1979-05-27\n", "memory: 5"),
        (b"memory = [5, []]\ncpu = []\n", "memory[0]: 5"),
    ],
)
def test_a_file_that_is_no_board_at_all(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "board.toml"
    path.write_bytes(content)
    with pytest.raises(BoardError) as caught:
        read_board(path)
    assert message in caught.value.message


def test_a_file_that_is_not_there_and_one_that_is_a_directory(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="no board file"):
        read_board(tmp_path / "none.toml")
    with pytest.raises(BoardError, match="cannot read board file"):
        read_board(tmp_path)
