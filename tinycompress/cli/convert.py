"""``tinycompress convert``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.artifacts import Activations, ExactTo, TflmCompression
from tinycompress.cli.options import (
    activations_option,
    data_options,
    exact_to_option,
    json_option,
    print_json,
    tflm_compression_option,
)
from tinycompress.cli.progress import stage_progress


@click.command("convert")
@click.argument("model", type=click.Path(path_type=Path))
@data_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The .tflite file to write.",
)
@activations_option("int8; a .tflite keeps its own")
@exact_to_option("Runtime that accuracy is counted on, and that must have int16 operators.")
@tflm_compression_option
@json_option
def convert_command(
    model: Path,
    data: Path | None,
    val: Path | None,
    output: Path,
    activations: Activations | None,
    exact_to: ExactTo,
    tflm_compression: TflmCompression,
    as_json: bool,
) -> None:
    """Convert a Keras MODEL to a fully integer .tflite and check that no float is left."""
    from tinycompress import pipeline
    from tinycompress.cli import render, render_tflm
    from tinycompress.pipeline.tflm_verdict import tflm_verdict

    with stage_progress() as progress:
        converted = pipeline.convert(
            model, data, output, val=val, activations=activations, exact_to=exact_to,
            tflm_compression=tflm_compression, progress=progress,
        )  # fmt: skip
        progress("run it on TensorFlow Lite Micro")
        verdict = tflm_verdict(converted.tflite)
    if as_json:
        shown = render.convert_json(converted, output)
        print_json({**shown, "tflm": render_tflm.verdict_json(verdict)})
    else:
        render.print_convert(converted, output)
        render_tflm.print_verdict(verdict)
