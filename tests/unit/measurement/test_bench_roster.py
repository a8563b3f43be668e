"""Rosters: what they may say, all problems at once, and failures that stop no other board."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from support.common import ROOT

from tinycompress.artifacts import (
    BenchResult,
    FlashSizes,
    Machine,
    OutputQuality,
    RamSizes,
    Spread,
)
from tinycompress.cli.main import _run
from tinycompress.errors import ConfigError, DeviceError
from tinycompress.measurement.roster import Entry, Failure, Outcome, Task, attempt, read_roster
from tinycompress.measurement.roster_report import exit_code, print_roster, roster_json

RESULT = BenchResult(
    board_id="arduino_nano_33_ble", engine="aot", toolchain="zig", transport="serial",
    machine="silicon", build_id="ab" * 20, runs=5, instructions=None,
    cycles=Spread(200, 200, 200, "measured"),
    latency_us=Spread(3.125, 3.0, 3.25, "measured"), ram=RamSizes(1536, 1600, 8192, 356),
    flash=FlashSizes(4716, 3808, 8113, 1467), oracle="tflm", samples=360, mismatched_samples=0,
    quality=(OutputQuality(0, "out", "classes", 0.975, "accuracy", 0.975, 0.1),),
    fits=True, layers=(),
    notes=("[b] warm",),
)  # fmt: skip
TASK = Task(
    name="left", directory=Path("digits-nano33"), board=None, port="5A1F", answer_port=None,
    flash=False, samples=None, runs=5, bundle=Path("out/left"),
)  # fmt: skip


def write(path: Path, text: str) -> Path:
    file = path / "roster.toml"
    file.write_text(text)
    return file


def test_every_key(tmp_path: Path) -> None:
    roster = write(
        tmp_path,
        """
        schema = 1
        samples = "test.npz"
        runs = 9
        [[board]]
        directory = "digits-nano33"
        [[board]]
        directory = "digits-nano33"
        name = "left"
        board = "boards/mine.toml"
        port = "5A1F"
        answer_port = "A10K"
        flash = true
        samples = "other.npz"
        """,
    )
    first, second = read_roster(roster, tmp_path / "out")
    assert first == Task(
        name="digits-nano33", directory=tmp_path / "digits-nano33", board=None, port=None,
        answer_port=None, flash=False, samples=tmp_path / "test.npz", runs=9,
        bundle=tmp_path / "out" / "digits-nano33",
    )  # fmt: skip
    assert second == Task(
        name="left", directory=tmp_path / "digits-nano33", board="boards/mine.toml", port="5A1F",
        answer_port="A10K", flash=True, samples=tmp_path / "other.npz", runs=9,
        bundle=tmp_path / "out" / "left",
    )  # fmt: skip
    assert read_roster(roster, None)[0].bundle is None


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("schema = 1", ["board: missing"]),
        ("schema = 1\nboard = []", ["board: empty"]),
        ("schema = 2\n[[board]]\ndirectory = 'a'", ["schema: 2: input must be 1"]),
        (
            "schema = 1\nrun = 3\n[[board]]\ndirektory = 'a'\nprot = 'x'",
            [
                "run: unknown key; did you mean 'runs'?",
                "board[0].directory: missing",
                "board[0].direktory: unknown key; did you mean 'directory'?",
                "board[0].prot: unknown key; did you mean 'port'?",
            ],
        ),
        (
            "schema = 1\nruns = 0\n[[board]]\ndirectory = 'a'\nname = 'a b'\nflash = 1",
            [
                "runs: 0: input must be greater than or equal to 1",
                "board[0].name: 'a b': string must match pattern",
                "board[0].flash: 1: input must be a valid boolean",
            ],
        ),
        (
            "schema = 1\n[[board]]\ndirectory='a'\nport='X'\n[[board]]\ndirectory='b/../a'\n"
            "port='X'\n[[board]]\ndirectory='c'\nflash=true",
            [
                "board: two boards are called 'a'",
                "board: the port 'X' is named for two boards",
                "board[2].flash: a board without 'port' is the virtual one",
            ],
        ),
    ],
)
def test_all_problems_at_once(tmp_path: Path, text: str, problems: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_roster(write(tmp_path, text), None)
    for problem in problems:
        assert problem in caught.value.message
    assert f": {len(problems)} problem" in caught.value.message
    assert "docs/flashing.md" in str(caught.value.hint)


@pytest.mark.parametrize("text", ["schema = ", "\x00", "[[board"])
def test_no_toml(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="is not valid TOML"):
        read_roster(write(tmp_path, text), None)
    with pytest.raises(ConfigError, match="cannot read the roster"):
        read_roster(tmp_path / "none.toml", None)


def test_result_becomes_an_outcome() -> None:
    assert attempt(TASK, lambda task: RESULT) == Outcome(TASK, RESULT, None)


def test_error_becomes_an_outcome() -> None:
    def fail(task: Task) -> BenchResult:
        raise DeviceError("no answer", phase="HELLO", hint="is it flashed?")

    assert attempt(TASK, fail) == Outcome(
        TASK, None, Failure("no answer (phase: HELLO)", "is it flashed?", 7)
    )


def test_other_outputs_keep_their_numbers() -> None:
    wrong = replace(RESULT, mismatched_samples=3)
    outcome = attempt(TASK, lambda task: wrong)
    assert outcome.result == wrong
    assert outcome.failure is not None
    assert outcome.failure.exit_code == 8


def test_first_failure_decides_the_exit_code() -> None:
    good = Outcome(TASK, RESULT, None)
    silent, gone = (Outcome(TASK, None, Failure("x", None, code)) for code in (7, 6))
    assert exit_code((good,)) == 0
    assert exit_code((good, silent, gone)) == 7


def test_json_and_table() -> None:
    outcomes = (
        Outcome(TASK, RESULT, None),
        Outcome(replace(TASK, name="right"), None, Failure("no [port]", "plug it in", 6)),
    )
    told = json.loads(json.dumps(roster_json(outcomes)))
    assert (told["schema"], told["schema_version"]) == ("tinycompress.bench-all", 1)
    left, right = told["boards"]
    assert left["result"]["latency"]["us"]["median"] == 3.125
    assert (left["bundle"], left["error"], left["port"]) == ("out/left", None, "5A1F")
    assert right == {
        "name": "right", "directory": "digits-nano33", "port": "5A1F", "bundle": None,
        "result": None, "error": {"message": "no [port]", "hint": "plug it in", "exit_code": 6},
    }  # fmt: skip
    console = Console(file=io.StringIO(), width=160)
    print_roster(outcomes, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "97.50%" in text
    assert "0 of 360" in text
    assert "right: error: no [port] (hint: plug it in)" in text
    assert "left: note: [b] warm" in text
    assert "(emulated)" not in text


def test_the_table_of_all_boards_fits_a_narrow_terminal() -> None:
    console = Console(file=io.StringIO(), width=80, color_system=None)
    print_roster((Outcome(TASK, RESULT, None),), console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert max(len(line) for line in text.splitlines() if "note" not in line) <= 80
    assert "97.50%" in text
    assert "3.1" in text


@pytest.mark.parametrize("machine", ["emulated", "unknown"])
def test_what_is_no_real_board_is_told_beside_its_port(machine: Machine) -> None:
    console = Console(file=io.StringIO(), width=160)
    outcomes = (Outcome(TASK, replace(RESULT, machine=machine), None),)
    print_roster(outcomes, console)
    assert isinstance(console.file, io.StringIO)
    assert f"5A1F ({machine})" in console.file.getvalue()
    (board,) = roster_json(outcomes)["boards"]
    assert board["result"]["machine"] == machine


@pytest.mark.parametrize(
    "options",
    [
        [], ["p", "--all", "r.toml"], ["--all", "r.toml", "--port", "X"],
        ["--all", "r.toml", "--board", "pico"], ["--all", "r.toml", "--runs", "5"],
        ["--all", "r.toml", "--samples", "x.npz"], ["--all", "r.toml", "--virtual"],
    ],
)  # fmt: skip
def test_options_that_do_not_go_together(options: list[str]) -> None:
    assert _run(["bench", *options]) == 2


def test_roster_in_the_docs_is_one(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "flashing.md").read_text()
    block = text[text.index("```toml\nschema") + 8 :].split("```")[0]
    tasks = read_roster(write(tmp_path, block), None)
    assert [task.name for task in tasks] == ["digits-nano33", "left"]
    keys = {line.split("=")[0].strip() for line in block.splitlines() if "=" in line}
    assert keys == {"schema", "runs", *Entry.model_fields}
