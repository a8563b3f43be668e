"""Firmware projects of known content for tests of compiling, linking and sizes."""

from __future__ import annotations

import hashlib
import os
import stat
import textwrap
from pathlib import Path

from support.common import ROOT
from tinycompress.artifacts import FirmwareProject, GeneratedSources, LayerInfo, TensorSpec
from tinycompress.boards import Board, load_board
from tinycompress.firmware import render_project

TFLITE = b"stands for the model file"
DIGEST = hashlib.sha256(TFLITE)
MODEL_C = (
    (ROOT / "tests" / "data" / "toolchain_model.c")
    .read_text()
    .replace("{0xAB}", "{" + ", ".join(map(str, DIGEST.digest())) + "}")
)
SPEC = TensorSpec("x", (1, 64), "int8", 1.0, 0)


def make_project(
    directory: Path, board: str = "nano33", *, model_c: str = MODEL_C, arena_bytes: int = 512
) -> tuple[FirmwareProject, Board]:
    """Render a project around a model in C."""
    sources = GeneratedSources(
        engine="aot",
        exact_to="tflm",
        model_sha256=DIGEST.hexdigest(),
        files={"tcm_model.c": model_c},
        kernel_files=(),
        inputs=(SPEC,),
        outputs=(SPEC,),
        layers=(LayerInfo(0, "layer", "CONV_2D", 88, (1, 64), "tck_scale"),),
        arena_bytes=arena_bytes,
        weights_bytes=1024,
        peak_layer="layer",
    )
    target = load_board(board)
    project = render_project(sources, target, directory, tflite=TFLITE, model_name="known")
    return project, target


def write_program(path: Path, script: str) -> Path:
    """An executable shell script; stands in for a compiler that fails in a known way."""
    path.write_text("#!/bin/sh\n" + textwrap.dedent(script))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def files_of(directory: Path) -> dict[str, bytes]:
    """Contents of all files below a directory by relative path."""
    return {
        os.path.relpath(path, directory): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }
