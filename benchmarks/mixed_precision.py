"""Bits per layer against the same bits for all: ``make mixed-precision``.

MLPerf Tiny's DS-CNN is taken to weights of few bits in several ways, each from three seeds with the
same training, and measured in firmware for the virtual Nano 33 BLE: docs/mixed-precision.md. An
interrupted run resumes behind the last finished stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.performance_page import table
from benchmarks.results.experiments import EXPERIMENTS
from benchmarks.results.reference import is_made, make_reference
from benchmarks.results.run import BOARD, versions
from benchmarks.results.samples import ROOT
from benchmarks.ways import (
    SEEDS,
    Run,
    Way,
    accuracy_cells,
    float_percent,
    mean_of,
    measured,
    of_way,
    run_command,
)

FIGURES = ROOT / "docs" / "mixed-precision.json"
PAGE = ROOT / "docs" / "mixed-precision.md"
NETWORK = "dscnn"
EPOCHS_ON_GRID, EPOCHS_QAT = 4, 1
CHOICES = (8, 4, 3, 2)


def _way(name: str, options: Mapping[str, Any] | None) -> Way:
    """What it does to the weights, None for weights of 8 bits, then training for int8."""
    first = {"kind": "train"} if options is None else {"kind": "weight_bits", **options}
    rates = {"decay": "cosine", "batch_size": 64}
    return Way(
        name,
        (
            {**first, "fine_tune": {"epochs": EPOCHS_ON_GRID, "learning_rate": 1e-3, **rates}},
            {"kind": "qat", "fine_tune": {"epochs": EPOCHS_QAT, "learning_rate": 3e-4, **rates}},
        ),
    )


def _mixed(mean_bits: float, sensitivity: str) -> dict[str, Any]:
    return {
        "bits": "auto", "mean_bits": mean_bits, "sensitivity": sensitivity, "choices": CHOICES,
    }  # fmt: skip


WAYS = (
    _way("8 bits", None),
    _way("4 bits in every layer", {"bits": 4}),
    _way("3 bits in every layer", {"bits": 3}),
    _way("3 bits in the mean, by KL divergence", _mixed(3.0, "kl")),
    _way("3 bits in the mean, by the Hessian's trace", _mixed(3.0, "hessian")),
)


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    # Without augmented copies: half the time.
    experiment = replace(EXPERIMENTS[NETWORK], augment=None, copies=0)
    if not is_made(experiment, scratch / "inputs"):
        make_reference(experiment, scratch / "inputs")
    return {
        "schema": "tinycompress.mixed_precision", "schema_version": 1, "board": BOARD,
        "seeds": list(SEEDS), "versions": versions(), "runs": measured(WAYS, scratch, board=BOARD),
    }  # fmt: skip


_HEAD = """\
# Bits per layer, measured

Written by `make mixed-precision`; do not edit. MLPerf Tiny's trained DS-CNN on keywords (the data
of [results](results.md#ds-cnn-on-keywords)): its weights are put on grids of few bits by the stage
`weight_bits` of [compression](compression.md#bits-per-layer) and trained, then trained on with
`qat`. Every way has the same training ({on_grid} epochs and {qat}, Adam from 1e-3 and 3e-4 along a
cosine, no augmentation) from the seeds {seeds}; the sensitivities are measured on 256 of the
training clips. The accuracy is that of the int8 file on all {tested} test clips, with LiteRT's
arithmetic; float has {dense:.2f} % before. Flash is that of the whole firmware on `{board}`, built
with `--optimize flash`, from the linked ELF; latency is modelled. Depthwise layers keep 8 bits in
all rows.

"""


def page(found: Mapping[str, Any]) -> str:
    """The table, and which bits the layers got."""
    runs: list[Run] = found["runs"]
    head = _HEAD.format(
        on_grid=EPOCHS_ON_GRID, qat=EPOCHS_QAT, seeds=", ".join(map(str, found["seeds"])),
        tested=f"{len(EXPERIMENTS[NETWORK].load().x_test):,}", board=found["board"],
        dense=float_percent(runs),
    )  # fmt: skip
    rows = [_row(way, of_way(runs, way)) for way in WAYS]
    columns = [
        "weights",
        "accuracy, mean",
        "least to most",
        "flash, bytes",
        "weights, bytes",
        "latency",
    ]
    told = [
        f"- {run['way']}, seed {run['seed']}: {note}"
        for run in runs
        for note in run["notes"]
        if " in the mean; by" in note
    ]
    return (
        f"{head}{table(columns, rows)}\n## Which bits the layers got\n\n" + "\n".join(told) + "\n"
    )


def _row(way: Way, runs: list[Run]) -> list[str]:
    return [
        way.name, *accuracy_cells(runs), f"{mean_of(runs, 'flash_bytes'):,.0f}",
        f"{mean_of(runs, 'weights_bytes'):,.0f}", f"{mean_of(runs, 'latency_us') / 1e3:.1f} ms",
    ]  # fmt: skip


def main() -> None:
    """The command."""
    scratch = ROOT / "build" / "mixed-precision"
    run_command(__doc__, FIGURES, PAGE, scratch, measure, page)


if __name__ == "__main__":
    main()
