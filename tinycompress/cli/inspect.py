"""``tinycompress inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.invocation import given
from tinycompress.cli.options import PATH, board_option, json_option
from tinycompress.cli.progress import stage_progress


@click.command("inspect")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True, type=PATH)
@click.option(
    "--compare",
    "float_model",
    metavar="FLOAT",
    type=PATH,
    help="Float model that each .tflite MODEL was made from; shows how well each layer agrees.",
)
@click.option("--data", type=PATH, help="Samples for --compare: .npz with x and y.")
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    help="Largest number of samples that are compared.",
)
@click.option(
    "--weights",
    is_flag=True,
    help="Show instead what each layer's weights take encoded, and what pruning or clustering them"
    " further would bring; with --board what decoding costs there.",
)
@board_option(required=False)
@json_option
def inspect_command(
    models: tuple[Path, ...],
    float_model: Path | None,
    data: Path | None,
    samples: int,
    weights: bool,
    board: str | None,
    as_json: bool,
) -> None:
    """Show what is in MODEL.

    A .tflite: its operators, whether it is fully integer, and what it needs on a board. A Keras
    model or SavedModel: its layers, their cost, and what would be converted. Several .tflite files
    with --compare, such as int8 and int16 of one model: signal-to-noise ratio layer by layer,
    accuracy and costs, side by side.
    """
    if weights and float_model is not None:
        raise click.UsageError("--weights and --compare exclude each other")
    if float_model is None:
        if len(models) > 1:
            raise click.UsageError("several models are put beside each other with --compare FLOAT")
        if given("data"):
            raise click.UsageError("--data is for --compare FLOAT")
        (_inspect_weights if weights else _inspect)(models[0], board, as_json)
    elif data is None:
        raise click.UsageError("--compare needs samples: --data samples.npz")
    elif len(models) > 1:
        _compare_beside(float_model, models, data, samples, board, as_json)
    else:
        _compare(float_model, models[0], data, samples, as_json)


def _compare(float_model: Path, model: Path, data: Path, samples: int, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.inspect import show_comparison

    comparison = pipeline.compare(float_model, model, data, samples=samples)
    show_comparison(comparison, as_json=as_json)


def _compare_beside(
    float_model: Path,
    models: tuple[Path, ...],
    data: Path,
    samples: int,
    board: str | None,
    as_json: bool,
) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.beside import show_beside
    from tinycompress.deploy.deployment import figures_by_file

    with stage_progress() as progress:
        beside = pipeline.compare_beside(
            float_model, models, data, samples=samples, board=board, progress=progress
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
    show_weights(pipeline.inspect_weights(model, board=board), as_json=as_json)


def _inspect(model: Path, board: str | None, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress.cli.answers.inspect import show_inspection, show_source
    from tinycompress.conversion.load import is_tflite
    from tinycompress.pipeline.tflm_verdict import tflm_verdict

    if is_tflite(model) or not model.exists():
        inspection = pipeline.inspect(model, board=board)
        show_inspection(inspection, tflm_verdict(model.read_bytes()), as_json=as_json)
        return
    if given("board"):
        raise click.UsageError(
            "what a Keras model needs on a board is known once it is converted:"
            " tinycompress convert, then inspect the .tflite"
        )
    show_source(pipeline.inspect_source(model), as_json=as_json)
