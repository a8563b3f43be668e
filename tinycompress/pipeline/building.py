"""From a model to firmware: convert, generate, render, compile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tinycompress import _files
from tinycompress._progress import Progress, no_progress
from tinycompress.artifacts import (
    Activations,
    BuiltFirmware,
    ConvertedModel,
    EngineName,
    ExactTo,
    TflmCompression,
    ToolchainName,
)
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.options import Optimize, Weights
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.carray import Style, write_c_array
from tinycompress.conversion.tflm_lut import compress_with_tables
from tinycompress.errors import ConfigError, DoesNotFitError
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.files import read_file
from tinycompress.pipeline.names import default_directory, model_name
from tinycompress.pipeline.smaller import with_offer
from tinycompress.pipeline.tflm import TflmJob, build_tflm
from tinycompress.toolchain import build as compile_project
from tinycompress.toolchain.tflm import require_gcc_choice

Toolchain = Literal["auto"] | ToolchainName


@dataclass(frozen=True)
class Build:
    """What `build` made: the integer model and the firmware that runs it."""

    model: ConvertedModel
    firmware: BuiltFirmware
    trades: tuple[str, ...] = ()
    """Where the engine gave speed for memory, in words."""


def convert(
    model: str | Path,
    data: str | Path | None,
    output: str | Path | None = None,
    *,
    val: str | Path | None = None,
    activations: Activations | None = None,
    exact_to: ExactTo = "tflm",
    tflm_compression: TflmCompression = "none",
    progress: Progress = no_progress,
) -> ConvertedModel:
    """Turn a Keras model into a fully integer ``.tflite``; a ``.tflite`` is checked and passed on.

    Args:
        model: ``.keras`` (Keras 3 or tf_keras), ``.h5``, SavedModel directory or ``.tflite``.
        data: ``.npz`` with the calibration samples ``x`` (and, for accuracy, labels ``y``); needed
            for everything but a ``.tflite``.
        output: File to write; None writes nothing.
        val: ``.npz`` with samples ``x`` and labels ``y`` that accuracy before and after is counted
            on; None takes ``data``.
        activations: Type of activations, inputs and outputs; weights are int8 with either. None
            is int8, and takes a ``.tflite`` with what it has.
        exact_to: Runtime that accuracy is counted on; int16 operators must be among its own.
        tflm_compression: ``lut`` stores weights of few distinct values as lookup tables, which
            only TFLite Micro reads.
        progress: Told what is under way.

    Raises:
        ConfigError: The model file or the data are unusable.
        ModelError: The model cannot be made fully integer, or not smaller by lookup tables.
    """
    wanted = activations or "int8"
    progress("check the model" if Path(model).suffix == ".tflite" else f"convert to {wanted}")
    converted = convert_model(
        Path(model),
        None if data is None else Path(data),
        evaluation=None if val is None else Path(val),
        options=ConvertOptions(activations=activations, exact_to=exact_to),
    )
    if tflm_compression == "lut":
        progress("store weights as lookup tables")
        converted = compress_with_tables(converted)
    if output is not None:
        _files.write_bytes(Path(output), converted.tflite)
    return converted


def build(
    model: str | Path,
    board: str | Path,
    *,
    data: str | Path | None = None,
    val: str | Path | None = None,
    activations: Activations | None = None,
    engine: EngineName = "aot",
    tflm_compression: TflmCompression = "none",
    tflm_dir: str | Path | None = None,
    toolchain: Toolchain = "auto",
    exact_to: ExactTo = "tflm",
    optimize: Optimize = "speed",
    ram_budget_bytes: int | None = None,
    weights: Weights = "auto",
    transport: Literal["usb", "uart"] | None = None,
    output: str | Path | None = None,
    force: bool = False,
    progress: Progress = no_progress,
) -> Build:
    """Build firmware that runs a model on a board.

    Args:
        model: As in `convert`.
        board: Id, alias or file of the board.
        data: Calibration samples, needed unless ``model`` is a ``.tflite``.
        val: Labelled samples to count accuracy on, as in `convert`.
        activations: As in `convert`.
        engine: Whose kernels run on the device.
        tflm_compression: As in `convert`; ``lut`` is for the engine ``tflm`` only.
        tflm_dir: For the engine ``tflm``: a checkout of tflite-micro in which its library was
            built; None takes the one that the variable TFLM_DIR names.
        toolchain: Compiler; ``auto`` takes the one that pip brought, for the engine ``tflm`` gcc.
        exact_to: Whose arithmetic the firmware reproduces byte for byte.
        optimize: Whether speed, RAM or flash comes first where kernels differ in them.
        ram_budget_bytes: Bytes that the arena may take.
        weights: Whether weights may be encoded in flash; ``plain`` leaves them as they are.
        transport: Over what the firmware talks, on a board that has a choice; None takes what its
            file says.
        output: Directory of the project; None names it after model and board. In an earlier
            project, files that the user added or edited stay; ``firmware.project.update`` of the
            result names the edited ones.
        force: Whether edited files are overwritten.
        progress: Told what is under way.

    Raises:
        TinyCompressError: The subclasses of `tinycompress.errors` say what went wrong.
    """
    check_engine(engine, tflm_compression, exact_to, optimize, ram_budget_bytes, weights)
    if engine == "tflm":
        require_gcc_choice(toolchain)
    target = load_board(str(board)).over_chosen(transport)
    directory = default_directory(model, target) if output is None else Path(output)
    converted = convert(
        model, data, val=val, activations=activations, exact_to=exact_to,
        tflm_compression=tflm_compression, progress=progress,
    )  # fmt: skip
    if engine == "tflm":
        job = TflmJob(converted.tflite, model_name(model), target, directory, progress, force)
        return Build(converted, build_tflm(job, None if tflm_dir is None else Path(tflm_dir)))
    progress("generate C")
    graph = read_model(converted.tflite)
    chosen = CodegenOptions.for_board(
        target, exact_to=exact_to, optimize=optimize, ram_budget_bytes=ram_budget_bytes,
        weights=weights,
    )  # fmt: skip
    sources = generate(graph, chosen)
    progress("write the project")
    try:
        project = render_project(
            sources, target, directory, tflite=converted.tflite, model_name=model_name(model),
            force=force,
        )  # fmt: skip
    except DoesNotFitError as error:
        raise with_offer(error, graph, sources, target, chosen) from None
    firmware = compile_project(project, target, toolchain=toolchain, progress=progress)
    return Build(converted, firmware, sources.trades)


def check_engine(
    engine: EngineName,
    tflm_compression: TflmCompression,
    exact_to: ExactTo,
    optimize: Optimize,
    ram_budget_bytes: int | None,
    weights: Weights = "auto",
) -> None:
    """Refuse what only the other engine can do.

    Raises:
        ConfigError: An option says something that the engine cannot follow.
    """
    if tflm_compression != "none" and engine != "tflm":
        raise ConfigError(
            f"lookup tables are for the engine tflm, not {engine}",
            hint="the AOT engine needs none: --engine tflm, or leave --tflm-compression out",
        )
    if engine != "tflm":
        return
    wrong = [
        f"{option} {value}"
        for option, value, usual in (
            ("--exact-to", exact_to, "tflm"),
            ("--optimize", optimize, "speed"),
            ("--ram-budget", ram_budget_bytes, None),
            ("--weights", weights, "auto"),
        )
        if value != usual
    ]
    if wrong:
        raise ConfigError(
            f"the engine tflm runs TensorFlow Lite Micro as it is: no {', '.join(wrong)}",
            hint="leave it out, or: --engine aot",
        )


def carray(
    model: str | Path,
    output: str | Path,
    *,
    name: str | None = None,
    alignment: int = 16,
    style: Style = "c",
) -> tuple[Path, Path]:
    """Write a ``.tflite`` as an aligned C array; the paths of the source and the header.

    Args:
        model: The ``.tflite`` file.
        output: Directory for both.
        name: Of the array and the files; None takes the model file's.
        alignment: Of the array, in bytes.
        style: C, C++, or C++ for an Arduino sketch.

    Raises:
        ConfigError: The file cannot be read, or the directory not written.
        ModelError: The file is no TFLite model.
    """
    path = Path(model)
    return write_c_array(
        read_file(path), name or model_name(path), Path(output), alignment=alignment, style=style
    )
