"""``tinycompress compress`` and ``tinycompress recipes``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from tinycompress.cli.options import activations_option, board_option, json_option, print_json
from tinycompress.cli.progress import stage_progress
from tinycompress.errors import TinyCompressError

if TYPE_CHECKING:
    from tinycompress.artifacts import Activations
    from tinycompress.compression.run.result import StageRow


@click.command("compress")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--recipe", required=True, help="Name of a shipped recipe (see `recipes`) or a .toml."
)
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Training .npz with x and y."
)
@click.option(
    "--val",
    type=click.Path(path_type=Path),
    help="Validation .npz (default: a part of --data is put aside).",
)
@click.option(
    "--teacher",
    type=click.Path(path_type=Path),
    help="Model that `distill` learns from (default: MODEL as it is).",
)
@board_option(required=False)
@activations_option("what the recipe says")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="Directory for all stages and the result; an interrupted run resumes there, another"
    " recipe replaces them.",
)
@json_option
def compress_command(
    model: Path,
    recipe: str,
    data: Path,
    val: Path | None,
    teacher: Path | None,
    board: str | None,
    activations: Activations | None,
    output: Path,
    as_json: bool,
) -> None:
    """Take a trained Keras MODEL through the stages of a recipe, down to an integer .tflite.

    With --board every stage is built for that board and measured on its virtual twin.
    """
    from tinycompress.cli import render_compress
    from tinycompress.deploy.compressing import compress

    rows: list[StageRow] = []
    try:
        with stage_progress() as progress:

            def finished(row: StageRow) -> None:
                rows.append(row)
                progress.say(render_compress.row_line(row))

            result = compress(
                model, recipe, data, val=val, teacher=teacher, board=board,
                activations=activations, output=output, progress=progress, on_row=finished,
            )  # fmt: skip
    except (TinyCompressError, KeyboardInterrupt) as error:
        # What the finished stages gave is worth as much as why the run ended.
        if rows and as_json:
            print_json(render_compress.unfinished_json(rows, output, error))
        elif rows:
            render_compress.print_rows(
                rows, title=f"Stages finished before the run ended, {output}"
            )
        raise
    if as_json:
        print_json(render_compress.compress_json(result))
    else:
        render_compress.print_compress(result)


@click.command("recipes")
@json_option
def recipes_command(as_json: bool) -> None:
    """List the shipped recipes."""
    from tinycompress.cli import render_compress
    from tinycompress.compression.run.recipe import list_recipes

    recipes = list_recipes()
    if as_json:
        print_json(render_compress.recipes_json(recipes))
    else:
        render_compress.print_recipes(recipes)
