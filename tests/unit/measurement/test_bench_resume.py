"""A run over many samples that was interrupted goes on where it was, and never on other answers."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinycompress.errors import ConfigError
from tinycompress.measurement.answers import AnswerLog, Outputs
from tinycompress.measurement.outliers import outlier_note

IDENTITY = {"schema": "answers", "build_id": "ab", "device": "serial: /dev/ttyACM0"}
SIZES = (3, 2)
ANSWERS: list[Outputs] = [(bytes([n, n + 1, n + 2]), bytes([n, 255 - n])) for n in range(5)]


def add_all(log: AnswerLog, answers: list[Outputs]) -> None:
    for answer in answers:
        log.add(answer)


def write(path: Path, answers: list[Outputs], identity: dict[str, str] = IDENTITY) -> None:
    log = AnswerLog(path, identity, SIZES)
    add_all(log, answers)
    log.close()


def earlier(path: Path, identity: dict[str, str] = IDENTITY) -> list[Outputs]:
    log = AnswerLog(path, identity, SIZES)
    log.close()
    return log.earlier


def test_it_goes_on_after_the_last_answer(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.answers"
    write(path, ANSWERS[:2])
    log = AnswerLog(path, IDENTITY, SIZES)
    assert log.earlier == ANSWERS[:2]
    assert "after 2 samples" in log.hint
    for answer in ANSWERS[2:]:
        log.add(answer)
    assert "after 5 samples" in log.hint
    log.close()
    assert earlier(path) == ANSWERS
    log.remove()
    assert not path.exists()


@pytest.mark.parametrize("key", ["build_id", "device"])
def test_answers_of_something_else_are_not_taken(tmp_path: Path, key: str) -> None:
    path = tmp_path / "results.answers"
    write(path, ANSWERS)
    assert earlier(path, {**IDENTITY, key: "another"}) == []
    assert earlier(path) == []


@settings(max_examples=60)
@given(data=st.data())
def test_a_damaged_file_gives_only_answers_that_were_given(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("damaged") / "results.answers"
    write(path, ANSWERS)
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        damaged = bytes(whole[:place])
    else:
        whole[place] ^= data.draw(st.integers(1, 255))
        damaged = bytes(whole)
    path.write_bytes(damaged)
    found = earlier(path)
    assert found == ANSWERS[: len(found)]
    assert len(found) < len(ANSWERS)
    # What is left is a sound file again.
    assert earlier(path) == found


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results.answers").mkdir()
    with pytest.raises(ConfigError, match="cannot read the device's earlier answers"):
        AnswerLog(tmp_path / "results.answers", IDENTITY, SIZES)


def test_a_disk_that_gets_full(tmp_path: Path) -> None:
    path = tmp_path / "results.answers"
    log = AnswerLog(path, IDENTITY, SIZES)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 14, before[1]))
    try:
        log.add(ANSWERS[0])
        with pytest.raises(ConfigError, match=r"cannot keep the device's .*: File too large"):
            add_all(log, ANSWERS[1:])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
        log.close()
    assert earlier(path) == ANSWERS[:1]


def spread(count: int, value: Callable[[int], float]) -> list[float]:
    return [value(index) for index in range(count)]


def test_outliers() -> None:
    steady = spread(20, lambda index: 1000 + index % 3)
    assert outlier_note(steady) is None
    assert outlier_note([*steady, 1500]) == (
        "1 of 21 timed runs are outliers: 1,500 us against a median of 1,001 us; "
        "did something interrupt the device?"
    )
    assert "5,000, 4,000, 3,000 and others" in str(outlier_note([*steady, 2000, 3000, 4000, 5000]))


def test_no_outliers_where_nothing_can_be_said() -> None:
    assert outlier_note([1.0, 1.0, 9.0]) is None
    # Wide, but evenly so.
    assert outlier_note(spread(9, lambda index: 100.0 + 10 * index)) is None
