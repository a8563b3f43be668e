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
    port_options,
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
@click.option("--flash", is_flag=True, help="Write it to a real board afterwards.")
@click.option(
    "--bench", is_flag=True, help="Measure it afterwards: on the board with --flash, else emulated."
)
@port_options
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
    flash: bool,
    bench: bool,
    port: str | None,
    answer_port: str | None,
    as_json: bool,
) -> None:
    """Build firmware for a board from MODEL.

    MODEL is a .keras, .h5 or .tflite file or a SavedModel directory; all but a .tflite need --data.
    """
    from tinycompress import pipeline
    from tinycompress.boards import load_board
    from tinycompress.cli import render, render_devices

    if not flash and (port or answer_port):
        raise click.UsageError("--port and --answer-port go with --flash")
    target = load_board(board)
    done, result = None, None
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
    if not as_json:
        render.print_build(made, target, then_bench=not bench)
    directory = made.firmware.project.directory
    with stage_progress() as progress:
        if flash:
            done = pipeline.flash(
                directory, board=board, port=port, answer_port=answer_port, progress=progress
            )
        if bench:
            result = pipeline.bench(
                directory,
                board=board,
                port=None if done is None else done.require_port(),
                samples=val,
                progress=progress,
            )
    if as_json:
        shown = render.build_json(made, target)
        print_json({**shown, **render_devices.then_json(directory, done, result)})
    else:
        render_devices.print_then(directory, target, done, result)
    if result is not None:
        pipeline.require_exact(result)
