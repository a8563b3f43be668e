"""Two models in order as one file: a front end and a model on a window of its features."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinycompress import _files
from tinycompress.artifacts import TensorSpec
from tinycompress.conversion.joining.chain import chained
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs, output_specs
from tinycompress.pipeline.files import read_file


@dataclass(frozen=True)
class Chained:
    """The file, and what each inference takes and gives."""

    path: Path
    tflite: bytes
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def chain(
    front_end: str | Path, model: str | Path, output: str | Path, *, stride: int | None = None
) -> Chained:
    """Make one streaming ``.tflite`` of a front end and a model that takes its features.

    Each inference takes new samples, makes one set of features of them and of the samples before,
    and runs the model on the newest sets. What it keeps is in resource variables.

    Args:
        front_end: A ``.tflite`` from samples to features, such as micro_speech's preprocessor.
        model: A ``.tflite`` whose input is a whole number of sets of features, in their order.
        output: File to write.
        stride: New samples of each inference; None for all that the front end takes.

    Raises:
        ConfigError: A file cannot be read or written, or the stride is wrong.
        ModelError: A file is no ``.tflite``, or they do not fit each other.
    """
    tflite = chained(read_file(Path(front_end)), read_file(Path(model)), stride)
    _files.write_bytes(Path(output), tflite)
    graph = read_model(tflite).main
    return Chained(Path(output), tflite, input_specs(graph), output_specs(graph))
