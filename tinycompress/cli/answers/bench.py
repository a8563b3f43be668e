"""What ``bench`` answers, for one board or for those of a roster."""

from __future__ import annotations

from tinycompress._console import results_console
from tinycompress.artifacts import BenchResult
from tinycompress.boards import load_board
from tinycompress.cli.options import print_json
from tinycompress.measurement.report import print_table, to_json
from tinycompress.measurement.roster import Outcome
from tinycompress.measurement.roster_report import exit_code, print_roster, roster_json


def show_bench(
    result: BenchResult, board: str | None, *, confusion: bool = False, as_json: bool
) -> None:
    """Show one result.

    Args:
        result: What was measured.
        board: The board as the user named it.
        confusion: Whether to show the confusion of many classes, too.
        as_json: For programs.
    """
    if as_json:
        print_json(to_json(result))
    else:
        shown_on = load_board(board or result.board_id)
        print_table(result, shown_on, results_console(), confusion=confusion)


def show_roster(outcomes: tuple[Outcome, ...], *, as_json: bool) -> int:
    """Show the results of all boards; the exit code that they make."""
    if as_json:
        print_json(roster_json(outcomes))
    else:
        print_roster(outcomes, results_console())
    return exit_code(outcomes)
