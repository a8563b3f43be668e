"""A benchmark's result as JSON and as tables for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

from tinycompress.artifacts import BenchResult, ClockCheck, ExactTo, LayerCost, Machine, Spread
from tinycompress.boards import Board
from tinycompress.measurement.clock import agrees

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
    figure how it was got. Accuracies are shares, 0 to 1.
    """
    ram, flash = result.ram, result.flash
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "board": result.board_id,
        "engine": result.engine,
        "toolchain": result.toolchain,
        "transport": result.transport,
        "machine": result.machine,
        "build_id": result.build_id,
        "runs": result.runs,
        "latency": {
            "instructions": _spread_json(result.instructions),
            "cycles": _spread_json(result.cycles),
            "us": _spread_json(result.latency_us),
        },
        "clock": _clock_json(result.clock),
        "ram": {
            "arena_bytes": ram.arena_bytes,
            "static_bytes": ram.static_bytes,
            "stack_peak_bytes": ram.stack_peak_bytes,
            "stack_reserved_bytes": ram.stack_reserved_bytes,
            "total_bytes": ram.total_bytes,
        },
        "flash": {
            "weights_bytes": flash.weights_bytes,
            "kernels_bytes": flash.kernels_bytes,
            "runtime_bytes": flash.runtime_bytes,
            "platform_bytes": flash.platform_bytes,
            "total_bytes": flash.total_bytes,
        },
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
        },
        "fits": result.fits,
        "layers": [_layer_json(layer) for layer in result.layers],
        "notes": list(result.notes),
    }


def print_table(result: BenchResult, board: Board, console: Console) -> None:
    """Print the result as two tables: the whole, and layer by layer."""
    console.print(_summary_table(result, board))
    console.print(_layer_table(result))
    for note in result.notes:
        console.print(f"note: {note}", markup=False, highlight=False)


def _number(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value


def _spread_json(spread: Spread | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    return {
        "median": _number(spread.median),
        "min": _number(spread.min),
        "max": _number(spread.max),
        "obtained": spread.obtained,
    }


def _clock_json(clock: ClockCheck | None) -> dict[str, Any] | None:
    if clock is None:
        return None
    return {
        "expected_hz": _number(clock.expected_hz),
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
            table.add_row(*row)
        table.add_section()
    table.add_row("fits the board", "yes" if result.fits else "NO", "")
    return table


Row = tuple[str, str, str]


def _exact_rows(result: BenchResult) -> list[Row]:
    rows: list[Row] = []
    if result.device_accuracy is not None:
        host = result.host_int8_accuracy
        compared = "" if host is None else f"; same model on the host: {host:.2%}"
        rows.append(
            (
                "accuracy on the device",
                f"{result.device_accuracy:.2%}",
                f"of {result.samples} samples{compared}",
            )
        )
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
                    f"{_count(spread.median)}{unit}",
                    f"{label}; {_runs(spread, result.runs, unit)}",
                )
            )
    if result.clock is not None:
        measured, unsure = result.clock.measured_hz / 1e6, 100 * result.clock.uncertainty
        rows.append(
            ("tick counter", f"{measured:.4g} MHz", f"by the host's clock, to {unsure:.2g} %")
        )
    return rows


def _runs(spread: Spread, runs: int, unit: str) -> str:
    if runs == 1:
        return "one run"
    if spread.min == spread.max:
        return f"{runs} runs, all alike"
    return f"median of {runs} runs, {_count(spread.min)} to {_count(spread.max)}{unit}"


def _size_rows(result: BenchResult, board: Board) -> list[Row]:
    ram, flash = result.ram, result.flash
    peak = ram.stack_peak_bytes
    stack_how = f"high-water mark; {ram.stack_reserved_bytes:,} B reserved"
    return [
        ("RAM: arena", _size(ram.arena_bytes), "activations, input and output"),
        ("RAM: static", _size(ram.static_bytes), "all other variables"),
        (
            "RAM: stack",
            _size(ram.stack_reserved_bytes if peak is None else peak),
            "reserved" if peak is None else stack_how,
        ),
        ("RAM: total", _size(ram.total_bytes), _room(ram.total_bytes, board.ram_bytes)),
        ("flash: weights", _size(flash.weights_bytes), "from the linked ELF"),
        ("flash: kernels", _size(flash.kernels_bytes), ""),
        ("flash: runtime", _size(flash.runtime_bytes), "protocol, measuring, libraries"),
        ("flash: platform", _size(flash.platform_bytes), "start-up, board"),
        ("flash: total", _size(flash.total_bytes), _room(flash.total_bytes, board.flash_bytes)),
    ]


def _layer_table(result: BenchResult) -> Table:
    table = Table(title="Layers", title_justify="left", show_footer=True)
    table.add_column("layer", "all layers", overflow="fold")
    table.add_column("op", no_wrap=True)
    for name, values in (
        ("MACs", [layer.macs for layer in result.layers]),
        ("instructions", [layer.instructions for layer in result.layers]),
        ("cycles", [layer.cycles for layer in result.layers]),
    ):
        known = [value for value in values if value is not None]
        total = _count(sum(known)) if len(known) == len(values) else "-"
        table.add_column(name, total, justify="right", no_wrap=True)
    for name in ("cycles / MAC", "share"):
        table.add_column(name, justify="right", no_wrap=True)
    costs = [_main_cost(layer) for layer in result.layers]
    whole = sum(cost for cost in costs if cost is not None)
    for layer, cost in zip(result.layers, costs, strict=True):
        table.add_row(
            layer.name,
            layer.op,
            f"{layer.macs:,}" if layer.macs else "-",
            _count(layer.instructions),
            _count(layer.cycles),
            f"{layer.cycles / layer.macs:.2f}" if layer.cycles and layer.macs else "-",
            "-" if cost is None or not whole else f"{cost / whole:.1%}",
        )
    return table


def _main_cost(layer: LayerCost) -> int | None:
    return layer.instructions if layer.cycles is None else layer.cycles


def _count(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _size(size_bytes: int) -> str:
    return f"{size_bytes:,} B"


def _room(used_bytes: int, board_bytes: int) -> str:
    left = board_bytes - used_bytes
    if left < 0:
        return f"{-left:,} B more than the board's {board_bytes:,} B"
    return f"{left:,} B ({left / board_bytes:.1%}) of {board_bytes:,} B left"
