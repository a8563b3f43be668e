"""``tinycompress confirm``."""

from __future__ import annotations

from typing import Any

import click

from tinycompress.cli.options import PATH, board_option, json_option, output_option
from tinycompress.cli.progress import stage_progress


@click.command("confirm")
@click.option("-p", "--port", required=True, help="Port of the board, or its USB serial number.")
@board_option(required=False)
@click.option("--flash", is_flag=True, help="Write the firmware to the board first.")
@click.option(
    "--answer-port", help="Port of an adapter on the UART pins, where the firmware talks there."
)
@click.option("--by", default="", metavar="NAME", help="Whom the file names.  [default: nobody]")
@click.option(
    "-d", "--directory", type=PATH,
    help="The reference model's project.  [default: confirm-BOARD]",
)  # fmt: skip
@output_option("The file to send.  [default: BOARD.confirmation.json]")
@json_option
def confirm_command(as_json: bool, **options: Any) -> None:
    """Measure a reference model on your board, beside what is modelled, for a file to send.

    Without --flash the board must run the firmware in the project already: the README.md there says
    how it is flashed by hand.
    """
    from tinycompress import pipeline
    from tinycompress.cli.answers.confirm import show_confirmed

    with stage_progress() as progress:
        done = pipeline.confirm(progress=progress, **options)
    show_confirmed(done, as_json=as_json)
    pipeline.require_confirmed_outputs(done)
