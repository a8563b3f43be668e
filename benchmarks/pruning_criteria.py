"""Criteria of pruning against magnitude: ``make pruning-criteria``.

The digits network of the examples is pruned by every criterion, each from three seeds with the same
training: docs/pruning-criteria.md. The stages run alone, without the files of a whole recipe.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.performance_page import table
from benchmarks.results.reference import MODEL, TEST, TRAIN
from benchmarks.results.run import versions
from benchmarks.results.samples import ROOT
from benchmarks.ways import SEEDS, Way, name_of, run_command
from tinycompress import _files
from tinycompress.artifacts import SampleMethod
from tinycompress.compression.checks.invariants import check_network
from tinycompress.compression.data.prepare import Data, read_data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage
from tinycompress.compression.synthetic.made import made_for_training
from tinycompress.compression.training.trainer import Trainer
from tinycompress.conversion.load import load_model

FIGURES = ROOT / "docs" / "pruning-criteria.json"
PAGE = ROOT / "docs" / "pruning-criteria.md"
SPARSITY, RATIO = 0.85, 0.5
EPOCHS = 36
_PIXEL_MAX = 16.0
_PERCENT = 100.0

Run = Mapping[str, Any]
"""One way from one seed: plain values."""


def _pruned(name: str, decay: str = "none", **options: Any) -> Way:
    """Rounds share the epochs; with rewinding there is one training more than rounds."""
    trainings = options.get("rounds", 1) + bool(options.get("rewind"))
    tune = {
        "epochs": EPOCHS // trainings, "learning_rate": 2e-3, "batch_size": 32, "decay": decay,
    }  # fmt: skip
    stage = {"kind": "prune", "sparsity": SPARSITY, "fine_tune": tune, **options}
    return Way(name, (stage,))


def _thinned(importance: str, name: str = "", **options: Any) -> Way:
    tune = {"epochs": EPOCHS, "learning_rate": 2e-3, "batch_size": 32}
    stage = {"kind": "prune_channels", "ratio": RATIO, "importance": importance, "fine_tune": tune}
    return Way(name or f"channels by `{importance}`", ({**stage, **options},))


WEIGHTS = (
    _pruned("magnitude, at once (the plainest)", schedule="constant"),
    _pruned("magnitude, gradually"),
    _pruned("`snip`, at once", criterion="snip", scope="global"),
    _pruned("`movement`, at once", criterion="movement", scope="global"),
    _pruned("`random`, at once", criterion="random"),
    _pruned("tickets by magnitude, 2 rounds", rewind=True, rounds=2),
    _pruned(
        "magnitude, 2 rounds, the rate rewound", rewind="learning_rate", rounds=2, decay="cosine"
    ),
    _pruned("magnitude, at once, a falling rate", schedule="constant", decay="cosine"),
    _pruned("random tickets, 2 rounds", rewind=True, rounds=2, criterion="random"),
)
MADE: tuple[SampleMethod, ...] = ("dfqf",)
TAUGHT = {"weight": 0.9}
DATA_FREE = {
    f"channels by `l1`, on samples of `{method}` (DFNP)": method for method in MADE
}  # fmt: skip
THIN = (
    *(_thinned(importance) for importance in ("l1", "taylor", "similarity", "hrank", "gdp")),
    _thinned("l1", "channels by `l1`, taught by the whole network", distill=TAUGHT),
    *(_thinned("l1", name, distill=TAUGHT) for name in DATA_FREE),
)


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


@dataclass(frozen=True, eq=False)
class _Bench:
    """The trained network and its data."""

    network: Any
    train: Any
    test: Any

    @staticmethod
    def of(directory: Path) -> _Bench:
        """What `make_inputs` made."""
        network = lower(read_network(load_model(directory / MODEL).model))
        data = (read_data(directory / name, network) for name in (TRAIN, TEST))
        return _Bench(network, *data)

    def run(self, way: Way, seed: int) -> Run:
        """One way from one seed."""
        tasks = tasks_of(self.network, self.train)
        model = build_model(self.network, "tf_keras")
        train = self.train
        if way.name in DATA_FREE:
            made = made_for_training(model, DATA_FREE[way.name], seed=seed)
            train = Data(made.inputs, made.labels).take(np.arange(len(self.train)))
        trainer = Trainer(train, self.test, tasks, seed, teachers=(model,))
        state = State(self.network)
        for options in parse_recipe(way.recipe(seed)).steps:
            state = run_stage(state, options, trainer)
            check_network(state.network, state.promises, stage=options.kind)
        accuracy = trainer.accuracy(build_model(state.network, "tf_keras"))
        print(f"{way.name}, seed {seed}: {_PERCENT * accuracy:.2f} %", flush=True)
        return {
            "way": way.name, "seed": seed, "accuracy": accuracy,
            "parameters": state.network.parameters,
            "nonzero_parameters": state.network.nonzero_parameters,
            "macs": macs(state.network),
        }  # fmt: skip

    def float_accuracy(self) -> float:
        """Of the network before pruning."""
        trainer = Trainer(self.train, self.test, tasks_of(self.network, self.train))
        return trainer.accuracy(build_model(self.network, "tf_keras"))


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    make_inputs(scratch / "inputs")
    bench = _Bench.of(scratch / "inputs")
    return {
        "schema": "tinycompress.pruning_criteria", "schema_version": 1, "seeds": list(SEEDS),
        "versions": versions(), "float_accuracy": bench.float_accuracy(),
        "runs": [bench.run(way, seed) for way in (*WEIGHTS, *THIN) for seed in SEEDS],
    }  # fmt: skip


_HEAD = """\
# Criteria of pruning, measured

Written by `make pruning-criteria`; do not edit. The network of the digits example (3,418
parameters, {dense:.2f} % of the test digits right) is pruned by each criterion of
[compression](compression.md#criteria-of-pruning), with {epochs} epochs of Adam at 2e-3 in all from
the seeds {seeds}. The accuracy is that of the float network on the 360 test digits: one digit is
0.28 points. Flash is not measured here. What takes several trainings shares the epochs: tickets
and rewinding have {share} for each of their three.

"""


def page(found: Mapping[str, Any]) -> str:
    """A table for single weights, and one for channels."""
    runs = found["runs"]
    head = _HEAD.format(
        dense=_PERCENT * found["float_accuracy"], epochs=EPOCHS, share=EPOCHS // 3,
        seeds=", ".join(map(str, found["seeds"])),
    )  # fmt: skip
    weights = _table("weights", WEIGHTS, runs, {"not zero": "nonzero_parameters"})
    thin = _table("channels", THIN, runs, {"parameters": "parameters", "MACs": "macs"})
    return (
        f"{head}## {SPARSITY:.0%} of the weights zero\n\n{weights}\n"
        f"## {RATIO:.0%} of the channels gone\n\n{thin}"
    )


def _table(title: str, ways: Sequence[Way], runs: Sequence[Run], figures: Mapping[str, str]) -> str:
    rows = []
    for way in ways:
        own = [run for run in runs if run["way"] == way.name]
        if not own:
            continue
        scores = [_PERCENT * run["accuracy"] for run in own]
        means = [f"{mean(run[name] for run in own):,.0f}" for name in figures.values()]
        spread = f"{min(scores):.2f} to {max(scores):.2f} %"
        rows.append([name_of(way.name, own), f"{mean(scores):.2f} %", spread, *means])
    return table([title, "accuracy, mean", "least to most", *figures], rows)


def main() -> None:
    """The command."""
    scratch = ROOT / "build" / "pruning-criteria"
    run_command(__doc__, FIGURES, PAGE, scratch, measure, page)


if __name__ == "__main__":
    main()
