"""How boards are shown: as tables for people, as JSON objects for programs."""

from __future__ import annotations

from typing import Any

from tinycompress._console import results_console
from tinycompress.boards import Board
from tinycompress.boards.confirmations import Confirmation
from tinycompress.cli.answers.common import schema, table

Confirmations = tuple[Confirmation, ...]


def board_json(board: Board, confirmed: Confirmations) -> dict[str, Any]:
    """One board, as its file says it, and who has seen it run on silicon."""
    return {
        **schema("board"),
        "board": board.model_dump(mode="json", by_alias=True),
        "confirmations": _confirmations_json(confirmed),
    }


def boards_json(boards: tuple[Board, ...], confirmed: Confirmations) -> dict[str, Any]:
    """All boards, and who has seen which of them run on silicon."""
    return {
        **schema("boards"),
        "boards": [board.model_dump(mode="json", by_alias=True) for board in boards],
        "confirmations": _confirmations_json(confirmed),
    }


def _confirmations_json(confirmed: Confirmations) -> list[dict[str, Any]]:
    return [one.model_dump(mode="json", by_alias=True) for one in confirmed]


def print_boards(boards: tuple[Board, ...], confirmed: Confirmations) -> None:
    """One line a board; on silicon: when it was last seen to run there."""
    rows = table(
        "Boards", "id", "short", "name", "core", "clock", "flash", "RAM", "on silicon",
        right=(4, 5, 6),
    )  # fmt: skip
    # What is typed in commands stays in one piece.
    rows.columns[0].no_wrap = rows.columns[1].no_wrap = True
    seen = {one.board: one for one in confirmed}
    for board in boards:
        rows.add_row(
            board.id, min((board.id, *board.aliases), key=len), board.name, board.cpu.core,
            f"{board.cpu.clock_hz / 1e6:g} MHz", f"{board.flash_bytes // 1024:,} KiB",
            f"{board.ram_bytes // 1024:,} KiB", _confirmed_short(seen.get(board.id)),
        )  # fmt: skip
    results_console().print(rows)


def print_board(board: Board, confirmed: Confirmations) -> None:
    """Everything about one board, with where each number came from."""
    console = results_console()
    shown = table(f"{board.name}  ({board.id})", "what", "value")
    cpu = board.cpu
    rows: list[tuple[str, str]] = [
        ("aliases", ", ".join(board.aliases)),
        ("kind", board.kind),
        ("MCU", f"{board.mcu}, {cpu.core}, {cpu.clock_hz / 1e6:g} MHz"),
        ("FPU", f"{cpu.fpu} ({cpu.float_abi}-float ABI)"),
        ("extensions", ", ".join(n for n, on in (("DSP", cpu.dsp), ("MVE", cpu.mve)) if on) or "-"),
        *(
            (f"memory {m.name}", f"{m.kind} 0x{m.origin:08x} + {m.length:,} bytes: "
             + ", ".join(m.holds)) for m in board.memory
        ),
        ("stack", f"{board.budget.stack_bytes:,} bytes"),
        ("counter", f"{board.timer.source} at {board.timer.hz:,} Hz, counts {board.timer.counts}"),
        ("serial", f"{board.serial.transport}, {board.serial.baud:,} baud"),
        ("flashing", ", ".join(way.method for way in board.flash) or "-"),
        *(("on silicon", _confirmed_text(one)) for one in confirmed),
        *((("on silicon", "not confirmed by anybody yet"),) if not confirmed else ()),
        ("URL", board.url),
        *((f"source: {source.what}", source.ref) for source in board.source),
    ]  # fmt: skip
    for row in rows:
        shown.add_row(*row)
    console.print(shown)


def _confirmed_text(one: Confirmation) -> str:
    cycles = "" if one.cycles is None else f", {one.cycles.median:,.0f} cycles"
    return f"{one.date}, by {one.by or 'somebody'}{cycles}"


def _confirmed_short(one: Confirmation | None) -> str:
    return "-" if one is None else f"{one.date} {one.by}".strip()
