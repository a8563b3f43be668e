"""Firmware of the AOT engine: C generated for the model, and compiled."""

from __future__ import annotations

from dataclasses import replace

from tinycompress.artifacts import BuiltFirmware, GeneratedSources
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.errors import DoesNotFitError
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.pipeline.budgets import sources_within
from tinycompress.pipeline.job import Build, Job, KeptBudgets
from tinycompress.pipeline.names import c_name
from tinycompress.pipeline.smaller import with_offer
from tinycompress.toolchain import build as compile_project


def build_aot(job: Job) -> Build:
    """Generate the model's C, write the project and compile it.

    Raises:
        ModelError: The engine does not take the model; with every reason.
        DoesNotFitError: The board is too small; the hint tells a RAM budget that would do. Or
            nothing keeps the budgets.
        ToolError: The compiler failed.
    """
    sources, kept = _sources_and_budgets(job)
    sources = replace(sources, command=job.command)
    job.progress("write the project")
    try:
        project = render_project(
            sources, job.board, job.directory, tflite=job.model.tflite, model_name=job.name,
            force=job.options.force,
        )  # fmt: skip
    except DoesNotFitError as error:
        model = read_model(job.model.tflite)
        raise with_offer(error, model, sources, job.board, _codegen_options(job)) from None
    firmware = compile_project(
        project, job.board, toolchain=job.options.toolchain, progress=job.progress
    )
    _require_flash(job, firmware)
    return Build(
        job.model, job.board, project, firmware,
        trades=sources.trades, simplification=sources.simplification, budgets=kept,
    )  # fmt: skip


def _sources_and_budgets(job: Job) -> tuple[GeneratedSources, KeptBudgets | None]:
    if not job.options.has_measured_budget:
        return aot_sources(job), None
    job.progress("look for what keeps the budget")
    return sources_within(job, _codegen_options(job))


def _require_flash(job: Job, firmware: BuiltFirmware) -> None:
    """Refuse firmware over the budget: files that the user edited were kept, and are larger.

    Raises:
        DoesNotFitError: It takes more flash than the budget.
    """
    taken, budget = firmware.flash.total_bytes, job.options.flash_budget_bytes
    if budget is not None and taken > budget:
        raise DoesNotFitError(
            f"with the files that you edited in {job.directory} the firmware takes {taken:,} bytes"
            f" of flash, the budget is {budget:,}",
            hint="--force overwrites them; or another --output",
        )


def aot_sources(job: Job) -> GeneratedSources:
    """The model's C.

    Raises:
        ModelError: The engine does not take the model; with every reason.
        DoesNotFitError: No choice of kernels keeps within the RAM budget.
    """
    job.progress("generate C")
    return generate(read_model(job.model.tflite), _codegen_options(job))


def _codegen_options(job: Job) -> CodegenOptions:
    options = job.options
    return CodegenOptions.for_board(
        job.board, exact_to=options.exact_to, optimize=options.optimize,
        ram_budget_bytes=options.ram_budget_bytes, weights=options.weights,
        simplify=options.simplify, name=c_name(job.name, options.name),
        floats=options.precision != "int8",
    )  # fmt: skip
