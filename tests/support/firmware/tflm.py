"""A model for tests of the TFLM engine, and checkouts that stand for upstream's."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from support.common import ROOT, require_tool
from support.models.tflite_files import small_cnn
from tinycompress.artifacts import ArenaFigure, FirmwareProject, GeneratedSources
from tinycompress.boards import Board, load_board
from tinycompress.codegen.tflm import generate
from tinycompress.firmware import render_project
from tinycompress.firmware.tflm_library import LIBRARY
from tinycompress.ir.reader import read_model

STAND_INS = ROOT / "tests" / "stand_ins" / "tflm"
ARENA = ArenaFigure(4096, 0, "estimated")

_NEEDED_BESIDE_STAND_INS = (
    "tensorflow/lite/micro/tools/make/downloads/flatbuffers/include/flatbuffers/flatbuffers.h",
    "tensorflow/lite/micro/tools/make/downloads/gemmlowp/fixedpoint/fixedpoint.h",
    "tensorflow/lite/micro/tools/make/downloads/ruy/ruy/profiler/instrumentation.h",
)


def cnn_sources(arena: ArenaFigure = ARENA) -> GeneratedSources:
    """The small CNN of ``tflite_files`` for the TFLM engine."""
    return generate(read_model(small_cnn()), small_cnn(), arena)


def cnn_project(board: str | Board, directory: Path) -> FirmwareProject:
    """Its project for a board."""
    target = load_board(board) if isinstance(board, str) else board
    return render_project(cnn_sources(), target, directory, tflite=small_cnn(), model_name="cnn")


def stand_in_checkout(directory: Path) -> Path:
    """A directory with every file that a checkout must have, and no library."""
    for header in STAND_INS.rglob("*.h"):
        copy = directory / header.relative_to(STAND_INS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(header.read_bytes())
    for name in _NEEDED_BESIDE_STAND_INS:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text("")
    return directory


def add_library(checkout: Path, name: str, *flags: str) -> Path:
    """Put a library with one object into ``gen/cortex_m_generic_<name>_gcc/lib``."""
    path = checkout / "gen" / f"cortex_m_generic_{name}_gcc" / "lib" / LIBRARY
    path.parent.mkdir(parents=True)
    source, made = path.with_name("one.c"), path.with_name("one.o")
    source.write_text("float twice(float x);\nfloat twice(float x) { return x + x; }\n")
    gcc = require_tool("gcc")
    subprocess.run([gcc, "-mthumb", *flags, "-c", source, "-o", made], check=True)
    subprocess.run([gcc.replace("gcc", "ar"), "rcs", path, made], check=True)
    return path


def real_checkout() -> Path:
    """Upstream's own TFLM with a library, where TFLM_DIR names it; else the test is skipped.

    It is never required: it is not part of the project, and takes minutes to build.
    """
    value = os.environ.get("TFLM_DIR")
    if not value:
        pytest.skip("TFLM_DIR names no checkout of tflite-micro")
    return Path(value)
