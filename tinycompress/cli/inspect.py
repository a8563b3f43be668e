"""``tinycompress inspect``."""

from __future__ import annotations

from pathlib import Path

import click

from tinycompress.cli.options import board_option, json_option, print_json
from tinycompress.cli.progress import stage_progress


@click.command("inspect")
@click.argument("models", metavar="MODEL...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@click.option(
    "--compare",
    "float_model",
    metavar="FLOAT",
    type=click.Path(path_type=Path),
    help="Float model that each .tflite MODEL was made from: how well each layer agrees with it.",
)
@click.option(
    "--data", type=click.Path(path_type=Path), help="Samples .npz with x and y for --compare."
)
@click.option(
    "--samples",
    type=click.IntRange(min=1),
    default=32,
    show_default=True,
    help="At most so many samples are compared.",
)
@board_option(required=False)
@json_option
def inspect_command(
    models: tuple[Path, ...],
    float_model: Path | None,
    data: Path | None,
    samples: int,
    board: str | None,
    as_json: bool,
) -> None:
    """Show what is in MODEL.

    Of a .tflite: its operators, whether it is fully integer, what it would need on a board. Of a
    Keras model or SavedModel: its layers, their cost, and what would be converted. Several .tflite
    files with --compare, such as int8 and int16 of one model, are put beside each other: signal to
    noise layer by layer, accuracy, and what each costs.
    """
    model, *others = models
    if others and float_model is None:
        raise click.UsageError("several models are put beside each other with --compare FLOAT")
    if float_model is not None:
        if data is None:
            raise click.UsageError("--compare needs samples: --data samples.npz")
        if others:
            _compare_beside(float_model, models, data, samples, board, as_json)
        else:
            _compare(float_model, model, data, samples, as_json)
    elif data is not None:
        raise click.UsageError("--data is for --compare FLOAT")
    else:
        _inspect(model, board, as_json)


def _compare(float_model: Path, model: Path, data: Path, samples: int, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress.cli import render_inspect

    comparison = pipeline.compare(float_model, model, data, samples=samples)
    if as_json:
        print_json(render_inspect.comparison_json(comparison))
    else:
        render_inspect.print_comparison(comparison)


def _compare_beside(
    float_model: Path,
    models: tuple[Path, ...],
    data: Path,
    samples: int,
    board: str | None,
    as_json: bool,
) -> None:
    from tinycompress import pipeline
    from tinycompress.boards import load_board
    from tinycompress.cli import render_beside
    from tinycompress.deploy.deployment import figures_or_misfit

    target = None if board is None else load_board(board)
    with stage_progress() as progress:
        beside = pipeline.compare_beside(
            float_model, models, data, samples=samples, board=board, progress=progress
        )
        costs: list[render_beside.Figures] = []
        for candidate in beside.candidates:
            path = candidate.inspection.path
            if target is None or candidate.inspection.refused:
                costs.append({})
                continue
            progress(f"run {path.name} on {target.name}")
            costs.append(figures_or_misfit(path.read_bytes(), target))
    if as_json:
        print_json(render_beside.beside_json(beside, costs))
    else:
        render_beside.print_beside(beside, costs)


def _inspect(model: Path, board: str | None, as_json: bool) -> None:
    from tinycompress import pipeline
    from tinycompress.cli import render, render_inspect, render_tflm
    from tinycompress.conversion.load import is_tflite
    from tinycompress.pipeline.tflm_verdict import tflm_verdict

    if model.exists() and not is_tflite(model):
        if board is not None:
            raise click.UsageError(
                "what a Keras model needs on a board is known once it is converted:"
                " tinycompress convert, then inspect the .tflite"
            )
        summary = pipeline.inspect_source(model)
        if as_json:
            print_json(render_inspect.source_json(summary))
        else:
            render_inspect.print_source(summary)
        return
    inspection = pipeline.inspect(model, board=board)
    verdict = tflm_verdict(model.read_bytes())
    if as_json:
        shown = render.inspect_json(inspection)
        print_json({**shown, "tflm": render_tflm.verdict_json(verdict)})
    else:
        render.print_inspection(inspection)
        render_tflm.print_verdict(verdict)
