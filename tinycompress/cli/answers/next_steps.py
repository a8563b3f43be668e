"""Commands that are suggested after a success: complete, quoted for a shell, and run by a test."""

from __future__ import annotations

import shlex
import zipfile
from collections.abc import Sequence
from pathlib import Path

from tinycompress._files import names_a_file
from tinycompress._samples import arrays_of_inputs
from tinycompress.artifacts import Precision
from tinycompress.pipeline import Build

_EXAMPLE_BOARD = "nano33"


def command(*words: str | Path) -> str:
    """A call of tinycompress as a shell takes it."""
    return shlex.join(["tinycompress", *map(str, words)])


def after_build(made: Build, board: str, samples: str | Path | None) -> tuple[str, ...]:
    """What builds the project if nothing did, and what measures it.

    Args:
        made: What was built.
        board: The board as the user named it.
        samples: File of samples that the user named, or None.
    """
    options = ["--board", board] if names_a_file(board) else []
    inputs = [spec.name for spec in made.model.inputs]
    bench = ["bench", str(made.directory), *options, *_samples(samples, inputs)]
    if made.project.framework == "cmake":
        return (command(*bench),)
    if made.project.framework == "library":
        return (_in(made.directory, made.command),)
    steps = [] if made.firmware is not None else [_in(made.directory, made.command)]
    if made.project.framework == "zephyr":
        steps.append(shlex.join(["west", "flash", "-d", str(made.directory / "build")]))
    else:
        steps.append(command("flash", made.directory, *options))
    # Only the user knows which port it is, once the board is plugged in: `tinycompress ports`.
    return (*steps, command(*bench, "--port", "PORT"))


def after_inspect(model: Path) -> str:
    """The conversion of a float model, whose samples only the user knows."""
    return command("convert", model, "--data", "calib.npz", "-o", f"{model.stem}.tflite")


def after_convert(tflite: Path, *, encoded: bool, precision: Precision) -> str:
    """A build of the file, for a board that stands for any; encoded weights are TFLM's alone."""
    more = ("--engine", "tflm") if encoded else ()
    if precision != "int8":
        more = ("--precision", precision)
    return command("build", tflite, "--board", _EXAMPLE_BOARD, *more)


def after_compress(directory: Path, board: str | None, samples: Path | None) -> str:
    """A build of the result, for the board that it was measured on or one that stands for any."""
    tflite = directory / "result" / "model.tflite"
    data = () if samples is None else ("--val", samples)
    return command("build", tflite, "--board", board or _EXAMPLE_BOARD, *data)


def _in(directory: Path, line: str) -> str:
    return f"(cd {shlex.quote(str(directory))} && {line})"


def _samples(path: str | Path | None, inputs: Sequence[str]) -> list[str]:
    """``--samples`` for a file that `bench` reads."""
    if path is None:
        return []
    with zipfile.ZipFile(path) as archive:
        arrays = [name.removesuffix(".npy") for name in archive.namelist()]
    return ["--samples", str(path)] if arrays_of_inputs(arrays, inputs) else []
