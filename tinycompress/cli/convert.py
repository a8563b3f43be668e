"""``tinycompress convert``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import click

from tinycompress.artifacts import WeightType
from tinycompress.cli.options import (
    DROP_HELP,
    PATH,
    activations_option,
    data_options,
    exact_to_option,
    json_option,
    max_drop_option,
    output_option,
    range_options,
    weights_option,
)
from tinycompress.cli.progress import stage_progress
from tinycompress.options import compression_of, weights_choices


@click.command("convert")
@click.argument("model", type=PATH)
@data_options
@output_option("The .tflite file to write.", required=True)
@max_drop_option(DROP_HELP)
@activations_option("int8; a .tflite keeps its own")
@range_options
@exact_to_option("Runtime that accuracy is counted on, and that must have the int16 operators.")
@weights_option(
    (*weights_choices(), *get_args(WeightType)[1:]),
    "How weights are stored: plain as int8; int4 rounded to -7 to 7, held as int8; others in ways"
    " that only TensorFlow Lite Micro reads.  [default: plain]",
)
@click.option(
    "--streaming/--whole-window", default=False,
    help="Take one time step per invocation and keep the state on the device, with the outputs of"
    " the whole window: docs/streaming.md.",
)  # fmt: skip
@json_option
def convert_command(model: Path, output: Path, as_json: bool, **options: Any) -> None:
    """Convert a Keras MODEL to a fully integer .tflite, and check that no float is left.

    A .toml that names several .tflite files becomes one of them: docs/cascades.md.
    """
    from tinycompress import pipeline
    from tinycompress.cli.answers.convert import show_convert
    from tinycompress.pipeline.engines.tflm_verdict import tflm_verdict

    if options["weights"] != "int4":
        options["tflm_compression"] = compression_of(options.pop("weights") or "plain")
    with stage_progress() as progress:
        converted = pipeline.convert(
            model, options.pop("data"), output, progress=progress, **options
        )
        progress("run it on TensorFlow Lite Micro")
        verdict = tflm_verdict(converted.tflite)
    show_convert(converted, verdict, output, as_json=as_json)
