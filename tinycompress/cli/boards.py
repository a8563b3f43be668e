"""``tinycompress boards``."""

from __future__ import annotations

import click

from tinycompress.cli.options import BoardType, json_option, print_json


@click.group("boards", invoke_without_command=True)
@json_option
@click.pass_context
def boards_group(context: click.Context, as_json: bool) -> None:
    """List the boards, or show one."""
    if context.invoked_subcommand is None:
        _list(as_json)


@boards_group.command("list")
@json_option
def list_command(as_json: bool) -> None:
    """List all shipped boards."""
    _list(as_json)


@boards_group.command("show")
@click.argument("board", type=BoardType())
@json_option
def show_command(board: str, as_json: bool) -> None:
    """Show BOARD: an id, an alias or a .toml file."""
    from tinycompress.boards import load_board
    from tinycompress.boards.confirmations import list_confirmations
    from tinycompress.cli.answers import boards as render

    found = load_board(board)
    confirmed = tuple(one for one in list_confirmations() if one.board == found.id)
    if as_json:
        print_json(render.board_json(found, confirmed))
    else:
        render.print_board(found, confirmed)


def _list(as_json: bool) -> None:
    from tinycompress.boards import list_boards
    from tinycompress.boards.confirmations import list_confirmations
    from tinycompress.cli.answers import boards as render

    boards, confirmed = list_boards(), list_confirmations()
    if as_json:
        print_json(render.boards_json(boards, confirmed))
    else:
        render.print_boards(boards, confirmed)
