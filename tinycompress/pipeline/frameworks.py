"""From a model to a project that Arduino's or Zephyr's own build compiles."""

from __future__ import annotations

from dataclasses import replace

from tinycompress._arduino_cli import find_arduino_cli
from tinycompress.artifacts import BuiltFirmware, FirmwareProject
from tinycompress.firmware import render_framework_project, render_library
from tinycompress.pipeline.engines.aot import aot_sources
from tinycompress.pipeline.engines.tflm import estimated_sources
from tinycompress.pipeline.job import Build, Job
from tinycompress.toolchain.framework_build import build_command, compile_sketch


def build_in_framework(job: Job) -> Build:
    """Write a project for Arduino or Zephyr; a sketch is compiled where arduino-cli is installed.

    Raises:
        ModelError: The engine does not take the model; with every reason.
        ToolError: arduino-cli failed.
    """
    sources = estimated_sources(job) if job.options.engine == "tflm" else aot_sources(job)
    sources = replace(sources, command=job.command)
    job.progress("write the project")
    project = render_framework_project(
        sources, job.board, job.directory, framework=job.options.framework,
        tflite=job.model.tflite, model_name=job.name, force=job.options.force,
    )  # fmt: skip
    firmware = _compile(job, project)
    command = build_command(project, job.board)
    return Build(
        job.model, job.board, project, firmware, command, sources.trades, sources.simplification
    )


def build_library(job: Job) -> Build:
    """Write the model alone, as a library for a program of the user's.

    Raises:
        ModelError: The engine does not take the model; with every reason.
    """
    sources = aot_sources(job)
    job.progress("write the library")
    project = render_library(
        sources, job.board, job.directory, tflite=job.model.tflite, model_name=job.name,
        force=job.options.force,
    )  # fmt: skip
    return Build(
        job.model, job.board, project, None, "cmake -B build && cmake --build build",
        sources.trades, sources.simplification,
    )  # fmt: skip


def _compile(job: Job, project: FirmwareProject) -> BuiltFirmware | None:
    """Compile a sketch if arduino-cli is there; Zephyr's workspace is the user's."""
    if project.framework != "arduino" or find_arduino_cli() is None:
        return None
    return compile_sketch(project, job.board, progress=job.progress)
