"""What the owner of a board sends: one run of the reference model, measured beside modelled."""

from __future__ import annotations

from tinycompress._version import __version__
from tinycompress.artifacts import BenchResult, BuiltFirmware
from tinycompress.boards.confirmations import (
    SCHEMA,
    SCHEMA_VERSION,
    Clock,
    Confirmation,
    Cycles,
    Firmware,
    Memory,
)


def confirmation(
    built: BuiltFirmware,
    measured: BenchResult,
    modelled: BenchResult | None,
    *,
    by: str,
    date: str,
) -> Confirmation:
    """Put a run on a board beside the same firmware's on its virtual board.

    Args:
        built: The firmware.
        measured: What was measured over a port.
        modelled: What the emulator says of the same ELF; None where it cannot run it.
        by: Whom to name.
        date: The day, YYYY-MM-DD, in UTC.
    """
    made = Confirmation(
        schema=SCHEMA,
        schema_version=SCHEMA_VERSION,
        board=measured.board_id,
        by=by,
        date=date,
        machine=measured.machine,
        counts=False,
        firmware=Firmware(
            model_sha256=built.project.model_sha256,
            elf_sha256=built.elf_sha256,
            build_id=built.build_id,
            toolchain=built.toolchain,
            toolchain_version=built.toolchain_version,
            tinycompress=__version__,
        ),
        cycles=_cycles(measured, modelled),
        clock=_clock(measured),
        memory=_memory(measured),
        samples=measured.samples,
        mismatched_samples=measured.mismatched_samples,
    )
    return made.model_copy(update={"counts": made.deserves_to_count})


def _cycles(measured: BenchResult, modelled: BenchResult | None) -> Cycles | None:
    found = measured.cycles
    if found is None:
        return None
    model = None if modelled is None else modelled.cycles
    return Cycles(
        median=found.median,
        min=found.min,
        max=found.max,
        runs=measured.runs,
        modelled=None if model is None else model.median,
        modelled_upper_bound=None if modelled is None else modelled.cycles_upper_bound,
    )


def _clock(measured: BenchResult) -> Clock | None:
    check = measured.clock
    if check is None:
        return None
    return Clock(
        expected_hz=check.expected_hz,
        measured_hz=check.measured_hz,
        uncertainty=check.uncertainty,
    )


def _memory(measured: BenchResult) -> Memory:
    ram = measured.ram
    return Memory(
        arena_bytes=ram.arena_bytes,
        static_bytes=ram.static_bytes,
        stack_reserved_bytes=ram.stack_reserved_bytes,
        stack_peak_bytes=ram.stack_peak_bytes,
        flash_bytes=measured.flash.total_bytes,
    )
