"""docs/headline.md says what its figures say, and nothing of silicon about ours."""

from __future__ import annotations

import json

from benchmarks import headline
from tinycompress.boards import load_board

FIGURES = json.loads(headline.FIGURES.read_text())
PUBLISHED = json.loads(headline.PUBLISHED.read_text())


def test_the_page_is_made_from_the_figures() -> None:
    assert headline.PAGE.read_text() == headline.page(FIGURES, PUBLISHED)


def test_the_figures_are_of_the_board_as_it_is() -> None:
    board = load_board(headline.BOARD)
    assert FIGURES["board"] == board.id
    assert FIGURES["clock_hz"] == board.cpu.clock_hz == 120_000_000
    assert FIGURES["flash_wait_states"] == board.emulator.flash_wait_states == 5
    for task in headline.TASKS:
        figures = FIGURES["tasks"][task]
        # At least one wait for each line, at most all of them for every cycle.
        assert figures["cycles"] < figures["cycles_upper_bound"] < 12 * figures["cycles"]
        assert figures["flash_bytes"] < board.flash_bytes
        assert figures["ram_bytes"] < board.ram_bytes


def test_every_published_figure_says_where_it_was_read() -> None:
    for one in PUBLISHED["results"]:
        assert one["round"].startswith("v")
        assert one["clock_mhz"] == 120
        assert one["per_second"].keys() <= headline.TASKS.keys()
        for field in ("submitter", "path", "framework", "commit"):
            assert one[field] in headline.page(FIGURES, PUBLISHED)


def test_ours_are_never_called_measured() -> None:
    ours = [line for line in headline.PAGE.read_text().splitlines() if "**tinycompress**" in line]
    assert len(ours) == 2
    assert all("modelled" in line and "measured" not in line for line in ours)
