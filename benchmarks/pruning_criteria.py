"""Criteria of pruning against magnitude: ``make pruning-criteria``.

The digits network of the examples is pruned by every criterion, each from three seeds with the same
training: docs/pruning-criteria.md. An interrupted run resumes behind the last finished stage.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.performance_page import table
from benchmarks.results.reference import MODEL, TEST, TRAIN
from benchmarks.results.run import versions
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
)
from tinycompress import _files, _tf

FIGURES = ROOT / "docs" / "pruning-criteria.json"
PAGE = ROOT / "docs" / "pruning-criteria.md"
SPARSITY, RATIO = 0.85, 0.5
EPOCHS = 12
_PIXEL_MAX = 16.0


def _pruned(name: str, **options: Any) -> Way:
    """Rounds share the epochs; tickets train once more than they have rounds."""
    trainings = options.get("rounds", 1) + bool(options.get("rewind"))
    tune = {"epochs": EPOCHS // trainings, "learning_rate": 2e-3, "batch_size": 32}
    stage = {"kind": "prune", "sparsity": SPARSITY, "fine_tune": tune, **options}
    return Way(name, (stage,))


def _thinned(importance: str) -> Way:
    tune = {"epochs": EPOCHS, "learning_rate": 2e-3, "batch_size": 32}
    stage = {"kind": "prune_channels", "ratio": RATIO, "importance": importance, "fine_tune": tune}
    return Way(f"channels by `{importance}`", (stage,))


WEIGHTS = (
    _pruned("magnitude, at once (the plainest)", schedule="constant"),
    _pruned("magnitude, gradually"),
    _pruned("`snip`, at once", criterion="snip", scope="global"),
    _pruned("`movement`, at once", criterion="movement", scope="global"),
    _pruned("`random`, at once", criterion="random"),
    _pruned("tickets by magnitude, 2 rounds", rewind=True, rounds=2),
    _pruned("random tickets, 2 rounds", rewind=True, rounds=2, criterion="random"),
)
THIN = tuple(_thinned(importance) for importance in ("l1", "taylor", "similarity", "hrank"))


def make_inputs(directory: Path) -> None:
    """Train the network of the examples, and write its data as `reference.make_reference` does."""
    if (directory / MODEL).is_file():
        return
    example = ROOT / "examples" / "digits"
    with _files.new_directory(directory) as temporary:
        command = [sys.executable, str(example / "train.py"), "-o", str(temporary)]
        subprocess.run(command, check=True)
        (temporary / "digits.keras").rename(temporary / MODEL)
        with np.load(example / "digits.npz") as data:
            for name, part in ((TRAIN, "train"), (TEST, "test")):
                x = (data[f"x_{part}"] / _PIXEL_MAX).astype(np.float32)
                np.savez(temporary / name, x=x, y=data[f"y_{part}"])


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    make_inputs(scratch / "inputs")
    return {
        "schema": "tinycompress.pruning_criteria", "schema_version": 1, "seeds": list(SEEDS),
        "versions": versions(), "runs": measured((*WEIGHTS, *THIN), scratch),
    }  # fmt: skip


_HEAD = """\
# Criteria of pruning, measured

Written by `make pruning-criteria`; do not edit. The network of the digits example (3,418
parameters, {dense:.2f} % in float) is pruned by each criterion of
[compression](compression.md#criteria-of-pruning), with {epochs} epochs of Adam at 2e-3 in all from
the seeds {seeds}. The accuracy is that of the int8 file on the 360 test digits, with LiteRT's
arithmetic: one digit is 0.28 points, and differences below a point mean nothing here.

"""


def page(found: Mapping[str, Any]) -> str:
    """A table for single weights, and one for channels."""
    runs: list[Run] = found["runs"]
    seeds = ", ".join(map(str, found["seeds"]))
    head = _HEAD.format(dense=float_percent(runs), epochs=EPOCHS, seeds=seeds)
    accuracy = ["accuracy, mean", "least to most"]
    weights = table(
        ["weights", *accuracy, "not zero"],
        [
            [way.name, *accuracy_cells(one), f"{mean_of(one, 'nonzero_parameters'):,.0f}"]
            for way in WEIGHTS
            for one in [of_way(runs, way)]
        ],
    )
    thin = table(
        ["channels", *accuracy, "parameters", "MACs"],
        [
            [
                way.name, *accuracy_cells(one), f"{mean_of(one, 'parameters'):,.0f}",
                f"{mean_of(one, 'macs'):,.0f}",
            ]
            for way in THIN
            for one in [of_way(runs, way)]
        ],
    )  # fmt: skip
    return (
        f"{head}## {SPARSITY:.0%} of the weights zero\n\n{weights}\n"
        f"## {RATIO:.0%} of the channels gone\n\n{thin}"
    )


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "pruning-criteria")
    parser.add_argument("--page", action="store_true", help="write the page anew, measure nothing")
    arguments = parser.parse_args()
    if not arguments.page:
        _tf.make_deterministic(0, threads=1)
        found = measure(arguments.scratch)
        _files.write_text(FIGURES, json.dumps(found, indent=1) + "\n")
    _files.write_text(PAGE, page(json.loads(FIGURES.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
