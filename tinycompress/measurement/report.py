"""A benchmark's result as JSON and as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinycompress._console import printable
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress._sealed import sealed
from tinycompress.artifacts import (
    BenchResult,
    ClockCheck,
    ExactTo,
    LayerCost,
    Machine,
    Spread,
)
from tinycompress.boards import Board
from tinycompress.measurement.cascades.report import cascade_json, print_cascade
from tinycompress.measurement.clock import agrees
from tinycompress.measurement.plain import count_text, flash_json, number, spread_json
from tinycompress.quality.plain import quality_json
from tinycompress.quality.tables import print_quality, quality_rows

SCHEMA = "tinycompress.bench"
SCHEMA_VERSION = 1

_ORACLES: dict[ExactTo, str] = {
    "tflm": "TensorFlow Lite Micro",
    "litert": "LiteRT reference kernels",
}


_MACHINES: dict[Machine, str] = {
    "silicon": "real",
    "emulated": "emulated",
    "host": "a PC",
    "unknown": "real or emulated: it does not say",
}


def to_json(result: BenchResult) -> dict[str, Any]:
    """The result as one JSON object, schema ``tinycompress.bench`` version 1.

    A figure that the link could not give is null. Units are in the names; ``latency`` says of each
    figure how it was got. Accuracies are shares, 0 to 1; ``device`` and ``host_int8`` are null
    where labels are of several outputs.
    """
    ram = result.ram
    return sealed(
        {
            "schema": SCHEMA,
            "schema_version": SCHEMA_VERSION,
            "board": result.board_id,
            "engine": result.engine,
            "toolchain": result.toolchain,
            "transport": result.transport,
            "machine": result.machine,
            "build_id": result.build_id,
            "model_sha256": result.model_sha256,
            "elf_sha256": result.elf_sha256,
            "samples_sha256": result.samples_sha256,
            "runs": result.runs,
            "latency": {
                "instructions": spread_json(result.instructions),
                "cycles": spread_json(result.cycles),
                "cycles_upper_bound": result.cycles_upper_bound,
                "us": spread_json(result.latency_us),
                "budget_us": result.latency_budget_us,
                "within_budget": result.keeps_latency,
            },
            "clock": _clock_json(result.clock),
            "ram": {
                "arena_bytes": ram.arena_bytes,
                "static_bytes": ram.static_bytes,
                "stack_peak_bytes": ram.stack_peak_bytes,
                "stack_reserved_bytes": ram.stack_reserved_bytes,
                "used_bytes": ram.used_bytes,
                "reserved_bytes": ram.reserved_bytes,
            },
            "flash": flash_json(result.flash),
            "exact": {
                "exact_to": result.oracle,
                "oracle": result.oracle if result.not_compared is None else None,
                "not_compared": result.not_compared,
                "samples": result.samples,
                "mismatched_samples": result.mismatched_samples,
            },
            "accuracy": {
                "device": result.device_accuracy,
                "host_int8": result.host_int8_accuracy,
                "outputs": [asdict(one) for one in result.accuracies],
            },
            "quality": [quality_json(one) for one in result.quality],
            "fits": result.fits,
            "macs": sum(layer.macs for layer in result.layers) - result.recomputed_macs,
            "recomputed_macs": result.recomputed_macs,
            "layers": [_layer_json(layer) for layer in result.layers],
            "cascade": None if result.cascade is None else cascade_json(result.cascade),
            "notes": list(result.notes),
        }
    )


def print_table(
    result: BenchResult, board: Board, console: Console, *, confusion: bool = False
) -> None:
    """Print the result as tables: the whole, how classes are told apart, and layer by layer.

    Args:
        result: What was measured.
        board: Its board.
        console: Where to.
        confusion: Whether classes are shown that are too many to be shown by themselves.
    """
    console.print(_summary_table(result, board))
    print_quality(result, console, asked=confusion)
    if result.cascade is not None:
        print_cascade(result.cascade, console)
    _print_layers(result, console)
    for note in result.notes:
        console.print(f"note: {printable(note)}", markup=False, highlight=False)


def _clock_json(clock: ClockCheck | None) -> dict[str, Any] | None:
    if clock is None:
        return None
    return {
        "expected_hz": number(clock.expected_hz),
        "measured_hz": round(clock.measured_hz),
        "uncertainty": round(clock.uncertainty, 6),
        "agrees": agrees(clock),
    }


def _layer_json(layer: LayerCost) -> dict[str, Any]:
    return {
        "name": layer.name,
        "op": layer.op,
        "macs": layer.macs,
        "instructions": layer.instructions,
        "cycles": layer.cycles,
    }


def _summary_table(result: BenchResult, board: Board) -> Table:
    core = f"{board.cpu.core} at {board.cpu.clock_hz / 1e6:g} MHz"
    table = Table(
        title=f"{board.name} ({_MACHINES[result.machine]}), {core}",
        title_justify="left",
        show_header=False,
    )
    table.add_column("what", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("how", overflow="fold")
    for rows in (_exact_rows(result), _time_rows(result, board), _size_rows(result, board)):
        for row in rows:
            table.add_row(*(Text(printable(cell)) for cell in row))
        table.add_section()
    table.add_row("fits the board", "yes" if result.fits else "NO", "")
    return table


Row = tuple[str, str, str]


def _exact_rows(result: BenchResult) -> list[Row]:
    rows: list[Row] = list(quality_rows(result))
    different = result.mismatched_samples
    rows.append(
        (
            "samples unlike the oracle's",
            "not compared" if different is None else str(different),
            f"of {result.samples}, byte for byte; oracle: {_ORACLES[result.oracle]}",
        )
    )
    return rows


def _time_rows(result: BenchResult, board: Board) -> list[Row]:
    rows: list[Row] = []
    # Only QEMU counts instructions without a model of cycles, and by a timer.
    by_qemu = result.cycles is None
    counted = "counted by QEMU, to one timer tick" if by_qemu else "exact, counted by the emulator"
    for what, spread, unit, how in (
        ("instructions", result.instructions, "", {"emulated": counted}),
        (
            "cycles",
            result.cycles,
            "",
            {
                "emulated": "modelled by the emulator",
                "measured": "measured on the board",
                "unknown": "by the device's tick counter",
            },
        ),
        (
            "latency",
            result.latency_us,
            " us",
            {
                "emulated": f"modelled cycles at {board.cpu.clock_hz / 1e6:g} MHz",
                "measured": "measured on the board",
                "unknown": "by the device's tick counter",
            },
        ),
    ):
        if spread is not None:
            label = how.get(spread.obtained, spread.obtained)
            rows.append(
                (
                    f"{what} per inference",
                    f"{count_text(spread.median)}{unit}",
                    f"{label}; {_runs(spread, result.runs, unit)}",
                )
            )
    rows += [*_budget_rows(result), *_bound_rows(result, board)]
    if result.clock is not None:
        measured, unsure = result.clock.measured_hz / 1e6, 100 * result.clock.uncertainty
        rows.append(
            ("tick counter", f"{measured:.4g} MHz", f"by the host's clock, to {unsure:.2g} %")
        )
    return rows


def _budget_rows(result: BenchResult) -> list[Row]:
    budget, kept = result.latency_budget_us, result.keeps_latency
    if budget is None:
        return []
    verdicts = {None: "not known: nothing tells the time here", True: "kept", False: "NOT KEPT"}
    return [("latency budget", f"{count_text(budget)} us", f"{verdicts[kept]}; by the slowest run")]


def _bound_rows(result: BenchResult, board: Board) -> list[Row]:
    bound = result.cycles_upper_bound
    if bound is None or not result.cycles:
        return []
    us = bound * 1e6 / board.cpu.clock_hz
    how = (
        f"upper bound: as if no cache spared any of the flash's {board.emulator.flash_wait_states} "
        f"wait states; {count_text(round(us, 1))} us, {bound / result.cycles.max:.1f} times as long"
    )
    return [("cycles, at most", count_text(bound), how)]


def _runs(spread: Spread, runs: int, unit: str) -> str:
    if runs == 1:
        return "one run"
    if spread.min == spread.max:
        return f"{runs} runs, all alike"
    return f"median of {runs} runs, {count_text(spread.min)} to {count_text(spread.max)}{unit}"


def _size_rows(result: BenchResult, board: Board) -> list[Row]:
    ram, flash = result.ram, result.flash
    used = ram.used_bytes
    return [
        ("RAM: arena", _size(ram.arena_bytes), "activations, input and output"),
        ("RAM: static", _size(ram.static_bytes), "all other variables"),
        *(
            []
            if ram.stack_peak_bytes is None
            else [("RAM: stack, used", _size(ram.stack_peak_bytes), "high-water mark")]
        ),
        ("RAM: stack, reserved", _size(ram.stack_reserved_bytes), "set aside by the linker"),
        *([] if used is None else [("RAM: used", _size(used), "with the stack that was used")]),
        (
            "RAM: reserved",
            _size(ram.reserved_bytes),
            f"budget with this; {_room(ram.reserved_bytes, board.ram_bytes)}",
        ),
        ("flash: weights", _size(flash.weights_bytes), "from the linked ELF"),
        ("flash: kernels", _size(flash.kernels_bytes), ""),
        ("flash: runtime", _size(flash.runtime_bytes), "protocol, measuring, libraries"),
        ("flash: platform", _size(flash.platform_bytes), "start-up, board"),
        ("flash: total", _size(flash.total_bytes), _room(flash.total_bytes, board.flash_bytes)),
    ]


def _print_layers(result: BenchResult, console: Console) -> None:
    columns = (
        Column("layer", least=16),
        Column("op", least=12),
        Column("MACs", right=True, drop=1),
        # Where cycles are known they say more.
        Column("instructions", right=True, drop=0 if result.cycles is None else 2),
        Column("cycles", right=True, drop=3 if result.cycles is None else 0),
        Column("cycles / MAC", right=True, drop=4),
        Column("share", right=True),
    )
    costs = [_main_cost(layer) for layer in result.layers]
    whole = sum(cost for cost in costs if cost is not None)
    rows = [
        (
            layer.name,
            layer.op,
            f"{layer.macs:,}" if layer.macs else "-",
            count_text(layer.instructions),
            count_text(layer.cycles),
            f"{layer.cycles / layer.macs:.2f}" if layer.cycles and layer.macs else "-",
            "-" if cost is None or not whole else f"{cost / whole:.1%}",
        )
        for layer, cost in zip(result.layers, costs, strict=True)
    ]
    print_fitted(console, "Layers", columns, rows, totals=_totals(result))


def _totals(result: BenchResult) -> list[tuple[str, ...]]:
    layers, again = result.layers, result.recomputed_macs
    sums = [
        _sum([layer.macs for layer in layers]),
        _sum([layer.instructions for layer in layers]),
        _sum([layer.cycles for layer in layers]),
    ]
    totals = [("all layers", "", *sums, "", "")]
    if again > 0:
        totals.append(("of which recomputed", "in patches", f"{again:,}", "", "", "", ""))
    return totals


def _sum(values: Sequence[int | None]) -> str:
    known = [value for value in values if value is not None]
    return count_text(sum(known)) if len(known) == len(values) else "-"


def _main_cost(layer: LayerCost) -> int | None:
    return layer.instructions if layer.cycles is None else layer.cycles


def _size(size_bytes: int) -> str:
    return f"{size_bytes:,} B"


def _room(used_bytes: int, board_bytes: int) -> str:
    left = board_bytes - used_bytes
    if left < 0:
        return f"{-left:,} B more than the board's {board_bytes:,} B"
    return f"{left:,} B ({left / board_bytes:.1%}) of {board_bytes:,} B left"
