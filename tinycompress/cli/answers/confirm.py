"""How a confirmation is shown."""

from __future__ import annotations

from tinycompress._console import messages_console, results_console
from tinycompress.boards.confirmations import Confirmation
from tinycompress.cli.answers.common import table
from tinycompress.cli.options import print_json
from tinycompress.pipeline import Confirmed

_NOT_SILICON = {
    "emulated": "an emulated board answers at this port",
    "host": "a PC answers at this port",
    "unknown": "the board does not say whether it is real",
}


def show_confirmed(done: Confirmed, *, as_json: bool) -> None:
    """The confirmation, where it is, and whether it counts."""
    if as_json:
        print_json(done.confirmation.model_dump(mode="json", by_alias=True))
        return
    found = done.confirmation
    rows = table(f"{found.board} ({found.machine})", "what", "value")
    for row in _rows(found):
        rows.add_row(*row)
    results_console().print(rows)
    results_console().print(_verdict(done), markup=False, soft_wrap=True)
    if not found.counts:
        messages_console().print(
            f"This does not count as a confirmation: {_reason(found)}.",
            markup=False,
            soft_wrap=True,
        )


def _rows(found: Confirmation) -> list[tuple[str, str]]:
    rows = [("outputs", _outputs(found))]
    if found.cycles is not None:
        cycles = found.cycles
        rows.append(("cycles, median", f"{cycles.median:,.0f} of {cycles.runs} runs"))
        if cycles.modelled is not None:
            share = cycles.median / cycles.modelled - 1 if cycles.modelled else 0.0
            rows.append(("modelled", f"{cycles.modelled:,.0f} ({share:+.1%} on the board)"))
        if cycles.modelled_upper_bound is not None:
            rows.append(("modelled, at most", f"{cycles.modelled_upper_bound:,}"))
    if found.clock is not None:
        rows.append(
            ("clock", f"{found.clock.measured_hz / 1e6:.4g} MHz, board file "
             f"{found.clock.expected_hz / 1e6:.4g} MHz")
        )  # fmt: skip
    memory = found.memory
    peak = "-" if memory.stack_peak_bytes is None else f"{memory.stack_peak_bytes:,}"
    rows.append(("stack", f"{peak} of {memory.stack_reserved_bytes:,} bytes"))
    rows.append(("flash", f"{memory.flash_bytes:,} bytes"))
    return rows


def _outputs(found: Confirmation) -> str:
    if found.mismatched_samples is None:
        return "not compared"
    return (
        f"all {found.samples} samples exact"
        if not found.mismatched_samples
        else f"{found.mismatched_samples} of {found.samples} samples differ"
    )


def _reason(found: Confirmation) -> str:
    return _NOT_SILICON.get(found.machine, _outputs(found))


def _verdict(done: Confirmed) -> str:
    return f"wrote {done.file}" + (
        ": send it with an issue, so that the board is listed as confirmed"
        if done.confirmation.counts
        else ""
    )
