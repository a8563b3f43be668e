"""From a model to a project that Arduino's or Zephyr's own build compiles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tinycompress._arduino_cli import find_arduino_cli
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import (
    Activations,
    BuiltFirmware,
    ConvertedModel,
    EngineName,
    ExactTo,
    FirmwareProject,
    FrameworkName,
    GeneratedSources,
    TflmCompression,
)
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen import tflm as tflm_engine
from tinycompress.codegen.options import Optimize, Weights
from tinycompress.errors import ConfigError
from tinycompress.firmware import render_framework_project
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.building import check_engine, convert
from tinycompress.pipeline.names import default_directory, model_name
from tinycompress.pipeline.tflm import TflmJob, estimated_arena
from tinycompress.toolchain.framework_build import build_command, compile_sketch


@dataclass(frozen=True)
class FrameworkBuild:
    """A project for a framework's build, and what was compiled of it.

    ``firmware`` is None where the framework's tools are the user's to run; ``command`` is what
    builds the project then, in its directory.
    """

    model: ConvertedModel
    project: FirmwareProject
    firmware: BuiltFirmware | None
    command: str
    trades: tuple[str, ...] = ()


def build_in_framework(
    model: str | Path,
    board: str | Path,
    framework: FrameworkName,
    *,
    data: str | Path | None = None,
    val: str | Path | None = None,
    activations: Activations | None = None,
    engine: EngineName = "aot",
    tflm_compression: TflmCompression = "none",
    exact_to: ExactTo = "tflm",
    optimize: Optimize = "speed",
    ram_budget_bytes: int | None = None,
    weights: Weights = "auto",
    transport: Literal["usb", "uart"] | None = None,
    output: str | Path | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> FrameworkBuild:
    """Write a project for Arduino or Zephyr; a sketch is compiled where arduino-cli is installed.

    Args:
        model: As in `convert`.
        board: Id, alias or file of the board; its file must say what the framework calls it.
        framework: ``arduino`` or ``zephyr``.
        data: As in `build`, like all that follow.
        val: Labelled samples to count accuracy on.
        activations: As in `convert`.
        engine: Whose kernels run on the device. TFLM comes from an Arduino library, or from
            Zephyr's own module.
        tflm_compression: How weights are stored for TFLM.
        exact_to: Whose arithmetic the firmware reproduces byte for byte.
        optimize: Whether speed, RAM or flash comes first.
        ram_budget_bytes: Bytes that the arena may take.
        weights: Whether weights may be encoded in flash.
        transport: For Zephyr, on a board that has a choice.
        output: Directory of the project; a sketch is named after it.
        force: Whether edited files are overwritten.
        progress: Told what is under way.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    if framework == "cmake":
        raise ConfigError("the framework cmake is what build() is for")
    if framework == "arduino" and transport is not None:
        raise ConfigError(
            "a sketch talks over Serial, which is the Arduino core's to place",
            hint="leave --transport out",
        )
    check_engine(engine, tflm_compression, exact_to, optimize, ram_budget_bytes, weights)
    target = load_board(str(board)).within(framework).over_chosen(transport)
    directory = default_directory(model, target) if output is None else Path(output)
    converted = convert(
        model, data, val=val, activations=activations, exact_to=exact_to,
        tflm_compression=tflm_compression, progress=progress,
    )  # fmt: skip
    progress("generate C")
    if engine == "tflm":
        job = TflmJob(converted.tflite, model_name(model), target, directory, progress)
        sources = _tflm_sources(job)
    else:
        chosen = CodegenOptions.for_board(
            target, exact_to=exact_to, optimize=optimize, ram_budget_bytes=ram_budget_bytes,
            weights=weights,
        )  # fmt: skip
        sources = generate(read_model(converted.tflite), chosen)
    progress("write the project")
    project = render_framework_project(
        sources, target, directory, framework=framework, tflite=converted.tflite,
        model_name=model_name(model), force=force,
    )  # fmt: skip
    firmware = _compile(project, target, progress)
    command = build_command(project, target)
    return FrameworkBuild(converted, project, firmware, command, sources.trades)


def _tflm_sources(job: TflmJob) -> GeneratedSources:
    """The TFLM engine's sources with an arena that was estimated: nothing is linked here."""
    model = read_model(job.tflite)
    tflm_engine.check_legality(model)
    peak_bytes, _ = tflm_engine.peak_activations(model)
    job.progress("estimate the arena")
    return tflm_engine.generate(model, job.tflite, estimated_arena(job, peak_bytes))


def _compile(project: FirmwareProject, board: Board, progress: Progress) -> BuiltFirmware | None:
    """Compile a sketch if arduino-cli is there; Zephyr's workspace is the user's."""
    if project.framework != "arduino" or find_arduino_cli() is None:
        return None
    return compile_sketch(project, board, progress=progress)
