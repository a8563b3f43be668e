"""Short facts of a result, and those of several beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from tinycompress.reporting.subjects import StageRow, Subject
from tinycompress.reporting.verdict import answers
from tinycompress.reporting.words import clean, count, frequency, size, times

_MACHINES = {
    "silicon": "a real board",
    "emulated": "an emulated board, which runs the ELF that is flashed",
    "host": "a PC",
    "unknown": "a device that does not say what it is",
}
_ENGINES = {"aot": "AOT: C made for this model", "tflm": "stock TensorFlow Lite Micro"}


def facts(subject: Subject) -> tuple[tuple[str, str], ...]:
    """What the result is of."""
    board = subject.board
    core = ""
    if board is not None:
        clock = f" at {frequency(board.clock_hz)}" if board.clock_hz else ""
        core = f"{board.core}{clock}"
    rows = (
        ("board", "" if board is None else clean(board.name)),
        ("core", core),
        ("ran on", _MACHINES.get(subject.machine, "")),
        ("engine", _ENGINES.get(subject.engine, subject.engine)),
        ("compiler", clean(subject.provenance.compiler)),
        (
            "work",
            "" if subject.macs is None else f"{count(subject.macs)} MACs{_in_layers(subject)}",
        ),
    )
    return tuple((name, text) for name, text in rows if text)


def _in_layers(subject: Subject) -> str:
    number = len(subject.layers)
    return f" in {number} {'layer' if number == 1 else 'layers'}" if number else ""


def figures(subject: Subject) -> tuple[tuple[str, str], ...]:
    """Every figure of a result in a few words, for tables."""
    rows: list[tuple[str, str]] = [(_in_a_row(one.question), one.short) for one in answers(subject)]
    for name, spread in (("cycles", subject.cycles), ("instructions", subject.instructions)):
        if spread is not None and name not in dict(rows):
            rows.append((name, count(spread.median)))
    if subject.macs is not None:
        rows.append(("MACs", count(subject.macs)))
    for memory in subject.memories:
        rows.append((memory.name, size(memory.total_bytes)))
        rows += [(f"{memory.name}: {part.name}", size(part.size_bytes)) for part in memory.parts]
    if subject.stages and not subject.memories:
        last = subject.stages[-1]
        rows += [("flash", size(last.flash_bytes)), ("RAM", size(last.ram_reserved_bytes))]
        rows.append((".tflite", size(last.tflite_bytes)))
    return tuple(rows)


def _in_a_row(question: str) -> str:
    """A question as the name of a row: RAM and R² stay what they are."""
    return f"{question[0].lower()}{question[1:]}" if question[1:2].islower() else question


def comparison_rows(
    subjects: Sequence[Subject],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A row for each figure that any result has, with a cell for each of them."""
    tables = [dict(figures(one)) for one in subjects]
    names = dict.fromkeys(name for table in tables for name in table)
    return tuple((name, tuple(table.get(name, "–") for table in tables)) for name in names)


RATE_COLUMNS = ("α parameters", "α of float32", "α of int8 flash", "δ of int8")
"""Compression rates and speed-up of a stage, against the model before."""


def stage_rates(stage: StageRow) -> tuple[str, ...]:
    """What stands in `RATE_COLUMNS`."""
    found = (stage.parameter_rate, stage.float32_rate, stage.flash_rate, stage.speed_up)
    return tuple(map(times, found))
