"""``tinycompress carray``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from tinycompress.cli.options import PATH


@click.command("carray")
@click.argument("model", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    default=Path(),
    show_default=True,
    help="Directory of the source and the header.",
)
@click.option("--name", help="Name of the array and the files.  [default: the model file's]")
@click.option(
    "--alignment",
    type=click.Choice(["4", "8", "16", "32", "64"]),
    default="16",
    show_default=True,
    help="Alignment of the array in bytes.",
)
@click.option(
    "--style", type=click.Choice(["c", "cpp", "arduino"]), default="c", show_default=True,
    help="Language: c writes NAME.c, cpp writes NAME.cpp, arduino NAME.cpp for a sketch's folder.",
)  # fmt: skip
def carray_command(
    model: Path,
    output: Path,
    name: str | None,
    alignment: str,
    style: Literal["c", "cpp", "arduino"],
) -> None:
    """Write a .tflite MODEL as an aligned C array with a header.

    The header tells sizes, shapes, scales and zero points of all inputs and outputs, and has
    functions that quantise and dequantise as TFLite does.
    """
    from tinycompress import pipeline

    paths = pipeline.carray(model, output, name=name, alignment=int(alignment), style=style)
    for path in paths:
        click.echo(path)
