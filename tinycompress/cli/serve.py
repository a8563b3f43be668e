"""``tinycompress serve``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.options import board_option


def _parse_address(
    _context: object, _parameter: object, value: str | None
) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not port.isdecimal() or int(port) > 0xFFFF:
        raise click.BadParameter(f"{value!r} is not [HOST:]PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


@click.command("serve")
@click.argument("directory", type=click.Path(path_type=Path))
@board_option(required=False)
@click.option(
    "--tcp",
    metavar="[HOST:]PORT",
    callback=_parse_address,
    help="Serve a TCP socket instead of a pseudo-terminal (port 0: any free one).",
)
def serve_command(directory: Path, board: str | None, tcp: tuple[str, int] | None) -> None:
    """Put the emulated board behind a serial port, until interrupted.

    The port's name is the first line of the output: give it to `tinycompress bench --port`, or to
    any other program that talks to serial ports.
    """
    from tinycompress import pipeline
    from tinycompress._console import messages_console

    console = messages_console()
    pipeline.serve(
        directory,
        board=board,
        tcp=tcp,
        opened=click.echo,
        say=lambda text: console.print(text, markup=False, soft_wrap=True),
    )
