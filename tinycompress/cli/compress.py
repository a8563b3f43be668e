"""``tinycompress compress`` and ``tinycompress recipes``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from tinycompress.artifacts import Optimize
from tinycompress.cli.options import (
    PATH,
    DataType,
    RecipeType,
    activations_option,
    board_option,
    json_option,
    output_option,
    print_json,
)
from tinycompress.cli.progress import stage_progress


@click.command("compress")
@click.argument("model", type=PATH)
@click.option(
    "--recipe",
    type=RecipeType(),
    required=True,
    help="Recipe: name or .toml file; `tinycompress recipes` lists them.",
)
@click.option(
    "--data",
    type=DataType(),
    required=True,
    help="Training samples: .npz with x and y. Or none: samples are made of the model, which labels"
    " them; zeroq and dfqf are the ways.",
)
@click.option(
    "--val",
    type=PATH,
    help="Validation samples: .npz with x and y.  [default: a part of --data]",
)
@click.option(
    "--teacher",
    type=PATH,
    multiple=True,
    help="Model that `distill` learns from; of several the outputs are averaged."
    "  [default: MODEL as it is]",
)
@click.option(
    "--student",
    type=PATH,
    help="Model that the stages begin with in the place of MODEL, untrained or not.",
)
@click.option(
    "--assistant",
    type=PATH,
    multiple=True,
    help="Model that the scheme `assistant` trains on the way; the largest comes first.",
)
@board_option(required=False)
@activations_option("what the recipe says")
@click.option(
    "--optimize",
    type=click.Choice(get_args(Optimize)),
    help="What the firmware is built for that --board measures, as in `tinycompress build`."
    "  [default: what the recipe says]",
)
@click.option(
    "--keep-going",
    is_flag=True,
    help="Go on after a stage that lost more accuracy than the recipe allows on the way.",
)
@output_option(
    "Directory of all stages and the result; an interrupted run resumes there, another recipe"
    " replaces them.",
    required=True,
)
@json_option
def compress_command(
    model: Path, recipe: str, data: Path | str, output: Path, as_json: bool, **options: Any
) -> None:
    """Compress a trained Keras MODEL by a recipe, down to an integer .tflite.

    With --student, MODEL is what teaches that model, and what it is measured against.

    With --board, the result of every stage is built for that board and measured on its emulation.
    """
    from tinycompress.cli.answers.compress import StageRows, show_compress
    from tinycompress.deploy.compressing import compress

    with StageRows(output, as_json=as_json) as rows, stage_progress() as progress:
        result = compress(
            model, recipe, data, output=output, progress=progress,
            on_row=rows.listener(progress.say), say=progress.say, **options,
        )  # fmt: skip
    show_compress(result, output, options["board"], options["val"], as_json=as_json)


@click.command("recipes")
@json_option
def recipes_command(as_json: bool) -> None:
    """List the shipped recipes, and what their stages save on the device."""
    from tinycompress.cli.answers import compress as render_compress
    from tinycompress.compression.run.recipe import list_recipes

    recipes = list_recipes()
    if as_json:
        print_json(render_compress.recipes_json(recipes))
    else:
        render_compress.print_recipes(recipes)
