"""What ``build`` answers: firmware and what of the board it takes, or a project to compile."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table

from tinycompress._console import results_console
from tinycompress._sealed import sealed
from tinycompress.artifacts import ArenaFigure, BuiltFirmware
from tinycompress.boards import Board
from tinycompress.cli.answers import next_steps
from tinycompress.cli.answers.common import (
    accuracy_json,
    conversion_lines,
    judgement_json,
    percent,
    schema,
    simplification_json,
    simplification_line,
    table,
    tflm_encoding_json,
)
from tinycompress.cli.answers.devices import print_then, then_json
from tinycompress.cli.invocation import invocation, tell, warn
from tinycompress.cli.options import print_json
from tinycompress.measurement.plain import flash_json, layer_json, linked_ram_json
from tinycompress.options import BuildOptions
from tinycompress.pipeline import Afterwards, Build
from tinycompress.pipeline.job import KeptBudgets
from tinycompress.pipeline.limits import Limit, limit_text


def show_build(
    made: Build, board: str, options: BuildOptions, *, as_json: bool, go_on: bool
) -> None:
    """Show what was built; without ``go_on`` also what to do next.

    Args:
        made: What was built.
        board: The board as the user named it.
        options: What it was built with.
        as_json: For programs.
        go_on: Whether the command itself flashes or measures it.
    """
    steps = next_steps.after_build(made, board, options.val or options.data)
    if as_json:
        print_json(build_json(made) if made.firmware is not None else project_json(made, steps))
        return
    warn(made.model.warnings)
    if invocation().quiet:
        click.echo(made.directory)
        return
    for line in conversion_lines(made.model):
        results_console().print(line, markup=False, soft_wrap=True)
    if made.firmware is None:
        results_console().print(_written(made), markup=False, soft_wrap=True)
    else:
        results_console().print(_memory_table(made.firmware, made.board))
    tell(_messages(made))
    if not go_on or made.firmware is None:
        tell(f"next: {step}" for step in steps)


def _written(made: Build) -> str:
    """What was written where nothing was compiled."""
    project = made.project
    if project.framework == "library":
        return (
            f"wrote the library {made.directory}: {project.arena_bytes:,} bytes of RAM,"
            f" {project.weights_bytes:,} bytes of weights; README.md tells where it goes"
        )
    return (
        f"wrote the {project.framework.capitalize()} project {made.directory}; it is not compiled"
        " yet"
    )


def show_afterwards(made: Build, done: Afterwards, *, as_json: bool) -> None:
    """Show how it was flashed and measured, as ``flash`` and ``bench`` do."""
    if as_json:
        then = then_json(made.directory, done.flashed, done.result)
        limits = {"limits": [one.to_json() for one in done.limits]} if done.limits else {}
        print_json({**build_json(made), **then, **limits})
    else:
        print_then(made.directory, made.board, done.flashed, done.result)
        tell(_limit_line(one) for one in done.limits)


def _limit_line(one: Limit) -> str:
    told = "kept" if not one.excess else "NOT KEPT"
    return (
        f"Budget file: {one.name} {limit_text(one, one.value)} of {limit_text(one, one.limit)}"
        f" ({one.obtained}): {told}"
    )


def build_json(made: Build) -> dict[str, object]:
    """Compiled firmware; RAM is what is reserved, since nothing has run and used any yet."""
    built = made.require_firmware()
    ram, board = built.ram, made.board
    return sealed(
        {
            **schema("build"),
            **_project_facts(made),
            "toolchain": {"name": built.toolchain, "version": built.toolchain_version},
            "build_id": built.build_id,
            "elf": str(built.elf),
            "elf_sha256": built.elf_sha256,
            "images": {kind: str(path) for kind, path in sorted(built.images.items())},
            "flash": {**flash_json(built.flash), "board_bytes": board.flash_bytes},
            "ram": {**linked_ram_json(ram), "board_bytes": board.ram_bytes},
            "macs": made.project.macs,
            "recomputed_macs": made.project.recomputed_macs,
            "layers": [layer_json(layer) for layer in made.project.layers],
        }
    )


def project_json(made: Build, commands: tuple[str, ...]) -> dict[str, object]:
    """A project that the framework's own tools compile, and the commands that do it."""
    project = made.project
    return {
        **schema("framework-project"),
        "framework": project.framework,
        **_project_facts(made),
        "project_id": project.project_id,
        "arena_bytes": project.arena_bytes,
        "weights_bytes": project.weights_bytes,
        "compiled": False,
        "commands": list(commands),
    }


def _project_facts(made: Build) -> dict[str, object]:
    project, model = made.project, made.model
    return {
        "directory": str(project.directory),
        "board": project.board_id,
        "engine": project.engine,
        "exact_to": project.exact_to,
        "model_sha256": project.model_sha256,
        "tflite_bytes": len(model.tflite),
        "activations": model.activations,
        "accuracy": accuracy_json(model),
        **judgement_json(model.quality, model.agreement, model.judged_samples),
        "tflm_encoding": tflm_encoding_json(model),
        "arena": None if project.arena is None else asdict(project.arena),
        "warnings": [*model.warnings, *(made.firmware.warnings if made.firmware else ())],
        "trades": list(made.trades),
        "simplification": simplification_json(made.simplification),
        "budgets": None if made.budgets is None else asdict(made.budgets),
        "update": asdict(project.update),
    }


def arena_line(arena: ArenaFigure) -> str:
    """How the size of an arena was found, in words."""
    if arena.obtained == "estimated":
        return (
            f"Arena: {arena.total_bytes:,} bytes, estimated from a 64-bit run on this PC (a 32-bit "
            "board needs less)"
        )
    return (
        f"Arena: {arena.needed_bytes:,} bytes are the least that runs on the emulated board, found "
        f"by trying; {arena.total_bytes - arena.needed_bytes:,} are margin"
    )


def _messages(made: Build) -> list[str]:
    lines = [] if made.project.arena is None else [arena_line(made.project.arena)]
    if made.simplification is not None:
        lines.append(simplification_line(made.simplification))
    lines += [f"Speed for memory: {trade}" for trade in made.trades]
    lines += _budget_lines(made.budgets)
    if made.firmware is not None:
        lines.append(f"ELF: {made.firmware.elf}   build id {made.firmware.build_id}")
    return lines


def _budget_lines(kept: KeptBudgets | None) -> list[str]:
    """What of each budget is taken."""
    if kept is None:
        return []
    lines = []
    if kept.flash_budget_bytes is not None:
        spare = kept.flash_budget_bytes - kept.flash_bytes
        lines.append(
            f"Flash budget: {kept.flash_bytes:,} of {kept.flash_budget_bytes:,} bytes are taken;"
            f" {spare:,} are left"
        )
    if kept.latency_budget_us is not None and kept.latency_us is not None:
        lines.append(
            f"Latency budget: {kept.latency_us:,.1f} of {kept.latency_budget_us:,.1f} us are taken,"
            " modelled on the emulated board (an estimate of the real one, which bench --port"
            " measures)"
        )
    if kept.more_arena_bytes > 0:
        lines.append(
            f"For that the arena takes {kept.more_arena_bytes:,} bytes more than by the fastest"
            " kernels: decoded weights, and tables"
        )
    return lines


def _memory_table(built: BuiltFirmware, board: Board) -> Table:
    """Flash and RAM by what they are for, in bytes and as shares of the board's."""
    flash, ram = built.flash, built.ram
    rows = table(
        f"Firmware for {board.name} ({built.toolchain} {built.toolchain_version})",
        "memory", "bytes", "of the board", right=(1, 2),
    )  # fmt: skip
    for name, value in (
        ("flash: weights", flash.weights_bytes), ("flash: kernels", flash.kernels_bytes),
        ("flash: runtime", flash.runtime_bytes), ("flash: platform", flash.platform_bytes),
    ):  # fmt: skip
        rows.add_row(name, f"{value:,}", percent(value, board.flash_bytes))
    rows.add_row(
        "[bold]flash[/]", f"[bold]{flash.total_bytes:,}[/]",
        percent(flash.total_bytes, board.flash_bytes), end_section=True,
    )  # fmt: skip
    for name, value in (
        ("RAM: arena", ram.arena_bytes), ("RAM: static", ram.static_bytes),
        ("RAM: stack, reserved", ram.stack_reserved_bytes),
    ):  # fmt: skip
        rows.add_row(name, f"{value:,}", percent(value, board.ram_bytes))
    rows.add_row(
        "[bold]RAM: reserved[/]",
        f"[bold]{ram.reserved_bytes:,}[/]",
        percent(ram.reserved_bytes, board.ram_bytes),
    )
    return rows
