"""``tinycompress carray``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click


@click.command("carray")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("."),
    show_default=True,
    help="Directory for the source and the header.",
)
@click.option("--name", help="Name of the array (default: after the file).")
@click.option(
    "--alignment",
    type=click.Choice(["4", "8", "16", "32", "64"]),
    default="16",
    show_default=True,
    help="Alignment of the array in bytes.",
)
@click.option(
    "--style",
    type=click.Choice(["c", "cpp", "arduino"]),
    default="c",
    show_default=True,
    help="NAME.c, NAME.cpp, or NAME.cpp for an Arduino sketch's folder.",
)
def carray_command(
    model: Path,
    output: Path,
    name: str | None,
    alignment: str,
    style: Literal["c", "cpp", "arduino"],
) -> None:
    """Write a .tflite MODEL as an aligned C array, with a header that tells its tensors.

    The header has sizes, shapes, scales and zero points of all inputs and outputs, and functions
    that quantise and dequantise as TFLite does.
    """
    from tinycompress import pipeline

    paths = pipeline.carray(model, output, name=name, alignment=int(alignment), style=style)
    for path in paths:
        click.echo(path)
