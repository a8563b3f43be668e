"""All boards of a roster as one table and one JSON object."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.artifacts import BenchResult
from tinycompress.measurement.report import to_json
from tinycompress.measurement.roster import Outcome

SCHEMA = "tinycompress.bench-all"
SCHEMA_VERSION = 1


def roster_json(outcomes: tuple[Outcome, ...]) -> dict[str, Any]:
    """Every board in the roster's order; ``result`` is what ``bench --json`` prints, or null."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "boards": [
            {
                "name": one.task.name,
                "directory": str(one.task.directory),
                "port": one.task.port,
                "bundle": None
                if one.task.bundle is None or one.result is None
                else str(one.task.bundle),
                "result": None if one.result is None else to_json(one.result),
                "error": None
                if one.failure is None
                else {
                    "message": one.failure.message,
                    "hint": one.failure.hint,
                    "exit_code": one.failure.exit_code,
                },
            }
            for one in outcomes
        ],
    }


def print_roster(outcomes: tuple[Outcome, ...], console: Console) -> None:
    """Print one line a board, then what went wrong and every note."""
    columns = (
        Column("name", least=8), Column("board", least=10), Column("where", least=8, drop=3),
        Column("latency, us", right=True), Column("cycles", right=True, drop=1),
        Column("RAM reserved, bytes", right=True, drop=4),
        Column("flash, bytes", right=True, drop=2), Column("accuracy", right=True),
        Column("unlike", right=True),
    )  # fmt: skip
    rows = []
    for one in outcomes:
        cells = ("failed", *[""] * 5) if one.result is None else _cells(one.result)
        board = "" if one.result is None else one.result.board_id
        rows.append((one.task.name, board, _where(one), *cells))
    print_fitted(console, "All boards", columns, rows)
    for one in outcomes:
        if one.failure is not None:
            text = f"{one.task.name}: error: {one.failure.message}"
            hint = f" (hint: {one.failure.hint})" if one.failure.hint else ""
            console.print(text + hint, markup=False, soft_wrap=True)
        for note in () if one.result is None else one.result.notes:
            console.print(f"{one.task.name}: note: {note}", markup=False, soft_wrap=True)


def exit_code(outcomes: tuple[Outcome, ...]) -> int:
    """0 if every board did well, else the code of the first that did not."""
    return next((one.failure.exit_code for one in outcomes if one.failure is not None), 0)


def _where(outcome: Outcome) -> str:
    """The port, and what answered there if it was not a real board."""
    port, result = outcome.task.port, outcome.result
    if port is None:
        return "virtual"
    return port if result is None or result.machine == "silicon" else f"{port} ({result.machine})"


def _cells(result: BenchResult) -> tuple[str, ...]:
    latency, cycles = result.latency_us, result.cycles
    different = result.mismatched_samples
    return (
        "-" if latency is None else f"{latency.median:,.1f}",
        "-" if cycles is None else f"{cycles.median:,.0f}",
        f"{result.ram.reserved_bytes:,}",
        f"{result.flash.total_bytes:,}",
        "-" if result.device_accuracy is None else f"{result.device_accuracy:.2%}",
        "-" if different is None else f"{different} of {result.samples}",
    )
