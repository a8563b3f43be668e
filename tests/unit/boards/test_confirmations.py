"""Confirmations: what counts, what is refused, and where they show."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tinycompress.boards import confirmations, list_boards
from tinycompress.boards.confirmations import list_confirmations, read_confirmation
from tinycompress.cli.main import call, main
from tinycompress.errors import BoardError

GOOD: dict[str, Any] = {
    "schema": "tinycompress.confirmation",
    "schema_version": 1,
    "board": "raspberry_pi_pico",
    "by": "Ada",
    "date": "2026-12-01",
    "machine": "silicon",
    "counts": True,
    "firmware": {
        "model_sha256": "0" * 64,
        "elf_sha256": "1" * 64,
        "build_id": "2" * 40,
        "toolchain": "gcc",
        "toolchain_version": "12.2.1",
        "tinycompress": "1.0",
    },
    "cycles": {
        "median": 201.0, "min": 200.0, "max": 210.0, "runs": 20, "modelled": 180.0,
        "modelled_upper_bound": 400,
    },
    "clock": {"expected_hz": 125e6, "measured_hz": 125.01e6, "uncertainty": 0.001},
    "memory": {
        "arena_bytes": 1, "static_bytes": 2, "stack_reserved_bytes": 8192,
        "stack_peak_bytes": 500, "flash_bytes": 12000,
    },
    "samples": 5,
    "mismatched_samples": 0,
}  # fmt: skip


def write(directory: Path, changes: Mapping[str, object], name: str = "one") -> Path:
    path = directory / f"{name}.json"
    path.write_text(json.dumps({**GOOD, **changes}))
    return path


def test_no_board_is_confirmed_yet_and_every_file_is_of_a_shipped_board() -> None:
    shipped = {board.id for board in list_boards()}
    assert all(one.board in shipped for one in list_confirmations())


def test_a_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = read_confirmation(write(tmp_path, {}))
    assert found.counts
    assert json.loads(found.model_dump_json(by_alias=True)) == GOOD


@pytest.mark.parametrize(
    "changes",
    [{"machine": "emulated"}, {"machine": "unknown"}, {"mismatched_samples": 1},
     {"mismatched_samples": None}, {"samples": 0}],
)  # fmt: skip
def test_what_does_not_count(changes: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="was edited: it says that it counts"):
        read_confirmation(write(tmp_path, changes))
    path = write(tmp_path, {**changes, "counts": False})
    assert not read_confirmation(path).counts
    with pytest.raises(BoardError, match="confirms nothing"):
        list_confirmations(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": False}, "was edited: it says not that it counts"),
        ({"schema_version": 2}, "schema_version"),
        ({"date": "yesterday"}, "date"),
        ({"by": "a\nb"}, "by"),
        ({"by": "a" * 81}, "by"),
        ({"samples": -1}, "samples"),
        ({"more": 1}, "more"),
        ({"firmware": {**GOOD["firmware"], "build_id": "x"}}, "firmware.build_id"),
    ],
)
def test_broken_files_are_refused(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=message):
        read_confirmation(write(tmp_path, changes))


def test_what_is_no_json_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    with pytest.raises(BoardError, match="cannot read"):
        read_confirmation(path)
    path.write_text('{"schema": ')
    with pytest.raises(BoardError, match="is no confirmation"):
        read_confirmation(path)


def test_boards_show_who_saw_them_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"date": "2026-11-01", "by": "Grace"}, "early")
    write(tmp_path, {}, "late")
    found = list_confirmations(tmp_path)
    assert [one.by for one in found] == ["Grace", "Ada"]
    monkeypatch.setattr(confirmations, "list_confirmations", lambda: found)
    run = CliRunner(env={"COLUMNS": "200"})
    listed = run.invoke(main, ["boards"]).output
    (line,) = (line for line in listed.splitlines() if "raspberry_pi_pico " in line)
    assert "2026-12-01 Ada" in line
    shown = run.invoke(main, ["boards", "show", "pico"]).output
    assert "2026-11-01, by Grace, 201 cycles" in shown
    assert "2026-12-01, by Ada, 201 cycles" in shown
    other = run.invoke(main, ["boards", "show", "nano33"]).output
    assert "not confirmed by anybody yet" in other
    assert call(["boards", "show", "pico", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["by"] for one in told["confirmations"]] == ["Grace", "Ada"]
    assert call(["boards", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["confirmations"]) == 2
