"""``tinycompress chain``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.invocation import invocation, tell
from tinycompress.cli.options import PATH, output_option


@click.command("chain")
@click.argument("front_end", type=PATH)
@click.argument("model", type=PATH)
@output_option("The .tflite file to write.", required=True)
@click.option(
    "--stride", type=int, metavar="SAMPLES",
    help="New samples of each inference; the others of the front end's window are kept."
    "  [default: the whole window]",
)  # fmt: skip
def chain_command(front_end: Path, model: Path, output: Path, stride: int | None) -> None:
    """Make one streaming .tflite of FRONT_END and of MODEL, which takes its features.

    Such as micro_speech's audio preprocessor and a keyword model: from samples of a microphone to
    words. All other commands take the file.

    \b
    tinycompress chain audio_preprocessor_int8.tflite kws.tflite --stride 320 -o words.tflite
    tinycompress build words.tflite --board nano33
    """
    from tinycompress import pipeline

    made = pipeline.chain(front_end, model, output, stride=stride)
    if invocation().quiet:
        click.echo(made.path)
        return
    click.echo(f"{made.path}: {len(made.tflite):,} bytes")
    for role, specs in (("input", made.inputs), ("output", made.outputs)):
        for spec in specs:
            click.echo(f"{role}: {spec.dtype} {list(spec.shape)} '{spec.name}'")
    tell([f"next: tinycompress build {made.path} --board BOARD"])
