"""Firmware of the TFLM engine: generated, linked with the user's library, its arena measured."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import replace
from pathlib import Path

from tinycompress.artifacts import ArenaFigure, BuiltFirmware, FirmwareProject, GeneratedSources
from tinycompress.boards import Board
from tinycompress.codegen.tflm import generate, peak_activations
from tinycompress.codegen.verdict import require_tflm
from tinycompress.device.connect import open_link
from tinycompress.errors import BoardError, DoesNotFitError, ModelError, ToolError
from tinycompress.firmware import render_project
from tinycompress.firmware.fit import arena_max_bytes
from tinycompress.ir.graph import Model
from tinycompress.ir.reader import read_model
from tinycompress.measurement.arena import ALIGNMENT_BYTES, largest_arena_bytes, measure_arena
from tinycompress.measurement.prove import prove
from tinycompress.options import BuildOptions
from tinycompress.oracle import host_arena_bytes
from tinycompress.pipeline.job import Build, Job
from tinycompress.toolchain import build as compile_project
from tinycompress.toolchain.tflm import find_tflm

_STATIC_GUESS_BYTES = 8 << 10
"""More static data than any port has beside TFLM's own: a first guess saves a link."""


def build_tflm(job: Job) -> Build:
    """Build firmware that runs a model on stock TFLM.

    Raises:
        ModelError: TFLM does not run the model; with every reason.
        ToolError: There is no TFLM for the board: the project is written all the same. Or the
            compiler failed.
        DoesNotFitError: The board is too small; names the layer at the peak.
    """
    model = read_model(job.model.tflite)
    require_tflm(model)
    peak = peak_activations(model)
    try:
        named = job.options.tflm_dir
        checkout = find_tflm(job.board.cpu, None if named is None else Path(named)).checkout
    except ToolError as missing:
        job.progress("estimate the arena")
        _write(job, model, estimated_arena(job, peak[0]), job.directory)
        raise ToolError(
            f"{missing.message}\n  The project was written to {job.directory}, with an arena that "
            "was estimated on this PC, but not built",
            hint=missing.hint,
        ) from missing
    job = _worth_its_code(job, checkout)
    # Without an emulation, the estimate is labelled as one wherever it is shown.
    measured = _measure(job, model, checkout, peak)
    arena = estimated_arena(job, peak[0]) if measured is None else measured
    built = _build(job, model, arena, checkout, job.directory)
    if measured is not None:
        job.progress("prove it by a run")
        link = open_link(job.board, built.elf)
        try:
            prove(built, job.board, link, job.model.tflite)
        finally:
            link.close()
    return Build(job.model, job.board, built.project, built)


def measures_decode(board: Board, options: BuildOptions) -> bool:
    """Whether a build finds out by linking what DECODE's code takes: `build_tflm` with a library.

    Args:
        board: Whose library is looked for.
        options: Whose framework and checkout count.
    """
    if options.engine != "tflm" or options.framework != "cmake":
        return False
    try:
        find_tflm(board.cpu, None if options.tflm_dir is None else Path(options.tflm_dir))
    except ToolError:
        return False
    return True


def _worth_its_code(job: Job, checkout: Path) -> Job:
    """Link the model with and without encoded weights, and compare all of flash.

    Returns:
        The job with what DECODE's code takes, as measured. As it was if its weights are not
        encoded, or if the board is too small for the plain ones.

    Raises:
        ModelError: The code takes what the file saves, or more.
    """
    encoding, plain = job.model.tflm_encoding, job.model.plain_tflite
    if encoding is None or plain is None:
        return job
    job.progress("link it without encoded weights")
    try:
        plain_bytes = _flash_bytes(job, plain, checkout)
    except DoesNotFitError:
        return job
    job.progress("link it with encoded weights")
    encoded_bytes = _flash_bytes(job, job.model.tflite, checkout)
    code_bytes = encoded_bytes - plain_bytes + encoding.saved_bytes
    if encoded_bytes >= plain_bytes:
        raise ModelError(
            f"the file is {encoding.saved_bytes:,} bytes smaller, but TFLM's DECODE operator takes "
            f"{code_bytes:,} bytes of code (measured): flash would be {encoded_bytes:,} bytes "
            f"instead of {plain_bytes:,}",
            hint="build with --weights plain",
        )
    measured = replace(encoding, code_bytes=code_bytes, code_obtained="measured")
    return replace(job, model=replace(job.model, tflm_encoding=measured))


def _flash_bytes(job: Job, tflite: bytes, checkout: Path) -> int:
    """Of firmware around a file; its arena, which is not in flash, is as large as the board's."""
    digest = hashlib.sha256(tflite).hexdigest()
    other = replace(job, model=replace(job.model, tflite=tflite, sha256=digest))
    model = read_model(tflite)
    peak_bytes, layer = peak_activations(model)
    with tempfile.TemporaryDirectory(prefix="tinycompress-decode-") as scratch:
        arena_bytes = _guess(job.board, peak_bytes)
        probe = _probe(other, model, arena_bytes, checkout, Path(scratch) / "probe", layer)
    return probe.flash.total_bytes


def estimated_sources(job: Job) -> GeneratedSources:
    """The engine's sources with an arena that was estimated, for whoever links them.

    Raises:
        ModelError: TFLM does not run the model; with every reason.
    """
    job.progress("generate C")
    model = read_model(job.model.tflite)
    require_tflm(model)
    peak_bytes, _ = peak_activations(model)
    job.progress("estimate the arena")
    return generate(model, job.model.tflite, estimated_arena(job, peak_bytes))


def estimated_arena(job: Job, peak_bytes: int) -> ArenaFigure:
    """The need on this PC, or all that the board has if that is less: it over-estimates.

    Args:
        job: The model and its board.
        peak_bytes: What no arena can do without.
    """
    needed = min(
        host_arena_bytes(job.model.tflite, at_least=peak_bytes), _guess(job.board, peak_bytes)
    )
    return ArenaFigure(needed, 0, "estimated")


def _guess(board: Board, peak_bytes: int) -> int:
    """About the largest arena that links; never less than what no arena can do without."""
    most = arena_max_bytes(board) - _STATIC_GUESS_BYTES
    return max(most // ALIGNMENT_BYTES, -(-peak_bytes // ALIGNMENT_BYTES)) * ALIGNMENT_BYTES


def _measure(job: Job, model: Model, tflm_dir: Path, peak: tuple[int, str]) -> ArenaFigure | None:
    """Link with the largest arena that the board holds, and search for the least that suffices.

    Returns:
        None where nothing emulates the board.
    """
    with tempfile.TemporaryDirectory(prefix="tinycompress-arena-") as scratch:
        largest = _guess(job.board, peak[0])
        probe = _probe(job, model, largest, tflm_dir, Path(scratch) / "guess", peak[1])
        if not _is_emulated(job.board, probe):
            return None
        exact = largest_arena_bytes(probe.ram, job.board)
        try:
            return measure_arena(probe, job.board, peak=peak, progress=job.progress)
        except DoesNotFitError:
            if exact <= largest:
                raise
        probe = _probe(job, model, exact, tflm_dir, Path(scratch) / "exact", peak[1])
        return measure_arena(probe, job.board, peak=peak, progress=job.progress)


def _is_emulated(board: Board, firmware: BuiltFirmware) -> bool:
    """Whether anything on this PC emulates the board; QEMU, where only it can, may be missing."""
    try:
        open_link(board, firmware.elf).close()
    except (BoardError, ToolError):
        return False
    return True


def _probe(
    job: Job, model: Model, arena_bytes: int, tflm_dir: Path, directory: Path, peak_layer: str
) -> BuiltFirmware:
    arena = ArenaFigure(arena_bytes, 0, "estimated")
    try:
        return _build(job, model, arena, tflm_dir, directory)
    except DoesNotFitError as error:
        raise DoesNotFitError(
            f"{error.message} (most activations are live at layer {peak_layer!r})", hint=error.hint
        ) from error


def _build(
    job: Job, model: Model, arena: ArenaFigure, tflm_dir: Path, directory: Path
) -> BuiltFirmware:
    project = _write(job, model, arena, directory)
    return compile_project(
        project, job.board, toolchain="gcc", tflm_dir=tflm_dir, progress=job.progress
    )


def _write(job: Job, model: Model, arena: ArenaFigure, directory: Path) -> FirmwareProject:
    sources = replace(generate(model, job.model.tflite, arena), command=job.command)
    job.progress("write the project")
    return render_project(
        sources,
        job.board,
        directory,
        tflite=job.model.tflite,
        model_name=job.name,
        force=job.options.force,
    )
