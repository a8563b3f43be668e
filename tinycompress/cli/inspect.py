"""``tinycompress inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.options import board_option, json_option, print_json


@click.command("inspect")
@click.argument("model", type=click.Path(path_type=Path))
@board_option(required=False)
@json_option
def inspect_command(model: Path, board: str | None, as_json: bool) -> None:
    """Show what is in MODEL, whether it is fully int8, and what it would need on a board."""
    from tinycompress import pipeline
    from tinycompress.cli import render

    inspection = pipeline.inspect(model, board=board)
    if as_json:
        print_json(render.inspect_json(inspection))
    else:
        render.print_inspection(inspection)
