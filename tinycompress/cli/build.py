"""``tinycompress build``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from tinycompress.artifacts import EngineName, ExactTo
from tinycompress.cli.options import (
    board_option,
    data_options,
    json_option,
    output_option,
    print_json,
)
from tinycompress.cli.progress import stage_progress


@click.command("build")
@click.argument("model", type=click.Path(path_type=Path))
@board_option(required=True)
@data_options
@click.option(
    "--engine",
    type=click.Choice(["aot"]),
    default="aot",
    show_default=True,
    help="Whose kernels run on the device.",
)
@click.option(
    "--toolchain",
    type=click.Choice(["auto", "zig", "gcc"]),
    default="auto",
    show_default=True,
    help="Compiler; auto takes the one that pip brought.",
)
@click.option(
    "--exact-to",
    type=click.Choice(["tflm", "litert"]),
    default="tflm",
    show_default=True,
    help="Whose outputs the firmware reproduces byte for byte.",
)
@output_option("Project directory (default: named after model and board).")
@json_option
def build_command(
    model: Path,
    board: str,
    data: Path | None,
    val: Path | None,
    engine: EngineName,
    toolchain: Literal["auto", "zig", "gcc"],
    exact_to: ExactTo,
    output: Path | None,
    as_json: bool,
) -> None:
    """Build firmware for a board from MODEL.

    MODEL is a .keras, .h5 or .tflite file or a SavedModel directory; all but a .tflite need --data.
    """
    from tinycompress import pipeline
    from tinycompress.boards import load_board
    from tinycompress.cli import render

    with stage_progress() as progress:
        made = pipeline.build(
            model,
            board,
            data=data,
            val=val,
            engine=engine,
            toolchain=toolchain,
            exact_to=exact_to,
            output=output,
            progress=progress,
        )
    target = load_board(board)
    if as_json:
        print_json(render.build_json(made, target))
    else:
        render.print_build(made, target)
