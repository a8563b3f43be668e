"""Firmware that is built to see what it takes, measured on the emulated board, and put away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tinycompress.artifacts import BenchResult, BuiltFirmware, GeneratedSources, ToolchainChoice
from tinycompress.boards import Board
from tinycompress.device.connect import open_link
from tinycompress.firmware import render_project
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.toolchain import build


@contextmanager
def scratch_firmware(
    sources: GeneratedSources,
    board: Board,
    tflite: bytes,
    *,
    model_name: str = "model",
    toolchain: ToolchainChoice = "auto",
) -> Iterator[BuiltFirmware]:
    """Firmware in a temporary directory, there while the block runs.

    Raises:
        DoesNotFitError: It cannot be linked for the board.
        ToolError: No compiler, or it failed.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-") as scratch:
        project = render_project(
            sources, board, Path(scratch) / "project", tflite=tflite, model_name=model_name
        )
        yield build(project, board, toolchain=toolchain)


def bench_emulated(
    built: BuiltFirmware, board: Board, tflite: bytes, options: BenchOptions | None = None
) -> BenchResult:
    """Measure firmware on its emulated board, on a few random inputs.

    Raises:
        DeviceError: The firmware does not run.
    """
    with closing(open_link(board, built.elf)) as link:
        return bench(built, board, link, tflite=tflite, options=options)
