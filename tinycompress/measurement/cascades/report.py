"""A cascade's figures as JSON and as a table for people."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from tinycompress._console import printable
from tinycompress._console.fitted_table import Column, print_fitted
from tinycompress.artifacts import CascadeResult, StageCost
from tinycompress.measurement.plain import count_text, number, spread_json


def cascade_json(cascade: CascadeResult) -> dict[str, Any]:
    """Means over the samples, and each stage."""
    return {
        "samples": cascade.samples,
        "mean_instructions": _mean(cascade.mean_instructions),
        "mean_cycles": _mean(cascade.mean_cycles),
        "mean_us": _mean(cascade.mean_latency_us),
        "obtained": cascade.obtained,
        "stages": [_stage_json(stage) for stage in cascade.stages],
    }


def print_cascade(cascade: CascadeResult, console: Console) -> None:
    """Print how often each stage ran and what it took, and the mean over the samples."""
    columns = (
        Column("stage", least=8),
        Column("asked by", right=True),
        Column("instructions", right=True, drop=2),
        Column("cycles", right=True, drop=3),
        Column("latency, us", right=True),
        Column("gate", least=12, drop=1),
    )
    rows = [_row(stage) for stage in cascade.stages]
    mean = (
        "mean inference",
        f"{cascade.samples:,} samples",
        *(
            count_text(None if value is None else round(value, 1))
            for value in (cascade.mean_instructions, cascade.mean_cycles, cascade.mean_latency_us)
        ),
        "as the gates decided",
    )
    print_fitted(console, "Stages, median where they ran", columns, rows, totals=[mean])


def _row(stage: StageCost) -> tuple[str, ...]:
    spreads = (stage.instructions, stage.cycles, stage.latency_us)
    return (
        printable(stage.name),
        f"{stage.ran:,} ({stage.ran / stage.samples:.1%})",
        *(count_text(None if one is None else one.median) for one in spreads),
        printable(stage.gate) or "none",
    )


def _mean(value: float | None) -> int | float | None:
    return None if value is None else number(round(value, 3))


def _stage_json(stage: StageCost) -> dict[str, Any]:
    return {
        "name": stage.name,
        "gate": stage.gate,
        "samples": stage.samples,
        "ran": stage.ran,
        "share": round(stage.ran / stage.samples, 6),
        "instructions": spread_json(stage.instructions),
        "cycles": spread_json(stage.cycles),
        "us": spread_json(stage.latency_us),
    }
