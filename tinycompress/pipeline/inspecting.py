"""What is known of a model before anything is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinycompress.artifacts import ExactTo, Simplification, WeighedModel
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.macs import macs
from tinycompress.conversion.describe import SourceSummary, describe
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import ModelSummary, summarise
from tinycompress.pipeline.files import read_file


@dataclass(frozen=True)
class WeightsInspection:
    """What the weights of a ``.tflite`` take; ``board`` is None for a Cortex-M4 as such."""

    path: Path
    board: Board | None
    weighed: WeighedModel


@dataclass(frozen=True)
class Inspection:
    """What is known of a ``.tflite`` without compiling anything.

    ``refused`` are the reasons why the AOT engine does not take the model; empty if it does, and
    then ``arena_bytes`` is exact and ``peak_layer`` names where it is needed. ``simplification``
    says what that engine leaves out of the model; ``summary`` is of the file as it is.
    """

    path: Path
    tflite_bytes: int
    summary: ModelSummary
    exact_to: ExactTo
    refused: tuple[str, ...]
    arena_bytes: int | None
    weights_bytes: int | None
    peak_layer: str | None
    board: Board | None
    simplification: Simplification | None = None


def inspect_source(model: str | Path) -> SourceSummary:
    """Look into a Keras model or SavedModel: layers, parameters, MACs, what would be converted.

    Raises:
        ConfigError: There is no model, or TensorFlow is not installed.
        ModelError: The model cannot be opened.
    """
    return describe(Path(model))


def inspect_weights(
    model: str | Path, *, board: str | Path | None = None, exact_to: ExactTo = "tflm"
) -> WeightsInspection:
    """Look at a ``.tflite``'s weights: what encodings save, and what pruning would bring further.

    Raises:
        ConfigError: The file cannot be read, or the board is unknown.
        ModelError: The file is no TFLite model, or none that the AOT engine takes.
    """
    path = Path(model)
    target = None if board is None else load_board(str(board))
    # It brings numpy and the engine, which whoever only inspects a Keras model need not wait for.
    from tinycompress.codegen.weighing import weigh

    weighed = weigh(read_model(read_file(path)), _options(target, exact_to))
    return WeightsInspection(path, target, weighed)


def _options(board: Board | None, exact_to: ExactTo) -> CodegenOptions:
    if board is None:
        return CodegenOptions(exact_to=exact_to)
    return CodegenOptions.for_board(board, exact_to=exact_to)


def inspect(
    model: str | Path, *, board: str | Path | None = None, exact_to: ExactTo = "tflm"
) -> Inspection:
    """Look into a ``.tflite``: operators, costs, what is not int8, what a board would have to hold.

    Raises:
        ConfigError: The file cannot be read, or the board is unknown.
        ModelError: The file is no TFLite model.
    """
    path = Path(model)
    target = None if board is None else load_board(str(board))
    data = read_file(path)
    graph = read_model(data)
    summary = summarise(graph, macs)
    options = _options(target, exact_to)
    try:
        sources = generate(graph, options)
    except ModelError as error:
        return Inspection(
            path, len(data), summary, exact_to, error.reasons or (error.message,),
            None, None, None, target,
        )  # fmt: skip
    return Inspection(
        path, len(data), summary, exact_to, (),
        sources.arena_bytes, sources.weights_bytes, sources.peak_layer, target,
        sources.simplification,
    )  # fmt: skip
