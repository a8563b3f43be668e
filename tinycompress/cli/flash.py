"""``tinycompress flash``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.options import board_option
from tinycompress.cli.progress import stage_progress


@click.command("flash")
@click.argument("directory", type=click.Path(path_type=Path))
@board_option(required=False)
@click.option("-p", "--port", help="Serial port of the board.")
def flash_command(directory: Path, board: str | None, port: str | None) -> None:
    """Write the firmware in DIRECTORY to a real board."""
    from tinycompress import pipeline

    with stage_progress() as progress:
        method = pipeline.flash(directory, board=board, port=port, progress=progress)
    click.echo(f"flashed {directory} by {method}")
