"""``tinycompress init``."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from tinycompress.artifacts import TemplateName
from tinycompress.cli.invocation import tell
from tinycompress.cli.options import BoardType, json_option, print_json


@click.command("init")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option(
    "-t", "--template", type=click.Choice(get_args(TemplateName)), default="keywords",
    show_default=True,
    help="What the model is for: spoken keywords, small images, motions of an accelerometer (imu),"
    " or anomalies in the vibration of a machine.",
)  # fmt: skip
@click.option(
    "-b", "--board", type=BoardType(), default="nano33", show_default=True,
    help="Board: id, alias or .toml file; `tinycompress boards` lists them.",
)  # fmt: skip
@json_option
def init_command(directory: Path, template: TemplateName, board: str, as_json: bool) -> None:
    """Write a small working project into DIRECTORY, the current one by default.

    It has a training script with data, a recipe, tinycompress.toml and a README. Other files there
    stay; nothing is written if one of these is there already.
    """
    from tinycompress.cli.answers.starting import next_lines, started_json, started_lines
    from tinycompress.pipeline.starting import start_project

    started = start_project(directory, template, board)
    if as_json:
        print_json(started_json(started))
    else:
        click.echo("\n".join(started_lines(started)))
    tell(next_lines(started))
