"""``tinycompress inspect``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from tinycompress.cli.invocation import given
from tinycompress.cli.options import PATH, board_option, json_option, output_option
from tinycompress.cli.progress import LONG_S, stage_progress

_COMPARED = 32
"""Samples that --compare takes if nothing is said."""


@click.command("inspect")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=PATH)
@click.option(
    "--compare",
    "float_model",
    metavar="FLOAT",
    type=PATH,
    help="Float model that each .tflite MODEL was made from; shows how well each layer agrees.",
)
@click.option(
    "--data", type=PATH, help="Samples for --compare and --sensitivity: .npz with x (and y)."
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    help="Largest number of samples that are used.  [default: 32 for --compare, 256 for"
    " --sensitivity]",
)
@click.option(
    "--weights",
    is_flag=True,
    help="Show instead what each layer's weights take encoded, and what pruning or clustering them"
    " further would bring; with --board what decoding costs there.",
)
@click.option(
    "--sensitivity",
    is_flag=True,
    help="Show instead what pruning, clusters and fewer bits of each layer of a Keras MODEL cost"
    " in accuracy and KL divergence, before any training.",
)
@board_option(required=False)
@output_option("Directory for the plot and the JSON of --sensitivity.")
@json_option
def inspect_command(
    models: tuple[Path, ...],
    float_model: Path | None,
    data: Path | None,
    samples: int | None,
    weights: bool,
    sensitivity: bool,
    board: str | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Show what is in MODEL.

    A .tflite: its operators, whether it is fully integer, and what it needs on a board. A Keras
    model or SavedModel: its layers, their cost, and what would be converted. Several .tflite files
    with --compare, such as int8 and int16 of one model: signal-to-noise ratio layer by layer,
    accuracy and costs, side by side.
    """
    _refuse_mixtures(locals())
    if sensitivity:
        _inspect_sensitivity(models[0], data, samples, output, as_json)
    elif float_model is None:
        (_inspect_weights if weights else _inspect)(models[0], board, as_json)
    elif data is None:
        raise click.UsageError("--compare needs samples: --data samples.npz")
    elif len(models) > 1:
        _compare_beside(float_model, models, data, samples, board, as_json)
    else:
        _compare(float_model, models[0], data, samples, as_json)


def _refuse_mixtures(options: Mapping[str, Any]) -> None:
    """Refuse options that are for something else than what is asked for."""
    modes = {"sensitivity": "--sensitivity", "weights": "--weights", "float_model": "--compare"}
    chosen = [flag for name, flag in modes.items() if options[name]]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} exclude each other")
    mode = chosen[0] if chosen else ""
    if len(options["models"]) > 1 and mode != "--compare":
        raise click.UsageError("several models are put beside each other with --compare FLOAT")
    if given("data") and mode not in ("--compare", "--sensitivity"):
        raise click.UsageError("--data is for --compare FLOAT and --sensitivity")
    if given("output") and mode != "--sensitivity":
        raise click.UsageError("-o is for --sensitivity")
    if given("board") and mode == "--sensitivity":
        raise click.UsageError("--sensitivity needs no board: leave --board out")


def _inspect_sensitivity(
    model: Path, data: Path | None, samples: int | None, output: Path | None, as_json: bool
) -> None:
    if data is None:
        raise click.UsageError("--sensitivity needs samples: --data samples.npz")
    from tinycompress.cli.answers.sensitivity import show_sensitivity
    from tinycompress.compression.sensitivity import SensitivityOptions
    from tinycompress.deploy.sensitivity import measure_sensitivity

    options = SensitivityOptions() if samples is None else SensitivityOptions(samples=samples)
    with stage_progress() as progress:
        table = measure_sensitivity(model, data, options=options, output=output, progress=progress)
    show_sensitivity(table, output, as_json=as_json)


def _compare(
    float_model: Path, model: Path, data: Path, samples: int | None, as_json: bool
) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.inspect import show_comparison

    with stage_progress() as progress:
        progress("run both models")
        comparison = pipeline.compare(float_model, model, data, samples=samples or _COMPARED)
    show_comparison(comparison, as_json=as_json)


def _compare_beside(
    float_model: Path,
    models: tuple[Path, ...],
    data: Path,
    samples: int | None,
    board: str | None,
    as_json: bool,
) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.beside import show_beside
    from tinycompress.deploy.deployment import figures_by_file

    with stage_progress() as progress:
        beside = pipeline.compare_beside(
            float_model, models, data, samples=samples or _COMPARED, board=board, progress=progress
        )
        costs = {}
        if board is not None:
            costs = figures_by_file(beside.accepted, board, progress=progress)
    show_beside(beside, costs, as_json=as_json)


def _inspect_weights(model: Path, board: str | None, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.weights import show_weights
    from tinycompress.conversion.load import is_tflite

    if not is_tflite(model) and model.exists():
        raise click.UsageError(
            "weights are weighed once they are int8: tinycompress convert, then inspect the .tflite"
        )
    with stage_progress(patience_s=LONG_S) as progress:
        progress("encode the weights")
        weighed = pipeline.inspect_weights(model, board=board)
    show_weights(weighed, as_json=as_json)


def _inspect(model: Path, board: str | None, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.inspect import show_inspection, show_source
    from tinycompress.conversion.load import is_tflite
    from tinycompress.pipeline.engines.tflm_verdict import tflm_verdict

    if is_tflite(model) or not model.exists():
        with stage_progress(patience_s=LONG_S) as progress:
            progress("generate C")
            inspection = pipeline.inspect(model, board=board)
            progress("run it on TensorFlow Lite Micro")
            verdict = tflm_verdict(model.read_bytes())
        show_inspection(inspection, verdict, as_json=as_json)
        return
    if given("board"):
        raise click.UsageError(
            "what a Keras model needs on a board is known once it is converted:"
            " tinycompress convert, then inspect the .tflite"
        )
    with stage_progress(patience_s=LONG_S) as progress:
        progress("load the model")
        source = pipeline.inspect_source(model)
    show_source(source, as_json=as_json)
