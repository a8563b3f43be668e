"""What is known of a model before anything is compiled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinycompress.artifacts import ExactTo, Simplification
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.macs import macs
from tinycompress.conversion.describe import SourceSummary, describe
from tinycompress.errors import ModelError
from tinycompress.ir.reader import read_model
from tinycompress.ir.summary import ModelSummary, summarise
from tinycompress.pipeline.files import read_file


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
    options = CodegenOptions(exact_to=exact_to)
    if target is not None:
        options = CodegenOptions.for_board(target, exact_to=exact_to)
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
