"""How each command's answer looks: as tables for people, as JSON objects for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from tinycompress._console import messages_console, results_console
from tinycompress.artifacts import (
    ArenaFigure,
    ConvertedModel,
    Finding,
    LutCompression,
    TensorSpec,
)
from tinycompress.boards import Board
from tinycompress.cli.render_simplification import simplification_json, simplification_line
from tinycompress.pipeline import Build, Inspection


def _schema(name: str) -> dict[str, object]:
    return {"schema": f"tinycompress.{name}", "schema_version": 1}


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _table(title: str, *columns: str, right: tuple[int, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, justify="right" if index in right else "left", overflow="fold")
    return table


# --- build ----------------------------------------------------------------------------------------


def build_json(made: Build, board: Board) -> dict[str, object]:
    """The result of ``build``; RAM has the reserved stack, since nothing has run yet."""
    built = made.firmware
    flash, ram, project = built.flash, built.ram, built.project
    return {
        **_schema("build"),
        "directory": str(project.directory),
        "board": board.id,
        "engine": project.engine,
        "exact_to": project.exact_to,
        "toolchain": {"name": built.toolchain, "version": built.toolchain_version},
        "model_sha256": project.model_sha256,
        "tflite_bytes": len(made.model.tflite),
        "activations": made.model.activations,
        "accuracy": accuracy_json(made.model),
        "lut": None if made.model.lut is None else asdict(made.model.lut),
        "arena": None if project.arena is None else asdict(project.arena),
        "warnings": list(made.model.warnings),
        "trades": list(made.trades),
        "simplification": simplification_json(made.simplification),
        "update": asdict(project.update),
        "build_id": built.build_id,
        "elf": str(built.elf),
        "elf_sha256": built.elf_sha256,
        "images": {kind: str(path) for kind, path in sorted(built.images.items())},
        "flash": {
            "weights_bytes": flash.weights_bytes,
            "kernels_bytes": flash.kernels_bytes,
            "runtime_bytes": flash.runtime_bytes,
            "platform_bytes": flash.platform_bytes,
            "total_bytes": flash.total_bytes,
            "board_bytes": board.flash_bytes,
        },
        "ram": {
            "arena_bytes": ram.arena_bytes,
            "static_bytes": ram.static_bytes,
            "stack_reserved_bytes": ram.stack_reserved_bytes,
            "total_bytes": ram.total_bytes,
            "board_bytes": board.ram_bytes,
        },
        "macs": sum(layer.macs for layer in project.layers),
        "layers": [
            {"name": layer.name, "op": layer.op, "macs": layer.macs, "kernel": layer.kernel}
            for layer in project.layers
        ],
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


def print_build(made: Build, board: Board, *, then_bench: bool = True) -> None:
    """What was built, how much of the board it takes, and with ``then_bench`` what to do next."""
    built = made.firmware
    for line in conversion_lines(made.model):
        results_console().print(line, markup=False, soft_wrap=True)
    flash, ram = built.flash, built.ram
    table = _table(
        f"Firmware for {board.name} ({built.toolchain} {built.toolchain_version})",
        "memory", "bytes", "of the board", right=(1, 2),
    )  # fmt: skip
    for name, value in (
        ("flash: weights", flash.weights_bytes), ("flash: kernels", flash.kernels_bytes),
        ("flash: runtime", flash.runtime_bytes), ("flash: platform", flash.platform_bytes),
    ):  # fmt: skip
        table.add_row(name, f"{value:,}", _percent(value, board.flash_bytes))
    table.add_row(
        "[bold]flash[/]", f"[bold]{flash.total_bytes:,}[/]",
        _percent(flash.total_bytes, board.flash_bytes), end_section=True,
    )  # fmt: skip
    for name, value in (
        ("RAM: arena", ram.arena_bytes), ("RAM: static", ram.static_bytes),
        ("RAM: stack, reserved", ram.stack_reserved_bytes),
    ):  # fmt: skip
        table.add_row(name, f"{value:,}", _percent(value, board.ram_bytes))
    table.add_row(
        "[bold]RAM[/]", f"[bold]{ram.total_bytes:,}[/]", _percent(ram.total_bytes, board.ram_bytes)
    )
    results_console().print(table)
    messages = messages_console()
    if built.project.arena is not None:
        messages.print(arena_line(built.project.arena), markup=False, soft_wrap=True)
    if made.simplification is not None:
        line = simplification_line(made.simplification)
        messages.print(line, markup=False, soft_wrap=True)
    for trade in made.trades:
        messages.print(f"Speed for memory: {trade}", markup=False, soft_wrap=True)
    messages.print(f"ELF: {built.elf}   build id {built.build_id}", markup=False, soft_wrap=True)
    if then_bench:
        messages.print(
            f"next: tinycompress bench {built.project.directory}", markup=False, soft_wrap=True
        )


# --- convert --------------------------------------------------------------------------------------


def _spec_json(spec: TensorSpec) -> dict[str, object]:
    return {
        "name": spec.name, "shape": list(spec.shape), "dtype": spec.dtype, "scale": spec.scale,
        "zero_point": spec.zero_point,
    }  # fmt: skip


def convert_json(converted: ConvertedModel, output: Path) -> dict[str, object]:
    """The result of ``convert``."""
    return {
        **_schema("convert"),
        "tflite": str(output),
        "tflite_bytes": len(converted.tflite),
        "sha256": converted.sha256,
        "inputs": [_spec_json(spec) for spec in converted.inputs],
        "outputs": [_spec_json(spec) for spec in converted.outputs],
        "activations": converted.activations,
        "accuracy": accuracy_json(converted),
        "warnings": list(converted.warnings),
        "lut": None if converted.lut is None else asdict(converted.lut),
    }


def accuracy_json(converted: ConvertedModel) -> dict[str, float | None]:
    """Accuracies by what computed: float, and the activations of the file."""
    return {
        "float": converted.float_accuracy,
        converted.activations: converted.quantized_accuracy,
    }


def kind_text(activations: str) -> str:
    """What a fully integer model is called."""
    return {
        "int8": "fully int8",
        "int16": "fully integer, 16x8: int16 activations, int8 weights",
    }.get(activations, f"fully integer, {activations} activations")


def conversion_lines(converted: ConvertedModel) -> list[str]:
    """What a user wants to know of a conversion, a line each."""
    kind = kind_text(converted.activations)
    lines = [f"{kind}: {len(converted.tflite):,} bytes of .tflite, no float tensor or op left"]
    if converted.float_accuracy is not None and converted.quantized_accuracy is not None:
        lines.append(
            f"accuracy: float {100 * converted.float_accuracy:.2f} %, "
            f"{converted.activations} {100 * converted.quantized_accuracy:.2f} %"
        )
    if converted.lut is not None:
        lines += _lut_lines(converted.lut)
    return lines + [f"warning: {warning}" for warning in converted.warnings]


def _lut_lines(lut: LutCompression) -> list[str]:
    saved = 1 - lut.after_bytes / lut.before_bytes
    return [
        f"lookup tables for {len(lut.tensors)} layers: {lut.before_bytes:,} -> "
        f"{lut.after_bytes:,} bytes ({100 * saved:.1f} % less); the interpreter's outputs are the "
        f"same on {lut.proof_samples} random inputs",
        f"the arena needs up to {lut.decoded_peak_bytes:,} bytes more, for the decoded weights of "
        "the layer that runs",
    ]


def print_convert(converted: ConvertedModel, output: Path) -> None:
    """What was written and what it is worth."""
    console = results_console()
    for line in (f"wrote {output}", *conversion_lines(converted)):
        console.print(line, markup=False, soft_wrap=True)
    for way, specs in (("input", converted.inputs), ("output", converted.outputs)):
        for spec in specs:
            console.print(
                f"{way} {spec.name}: {spec.dtype} {list(spec.shape)}, "
                f"real = {spec.scale:.9g} * (stored - {spec.zero_point})",
                markup=False, soft_wrap=True,
            )  # fmt: skip


# --- inspect --------------------------------------------------------------------------------------


def inspect_json(inspection: Inspection) -> dict[str, object]:
    """The result of ``inspect``."""
    summary, board = inspection.summary, inspection.board
    fit: dict[str, object] | None = None
    if board is not None:
        fit = {
            "board": board.id,
            "flash_bytes": board.flash_bytes,
            "ram_bytes": board.ram_bytes,
            "stack_reserved_bytes": board.budget.stack_bytes,
        }
    return {
        **_schema("inspect"),
        "model": str(inspection.path),
        "tflite_bytes": inspection.tflite_bytes,
        "sha256": summary.sha256,
        "inputs": [_spec_json(spec) for spec in summary.inputs],
        "outputs": [_spec_json(spec) for spec in summary.outputs],
        "macs": summary.macs,
        "activations": list(summary.activations),
        "not_integer": list(summary.not_integer),
        "integer_inside": summary.integer_inside,
        "aot": {
            "exact_to": inspection.exact_to,
            "refused": list(inspection.refused),
            "arena_bytes": inspection.arena_bytes,
            "weights_bytes": inspection.weights_bytes,
            "peak_layer": inspection.peak_layer,
            "simplification": simplification_json(inspection.simplification),
            "obtained": "estimated",
        },
        "board": fit,
        "layers": [
            {"index": op.index, "name": op.name, "op": op.kind, "dtype": op.dtype,
             "output_shapes": [list(shape) for shape in op.output_shapes],
             "macs": op.macs, "weights_bytes": op.weights_bytes}
            for op in summary.ops
        ],
    }  # fmt: skip


def print_inspection(inspection: Inspection) -> None:
    """Operators, totals, and what a board would have to hold."""
    console, summary = results_console(), inspection.summary
    table = _table(
        f"{inspection.path}: {inspection.tflite_bytes:,} bytes", "#", "op", "layer", "output",
        "type", "MACs", "constants, bytes", right=(0, 5, 6),
    )  # fmt: skip
    for op in summary.ops:
        shapes = " ".join("x".join(map(str, shape)) for shape in op.output_shapes)
        table.add_row(
            str(op.index), op.kind, op.name, shapes, op.dtype, f"{op.macs:,}",
            f"{op.weights_bytes:,}",
        )  # fmt: skip
    console.print(table)
    lines = [f"{summary.macs:,} MACs, {summary.weights_bytes:,} bytes of constants"]
    kinds = " and ".join(summary.activations)
    if summary.not_integer and summary.integer_inside:
        lines += [
            f"{kinds} inside; floats are quantised at the border, on the device:",
            *(f"  - {reason}" for reason in summary.not_integer),
        ]
    elif summary.not_integer:
        lines += ["not fully integer:", *(f"  - {reason}" for reason in summary.not_integer)]
    else:
        lines.append(kind_text(kinds))
    if inspection.refused:
        lines += ["refused by the AOT engine:", *(f"  - {r}" for r in inspection.refused)]
    else:
        lines += _needs(inspection)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _needs(inspection: Inspection) -> list[str]:
    arena, weights = inspection.arena_bytes or 0, inspection.weights_bytes or 0
    lines = [
        f"AOT engine (exact to {inspection.exact_to}): arena {arena:,} bytes, needed by "
        f"{inspection.peak_layer}; weights {weights:,} bytes"
    ]
    if inspection.simplification is not None:
        lines.append(simplification_line(inspection.simplification))
    board = inspection.board
    if board is not None:
        ram = arena + board.budget.stack_bytes
        lines.append(
            f"{board.name}, estimated before compiling: weights "
            f"{_percent(weights, board.flash_bytes)} of flash, arena and reserved stack "
            f"{_percent(ram, board.ram_bytes)} of RAM"
        )
    return lines


# --- boards ---------------------------------------------------------------------------------------


def board_json(board: Board) -> dict[str, Any]:
    """One board, as its file says it."""
    return {**_schema("board"), "board": board.model_dump(mode="json", by_alias=True)}


def boards_json(boards: tuple[Board, ...]) -> dict[str, Any]:
    """All boards."""
    return {
        **_schema("boards"),
        "boards": [board.model_dump(mode="json", by_alias=True) for board in boards],
    }


def print_boards(boards: tuple[Board, ...]) -> None:
    """One line a board."""
    table = _table(
        "Boards", "id", "short", "name", "core", "clock", "flash", "RAM", right=(4, 5, 6)
    )
    for board in boards:
        table.add_row(
            board.id, min((board.id, *board.aliases), key=len), board.name, board.cpu.core,
            f"{board.cpu.clock_hz / 1e6:g} MHz", f"{board.flash_bytes // 1024:,} KiB",
            f"{board.ram_bytes // 1024:,} KiB",
        )  # fmt: skip
    results_console().print(table)


def print_board(board: Board) -> None:
    """Everything about one board, with where each number came from."""
    console = results_console()
    table = _table(f"{board.name}  ({board.id})", "what", "value")
    cpu = board.cpu
    rows: list[tuple[str, str]] = [
        ("aliases", ", ".join(board.aliases)),
        ("kind", board.kind),
        ("MCU", f"{board.mcu}, {cpu.core}, {cpu.clock_hz / 1e6:g} MHz"),
        ("FPU", f"{cpu.fpu} ({cpu.float_abi}-float ABI)"),
        ("extensions", ", ".join(n for n, on in (("DSP", cpu.dsp), ("MVE", cpu.mve)) if on) or "-"),
        *(
            (f"memory {m.name}", f"{m.kind} 0x{m.origin:08x} + {m.length:,} bytes: "
             + ", ".join(m.holds)) for m in board.memory
        ),
        ("stack", f"{board.budget.stack_bytes:,} bytes"),
        ("counter", f"{board.timer.source} at {board.timer.hz:,} Hz, counts {board.timer.counts}"),
        ("serial", f"{board.serial.transport}, {board.serial.baud:,} baud"),
        ("flashing", ", ".join(way.method for way in board.flash) or "-"),
        ("URL", board.url),
        *((f"source: {source.what}", source.ref) for source in board.source),
    ]  # fmt: skip
    for row in rows:
        table.add_row(*row)
    console.print(table)


# --- doctor ---------------------------------------------------------------------------------------

_MARKS = {"ok": "[green]ok[/]", "missing": "[yellow]missing[/]", "broken": "[red]broken[/]"}


def doctor_json(findings: tuple[Finding, ...]) -> dict[str, object]:
    """All findings."""
    return {
        **_schema("doctor"),
        "findings": [
            {"name": f.name, "status": f.status, "version": f.version, "detail": f.detail,
             "hint": f.hint} for f in findings
        ],
    }  # fmt: skip


def print_doctor(findings: tuple[Finding, ...]) -> None:
    """One line a finding, hints below."""
    table = _table("Tools", "tool", "status", "version", "detail")
    for finding in findings:
        table.add_row(
            finding.name, _MARKS[finding.status], finding.version or "", finding.detail or ""
        )
    console = results_console()
    console.print(table)
    for finding in findings:
        if finding.hint and finding.status != "ok":
            console.print(f"{finding.name}: {finding.hint}", markup=False, soft_wrap=True)
