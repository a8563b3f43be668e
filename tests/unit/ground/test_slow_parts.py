"""Every slow test is in exactly one part, and the parts are about as long as one another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from support import slow_parts
from support.common import ROOT
from support.slow_parts import Part, of_part, parse_part

_TESTS = [f"tests/test_{file}.py::test_{name}" for file in "abcdefg" for name in range(5)]


def _parts(count: int) -> list[set[str]]:
    return [of_part(_TESTS, Part(number, count)) for number in range(1, count + 1)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 50])
def test_every_test_is_in_exactly_one_part(count: int) -> None:
    assert Counter(test for part in _parts(count) for test in part) == Counter(_TESTS)


def test_tests_of_a_short_file_stay_together() -> None:
    for part in _parts(3):
        assert all(number == 5 for number in Counter(test.split("::")[0] for test in part).values())


def test_a_long_file_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds: Mapping[str, int] = {"tests/test_a.py": 5 * slow_parts.LONGEST_PIECE_SECONDS}
    monkeypatch.setattr(slow_parts, "SECONDS", seconds)
    of_a = [sum("test_a.py" in test for test in part) for part in _parts(5)]
    assert of_a == [1] * 5


def test_parts_do_not_depend_on_the_order_of_files() -> None:
    backwards = [test for file in "gfedcba" for test in _TESTS if f"test_{file}.py" in test]
    assert of_part(backwards, Part(2, 3)) == of_part(_TESTS, Part(2, 3))


@pytest.mark.parametrize("text", ["", "0/2", "3/2", "1", "1/0", "a/b", "-1/2", "1/2/3"])
def test_what_is_no_part_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is written 2/4"):
        parse_part(text)


def test_a_part_is_read() -> None:
    assert parse_part("2/4") == Part(2, 4)


def test_seconds_are_those_of_files_that_there_are() -> None:
    assert [file for file in slow_parts.SECONDS if not (ROOT / file).is_file()] == []
