"""Bits per layer against the same bits for all: ``make mixed-precision``.

MLPerf Tiny's DS-CNN is taken to weights of few bits in several ways, each from three seeds with the
same training, and measured in firmware for the virtual Nano 33 BLE: docs/mixed-precision.md. An
interrupted run resumes behind the last finished stage.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import tinycompress
from benchmarks.performance_page import table
from benchmarks.results.experiments import EXPERIMENTS
from benchmarks.results.reference import MODEL, TEST, TRAIN, is_made, make_reference
from benchmarks.results.run import BOARD, versions
from benchmarks.results.samples import ROOT
from tinycompress import _files, _tf

FIGURES = ROOT / "docs" / "mixed-precision.json"
PAGE = ROOT / "docs" / "mixed-precision.md"
NETWORK = "dscnn"
SEEDS = (0, 1, 2)
EPOCHS_ON_GRID, EPOCHS_QAT = 4, 1
CHOICES = (8, 4, 3, 2)
_PERCENT = 100.0


@dataclass(frozen=True)
class Way:
    """One way to choose the bits; ``options`` are of the stage, None for weights of 8 bits."""

    name: str
    options: Mapping[str, Any] | None


def _mixed(mean_bits: float, sensitivity: str) -> dict[str, Any]:
    return {
        "bits": "auto", "mean_bits": mean_bits, "sensitivity": sensitivity, "choices": CHOICES,
    }  # fmt: skip


WAYS = (
    Way("8 bits", None),
    Way("4 bits in every layer", {"bits": 4}),
    Way("3 bits in every layer", {"bits": 3}),
    Way("3 bits in the mean, by KL divergence", _mixed(3.0, "kl")),
    Way("3 bits in the mean, by the Hessian's trace", _mixed(3.0, "hessian")),
    Way("2 bits in every layer", {"bits": 2}),
)


def recipe(way: Way, seed: int) -> dict[str, Any]:
    """The recipe of a way: what it does to the weights, then training for int8."""
    first = {"kind": "train"} if way.options is None else {"kind": "weight_bits", **way.options}
    rates = {"decay": "cosine", "batch_size": 64}
    return {
        "schema": 1, "name": "bits", "description": way.name, "seed": seed,
        "limits": {"max_accuracy_drop": 1.0}, "firmware": {"optimize": "flash"},
        "stage": [
            {**first, "fine_tune": {"epochs": EPOCHS_ON_GRID, "learning_rate": 1e-3, **rates}},
            {"kind": "qat", "fine_tune": {"epochs": EPOCHS_QAT, "learning_rate": 3e-4, **rates}},
        ],
    }  # fmt: skip


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    # Without augmented copies: half the time.
    experiment = replace(EXPERIMENTS[NETWORK], augment=None, copies=0)
    inputs = scratch / "inputs"
    if not is_made(experiment, inputs):
        make_reference(experiment, inputs)
    runs = []
    for number, way in enumerate(WAYS):
        for seed in SEEDS:
            result = tinycompress.compress(
                inputs / MODEL,
                recipe(way, seed),
                inputs / TRAIN,
                val=inputs / TEST,
                board=BOARD,
                output=scratch / f"{number}-{seed}",
                exact_to="litert",
                evaluation_samples=None,
            )
            first, bits, last = result.rows
            runs.append(
                {
                    "way": way.name,
                    "seed": seed,
                    "float_accuracy": first.float_accuracy,
                    "int8_accuracy": last.int8_accuracy,
                    "figures": dict(last.figures),
                    "bits": next((n for n in bits.notes if n.startswith("bits of")), ""),
                }
            )
            print(
                f"{way.name}, seed {seed}: {_PERCENT * last.int8_accuracy:.2f} %,"
                f" {last.figures['flash_bytes']:,} bytes",
                flush=True,
            )
    return {
        "schema": "tinycompress.mixed_precision", "schema_version": 1, "board": BOARD,
        "seeds": list(SEEDS), "versions": versions(), "runs": runs,
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
    runs = found["runs"]
    head = _HEAD.format(
        on_grid=EPOCHS_ON_GRID, qat=EPOCHS_QAT, seeds=", ".join(map(str, found["seeds"])),
        tested=f"{len(EXPERIMENTS[NETWORK].load().x_test):,}", board=found["board"],
        dense=_PERCENT * runs[0]["float_accuracy"],
    )  # fmt: skip
    rows = [_row([run for run in runs if run["way"] == way.name]) for way in WAYS]
    columns = ["weights", "accuracy, mean", "least to most", "flash, bytes", "weights", "latency"]
    told = [f"- {run['way']}, seed {run['seed']}: {run['bits']}" for run in runs if _chosen(run)]
    return (
        f"{head}{table(columns, rows)}\n## Which bits the layers got\n\n" + "\n".join(told) + "\n"
    )


def _chosen(run: Mapping[str, Any]) -> bool:
    """Whether a run's bits were chosen, layer by layer."""
    return " in the mean, by " in run["way"]


def _row(runs: Sequence[Mapping[str, Any]]) -> list[str]:
    scores = [_PERCENT * run["int8_accuracy"] for run in runs]

    def figure(name: str) -> float:
        return mean(run["figures"][name] for run in runs)

    return [
        runs[0]["way"], f"{mean(scores):.2f} %", f"{min(scores):.2f} to {max(scores):.2f} %",
        f"{figure('flash_bytes'):,.0f}", f"{figure('weights_bytes'):,.0f}",
        f"{figure('latency_us') / 1e3:.1f} ms",
    ]  # fmt: skip


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "mixed-precision")
    parser.add_argument("--page", action="store_true", help="write the page anew, measure nothing")
    arguments = parser.parse_args()
    if not arguments.page:
        _tf.make_deterministic(0, threads=1)
        found = measure(arguments.scratch)
        _files.write_text(FIGURES, json.dumps(found, indent=1) + "\n")
    _files.write_text(PAGE, page(json.loads(FIGURES.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
