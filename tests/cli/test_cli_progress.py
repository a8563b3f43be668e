"""Progress: lines with the time left where there is no terminal, bars where there is one."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from support.common import ROOT
from support.results import ODD

from tinycompress.cli import progress as shown_by
from tinycompress.cli.main import _run
from tinycompress.cli.progress import LiveProgress, PlainProgress, _bars, _ticking, duration

MODEL = str(ROOT / "examples" / "digits" / "digits_int8.tflite")


class Time:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Time:
    return Time()


def plain(clock: Time, patience_s: float = 0.0) -> tuple[PlainProgress, io.StringIO]:
    text = io.StringIO()
    console = Console(file=text, width=60)
    return PlainProgress(console, patience_s=patience_s, now=clock), text


def test_a_short_stage_is_one_line(clock: Time) -> None:
    progress, text = plain(clock)
    for done in range(5):
        progress("compile", done, 4)
        clock.now += 0.3
    progress("link")
    clock.now += 1.9
    progress.close()
    assert text.getvalue() == "compile ...\nlink ...\n"


def test_a_long_stage_says_how_far_it_is_and_what_is_left(clock: Time) -> None:
    progress, text = plain(clock)
    for done in range(1, 101):
        clock.now += 1
        progress("run the samples", done, 100)
    progress.close()
    lines = text.getvalue().splitlines()
    assert lines[0] == "run the samples ..."
    assert lines[1] == "run the samples: 3 of 100, about 65 s left"
    assert lines[-1] == "run the samples: done in 99 s"
    # Ever rarer: after 2 seconds, then 4, 8, 16, 32 later.
    found = [int(re.findall(r"(\d+) of", line)[0]) for line in lines[1:-1]]
    assert found == [3, 7, 15, 31, 63]


def test_a_stage_without_steps_says_how_long_it_takes(clock: Time) -> None:
    progress, text = plain(clock)
    progress("link")
    for _ in range(20):
        clock.now += 0.5
        progress.tick()
    progress.close()
    assert text.getvalue().splitlines() == [
        "link ...", "link: 2 s so far", "link: 6 s so far", "link: done in 10 s",
    ]  # fmt: skip


def test_a_stage_that_comes_again_begins_silently(clock: Time) -> None:
    progress, text = plain(clock)
    for _ in range(3):
        progress("generate C")
        progress("link")
    assert text.getvalue() == "generate C ...\nlink ...\n"


def test_what_mostly_answers_at_once_is_silent_while_it_does(clock: Time) -> None:
    progress, text = plain(clock, patience_s=2.0)
    progress("generate C")
    clock.now += 1.5
    progress.tick()
    assert text.getvalue() == ""
    clock.now += 1
    progress.tick()
    assert text.getvalue() == "generate C: 2 s so far\n"


def test_names_do_not_speak_to_the_terminal(clock: Time) -> None:
    progress, text = plain(clock)
    progress(f"run {ODD}")
    progress.say(ODD)
    assert "\x1b" not in text.getvalue()
    assert "[bold red]<script>" in text.getvalue()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (99, "99 s"), (100, "1 min 40 s"), (3599, "59 min 59 s"), (3900, "1 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_thread_ends_with_the_block(clock: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shown_by, "_TICK_S", 0.001)
    progress, text = plain(clock)
    with _ticking(progress) as ticking:
        ticking("link")
        clock.now += 3
        while "so far" not in text.getvalue():
            time.sleep(0.001)
    before = text.getvalue()
    clock.now += 100
    assert text.getvalue() == before


def test_bars_say_the_time_left() -> None:
    text = io.StringIO()
    console = Console(file=text, width=100, force_terminal=True, color_system=None)
    times = iter(range(1000))
    bars = _bars(console)
    bars.get_time = lambda: float(next(times))
    with bars:
        progress = LiveProgress(bars)
        for done in range(4):
            progress("run the samples", done, 10)
            bars.refresh()
        progress("link")
        progress.close()
        bars.refresh()
    assert "run the samples" in text.getvalue()
    assert re.search(r"3 of 10, \d+ s left", text.getvalue())
    assert text.getvalue().count("✓") >= 2


def test_quiet_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _run(["-q", "build", MODEL, "-b", "nano33", "-o", str(tmp_path / "p")]) == 0
    assert capfd.readouterr().err == ""


def _seen_on_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """What a program writes to a terminal of its own."""
    master, slave = os.openpty()
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tinycompress", *command],
        stdin=slave, stdout=slave, stderr=slave, cwd=ROOT,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    )  # fmt: skip
    os.close(slave)
    try:
        text = b"".join(_read(master)).decode()
        assert process.wait(60) == 0, text
    finally:
        process.kill()
        os.close(master)
    return text


def _read(master: int) -> Iterator[bytes]:
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other side was closed
            return
        if not part:
            return
        yield part


@pytest.mark.parametrize(
    ("environment", "colours", "bars"),
    [({}, True, True), ({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False)],
)
def test_on_a_terminal(
    tmp_path: Path, environment: dict[str, str], colours: bool, bars: bool
) -> None:
    command = ["build", MODEL, "-b", "nano33", "-o", str(tmp_path / "p")]
    text = _seen_on_a_terminal(command, environment)
    # Colours of the eight, of 256, or of all.
    assert bool(re.search(r"\x1b\[(?:\d+;)*(?:3[0-7]|38;[25];[\d;]+)m", text)) is colours
    assert ("━" in text.split("Firmware for")[0]) is bars
    assert "compile" in text
    if not bars:
        assert "compile ..." in text
