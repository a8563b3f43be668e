"""``tinycompress flash``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.options import (
    FlashMethodType,
    board_option,
    json_option,
    port_options,
    print_json,
)
from tinycompress.cli.progress import stage_progress


@click.command("flash")
@click.argument("directory", type=click.Path(path_type=Path))
@board_option(required=False)
@port_options
@click.option(
    "--method",
    type=FlashMethodType(),
    help="Only this way (default: those of the board file, in order).",
)
@json_option
def flash_command(
    directory: Path,
    board: str | None,
    port: str | None,
    answer_port: str | None,
    method: str | None,
    as_json: bool,
) -> None:
    """Write the firmware in DIRECTORY to a real board, and check that it runs there."""
    from tinycompress import pipeline
    from tinycompress.cli import render_devices

    with stage_progress() as progress:
        done = pipeline.flash(
            directory, board=board, port=port, answer_port=answer_port, method=method,
            progress=progress,
        )  # fmt: skip
    if as_json:
        print_json(render_devices.flashed_json(directory, done))
    else:
        render_devices.print_flashed(directory, done)
