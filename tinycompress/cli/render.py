"""How each command's answer looks: as tables for people, as JSON objects for programs."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.table import Table

from tinycompress._console import results_console
from tinycompress.artifacts import ConvertedModel, Finding, LutCompression, TensorSpec
from tinycompress.boards import Board
from tinycompress.cli.invocation import warn
from tinycompress.pipeline import Inspection


def schema(name: str) -> dict[str, object]:
    """The first keys of every JSON answer."""
    return {"schema": f"tinycompress.{name}", "schema_version": 1}


def percent(part: int, whole: int) -> str:
    """A share in words."""
    return f"{100 * part / whole:.1f} %"


def table(title: str, *columns: str, right: tuple[int, ...] = ()) -> Table:
    """An empty table; columns whose numbers are in ``right`` are for numbers."""
    made = Table(title=title, title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        made.add_column(column, justify="right" if index in right else "left", overflow="fold")
    return made


# --- convert --------------------------------------------------------------------------------------


def _spec_json(spec: TensorSpec) -> dict[str, object]:
    return {
        "name": spec.name, "shape": list(spec.shape), "dtype": spec.dtype, "scale": spec.scale,
        "zero_point": spec.zero_point,
    }  # fmt: skip


def convert_json(converted: ConvertedModel, output: Path) -> dict[str, object]:
    """The result of ``convert``."""
    return {
        **schema("convert"),
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
    return lines


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
    warn(converted.warnings)
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
        **schema("inspect"),
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
    rows = table(
        f"{inspection.path}: {inspection.tflite_bytes:,} bytes", "#", "op", "layer", "output",
        "type", "MACs", "constants, bytes", right=(0, 5, 6),
    )  # fmt: skip
    for op in summary.ops:
        shapes = " ".join("x".join(map(str, shape)) for shape in op.output_shapes)
        rows.add_row(
            str(op.index), op.kind, op.name, shapes, op.dtype, f"{op.macs:,}",
            f"{op.weights_bytes:,}",
        )  # fmt: skip
    console.print(rows)
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
    board = inspection.board
    if board is not None:
        ram = arena + board.budget.stack_bytes
        lines.append(
            f"{board.name}, estimated before compiling: weights "
            f"{percent(weights, board.flash_bytes)} of flash, arena and reserved stack "
            f"{percent(ram, board.ram_bytes)} of RAM"
        )
    return lines


# --- boards ---------------------------------------------------------------------------------------


def board_json(board: Board) -> dict[str, Any]:
    """One board, as its file says it."""
    return {**schema("board"), "board": board.model_dump(mode="json", by_alias=True)}


def boards_json(boards: tuple[Board, ...]) -> dict[str, Any]:
    """All boards."""
    return {
        **schema("boards"),
        "boards": [board.model_dump(mode="json", by_alias=True) for board in boards],
    }


def print_boards(boards: tuple[Board, ...]) -> None:
    """One line a board."""
    rows = table(
        "Boards", "id", "short", "name", "core", "clock", "flash", "RAM", right=(4, 5, 6)
    )
    for board in boards:
        rows.add_row(
            board.id, min((board.id, *board.aliases), key=len), board.name, board.cpu.core,
            f"{board.cpu.clock_hz / 1e6:g} MHz", f"{board.flash_bytes // 1024:,} KiB",
            f"{board.ram_bytes // 1024:,} KiB",
        )  # fmt: skip
    results_console().print(rows)


def print_board(board: Board) -> None:
    """Everything about one board, with where each number came from."""
    console = results_console()
    shown = table(f"{board.name}  ({board.id})", "what", "value")
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
        shown.add_row(*row)
    console.print(shown)


# --- doctor ---------------------------------------------------------------------------------------

_MARKS = {"ok": "[green]ok[/]", "missing": "[yellow]missing[/]", "broken": "[red]broken[/]"}


def doctor_json(findings: tuple[Finding, ...]) -> dict[str, object]:
    """All findings."""
    return {
        **schema("doctor"),
        "findings": [
            {"name": f.name, "status": f.status, "version": f.version, "detail": f.detail,
             "hint": f.hint} for f in findings
        ],
    }  # fmt: skip


def print_doctor(findings: tuple[Finding, ...]) -> None:
    """One line a finding, hints below."""
    rows = table("Tools", "tool", "status", "version", "detail")
    for finding in findings:
        rows.add_row(
            finding.name, _MARKS[finding.status], finding.version or "", finding.detail or ""
        )
    console = results_console()
    console.print(rows)
    for finding in findings:
        if finding.hint and finding.status != "ok":
            console.print(f"{finding.name}: {finding.hint}", markup=False, soft_wrap=True)
