"""``tinycompress carray``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("carray")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("."),
    show_default=True,
    help="Directory for the .c and .h.",
)
@click.option("--name", help="Name of the array (default: after the file).")
@click.option(
    "--alignment",
    type=click.Choice(["4", "8", "16", "32", "64"]),
    default="16",
    show_default=True,
    help="Alignment of the array in bytes.",
)
def carray_command(model: Path, output: Path, name: str | None, alignment: str) -> None:
    """Write a .tflite MODEL as an aligned C array (.c and .h)."""
    from tinycompress import pipeline

    for path in pipeline.carray(model, output, name=name, alignment=int(alignment)):
        click.echo(path)
