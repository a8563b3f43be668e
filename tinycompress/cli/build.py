"""``tinycompress build``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from tinycompress.artifacts import (
    Activations,
    BenchResult,
    EngineName,
    ExactTo,
    FrameworkName,
    TflmCompression,
)
from tinycompress.cli.options import (
    activations_option,
    board_option,
    data_options,
    exact_to_option,
    json_option,
    output_option,
    port_options,
    print_json,
    tflm_compression_option,
)
from tinycompress.cli.progress import stage_progress

if TYPE_CHECKING:
    from tinycompress.boards import Board
    from tinycompress.pipeline import Build, Flashed, FrameworkBuild


@click.command("build")
@click.argument("model", type=click.Path(path_type=Path))
@board_option(required=True)
@data_options
@activations_option("int8; a .tflite keeps its own")
@click.option(
    "--engine",
    type=click.Choice(["aot", "tflm"]),
    default="aot",
    show_default=True,
    help="What runs the model: C made for it, or stock TensorFlow Lite Micro (docs/engines.md).",
)
@click.option(
    "--tflm-dir",
    type=click.Path(path_type=Path),
    metavar="DIRECTORY",
    help="With --engine tflm: checkout of tflite-micro with its built library (else: $TFLM_DIR).",
)
@tflm_compression_option
@click.option(
    "--framework",
    type=click.Choice(["cmake", "arduino", "zephyr"]),
    default="cmake",
    show_default=True,
    help="Whose build compiles it: ours, an Arduino sketch's, or Zephyr's (docs/frameworks.md).",
)
@click.option(
    "--toolchain",
    type=click.Choice(["auto", "zig", "gcc"]),
    default="auto",
    show_default=True,
    help="Compiler; auto takes the one that pip brought.",
)
@exact_to_option("Whose outputs the firmware reproduces byte for byte.")
@click.option(
    "--optimize",
    type=click.Choice(["speed", "ram", "flash"]),
    default="speed",
    show_default=True,
    help="What comes first where kernels differ; the result says what it cost.",
)
@click.option(
    "--ram-budget",
    type=click.IntRange(min=1),
    metavar="BYTES",
    help="Compute layers in patches, then by slower kernels, until the arena fits.",
)
@click.option(
    "--weights",
    type=click.Choice(["auto", "plain"]),
    default="auto",
    show_default=True,
    help="Whether weights may be encoded in flash where --optimize gains by it (docs/weights.md).",
)
@click.option(
    "--transport",
    type=click.Choice(["usb", "uart"]),
    help="How the firmware talks, where the board has a choice (default: its file's).",
)
@output_option(
    "Project directory (default: named after model and board). In an earlier project, files that "
    "you added or edited stay."
)
@click.option("--force", is_flag=True, help="Overwrite edited files of an earlier project.")
@click.option("--flash", is_flag=True, help="Write it to a real board afterwards.")
@click.option(
    "--bench", is_flag=True, help="Measure it afterwards: on the board with --flash, else emulated."
)
@port_options
@json_option
def build_command(
    model: Path,
    board: str,
    data: Path | None,
    val: Path | None,
    activations: Activations | None,
    engine: EngineName,
    tflm_dir: Path | None,
    tflm_compression: TflmCompression,
    framework: FrameworkName,
    toolchain: Literal["auto", "zig", "gcc"],
    exact_to: ExactTo,
    optimize: Literal["speed", "ram", "flash"],
    ram_budget: int | None,
    weights: Literal["auto", "plain"],
    transport: Literal["usb", "uart"] | None,
    output: Path | None,
    force: bool,
    flash: bool,
    bench: bool,
    port: str | None,
    answer_port: str | None,
    as_json: bool,
) -> None:
    """Build firmware for a board from MODEL.

    MODEL is a .keras, .h5 or .tflite file or a SavedModel directory; all but a .tflite need --data.
    """
    from tinycompress import pipeline
    from tinycompress.boards import load_board

    then = _Then(flash, bench, port, answer_port, val, as_json)
    _refuse_what_does_not_go_together(then, engine, tflm_dir, framework, toolchain)
    if framework != "cmake":
        with stage_progress() as progress:
            project = pipeline.build_in_framework(
                model, board, framework, data=data, val=val, activations=activations,
                engine=engine, tflm_compression=tflm_compression, exact_to=exact_to,
                optimize=optimize, ram_budget_bytes=ram_budget, weights=weights,
                transport=transport, output=output, force=force, progress=progress,
            )  # fmt: skip
        _finish_project(project, load_board(board).within(framework), board, then)
        return
    target = load_board(board).over_chosen(transport)
    with stage_progress() as progress:
        made = pipeline.build(
            model, board, data=data, val=val, activations=activations, engine=engine,
            tflm_dir=tflm_dir, tflm_compression=tflm_compression, toolchain=toolchain,
            exact_to=exact_to, optimize=optimize, ram_budget_bytes=ram_budget, weights=weights,
            transport=transport, output=output, force=force, progress=progress,
        )  # fmt: skip
    _finish(made, target, board, then)


@dataclass(frozen=True)
class _Then:
    """What comes after building, and how it is shown."""

    flash: bool
    bench: bool
    port: str | None
    answer_port: str | None
    samples: Path | None
    as_json: bool


def _refuse_what_does_not_go_together(
    then: _Then,
    engine: EngineName,
    tflm_dir: Path | None,
    framework: FrameworkName,
    toolchain: Literal["auto", "zig", "gcc"],
) -> None:
    if not then.flash and (then.port or then.answer_port):
        raise click.UsageError("--port and --answer-port go with --flash")
    if tflm_dir is not None and engine != "tflm":
        raise click.UsageError("--tflm-dir goes with --engine tflm")
    if framework != "cmake" and (tflm_dir is not None or toolchain != "auto"):
        raise click.UsageError(
            f"--tflm-dir and --toolchain are not for --framework {framework}, which brings its own"
        )


def _finish_project(project: FrameworkBuild, target: Board, board: str, then: _Then) -> None:
    """Show a framework's project; go on as with any firmware if it was compiled."""
    from tinycompress import pipeline
    from tinycompress._arduino_cli import require_arduino_cli
    from tinycompress.cli import render_frameworks

    if project.firmware is not None:
        made = pipeline.Build(project.model, project.firmware, project.trades)
        _finish(made, target, board, then)
        return
    if then.as_json:
        print_json(render_frameworks.project_json(project))
    else:
        render_frameworks.print_project(project)
    if then.flash or then.bench:
        if project.project.framework == "arduino":
            require_arduino_cli()
        raise click.UsageError("--flash and --bench need firmware, which west builds: see above")


def _finish(made: Build, target: Board, board: str, then: _Then) -> None:
    """Show what was built; flash and measure it if asked to."""
    from tinycompress import pipeline
    from tinycompress.cli import render, render_devices

    if not then.as_json:
        render.print_build(made, target, then_bench=not then.bench)
    directory = made.firmware.project.directory
    done = _flash(directory, board, then.port, then.answer_port) if then.flash else None
    result = _bench(directory, board, then.samples, done) if then.bench else None
    if then.as_json:
        shown = render.build_json(made, target)
        print_json({**shown, **render_devices.then_json(directory, done, result)})
    else:
        render_devices.print_then(directory, target, done, result)
    if result is not None:
        pipeline.require_exact(result)


def _flash(directory: Path, board: str, port: str | None, answer_port: str | None) -> Flashed:
    from tinycompress import pipeline

    with stage_progress() as progress:
        return pipeline.flash(
            directory, board=board, port=port, answer_port=answer_port, progress=progress
        )


def _bench(directory: Path, board: str, samples: Path | None, done: Flashed | None) -> BenchResult:
    from tinycompress import pipeline

    port = None if done is None else done.require_port()
    with stage_progress() as progress:
        return pipeline.bench(directory, board=board, port=port, samples=samples, progress=progress)
