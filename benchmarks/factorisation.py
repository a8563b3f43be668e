"""Factorisations of convolutions, trained and built for a board: ``make factorisation``.

A convolutional network for digits is taken apart in every way that `low_rank` has, each from three
seeds with the same training: docs/factorisation.md. Ranks do not depend on the seed, so that what a
way costs on the board is measured once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.distillation import teacher
from benchmarks.performance_page import table
from benchmarks.results.run import versions
from benchmarks.results.samples import ROOT, mnist_images
from benchmarks.ways import SEEDS, Way, kept_way, name_of, run_command
from tinycompress.boards import load_board
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.kernels import macs
from tinycompress.compression.network.network import Network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage
from tinycompress.compression.training.trainer import Trainer
from tinycompress.conversion import ConvertOptions
from tinycompress.deploy.compressing import export
from tinycompress.deploy.deployment import figures_or_misfit

FIGURES = ROOT / "docs" / "factorisation.json"
PAGE = ROOT / "docs" / "factorisation.md"
BOARD = "nano33"
DIGITS, CALIBRATED_ON, WIDTH = 2_000, 200, 32
TRAINED, EPOCHS = 12, 4
TUNE = {"epochs": EPOCHS, "learning_rate": 2e-3, "decay": "cosine"}
ENERGY = 0.7
"""Of the squares of a kernel; more leaves the networks of this size whole."""
_PERCENT = 100.0

Run = Mapping[str, Any]


def _way(name: str, kind: str = "low_rank", **options: Any) -> Way:
    return Way(name, ({"kind": kind, "fine_tune": TUNE, **options},))


PLAIN = _way("whole, trained on", "train")
WAYS = (
    PLAIN,
    *(
        _way(f"`{method}`, {_PERCENT * ENERGY:.0f} % energy", method=method, energy=ENERGY)
        for method in ("spatial", "tucker", "cp")
    ),
    *(_way(f"`{method}`, `vbmf`", method=method, vbmf=True) for method in ("spatial", "tucker")),
    _way(
        f"`tucker`, {_PERCENT * ENERGY:.0f} % energy, `keep = \"latency\"`",
        method="tucker", energy=ENERGY, keep="latency",
    ),
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Bench:
    """The trained network and its data."""

    network: Network
    train: Data
    test: Data
    known: dict[tuple[Any, ...], Mapping[str, float]] = field(default_factory=dict)

    @staticmethod
    def of() -> _Bench:
        """Train the network from seed 0."""
        digits = mnist_images()
        train = Data((digits.x[:DIGITS],), (digits.y[:DIGITS].astype(np.int64),))
        test = Data((digits.x_test,), (digits.y_test.astype(np.int64),))
        bench = _Bench(teacher(WIDTH), train, test)
        tune = {"epochs": TRAINED, "learning_rate": 5e-3, "decay": "cosine"}
        way = Way("from fresh weights", ({"kind": "train", "fresh": True, "fine_tune": tune},))
        return replace(bench, network=bench.state(way, 0).network)

    def state(self, way: Way, seed: int) -> State:
        """The network after a way from one seed."""
        tasks = tasks_of(self.network, self.train)
        trainer = Trainer(
            self.train, self.test, tasks, seed,
            cost=lambda network, figure: float(self._like_it(network)[figure]),
        )  # fmt: skip
        (options,) = parse_recipe(way.recipe(seed)).steps
        return run_stage(State(self.network), options, trainer)

    def run(self, way: Way, seed: int) -> Run:
        """One way from one seed; on the board with the first seed alone."""
        state = self.state(way, seed)
        trainer = Trainer(self.train, self.test, tasks_of(self.network, self.train), seed)
        accuracy = trainer.accuracy(build_model(state.network, "tf_keras"))
        print(f"{way.name}, seed {seed}: {_PERCENT * accuracy:.2f} %", flush=True)
        return {
            "way": way.name, "seed": seed, "accuracy": accuracy, "notes": list(state.notes),
            "parameters": state.network.parameters, "macs": macs(state.network),
            "figures": self.on_board(state.network) if seed == SEEDS[0] else {},
        }  # fmt: skip

    def _like_it(self, network: Network) -> Mapping[str, float]:
        """The same of a network with layers of these shapes, whatever its weights: latency."""
        key = tuple(
            (call.shape, tuple(one.shape for one in network.layers[call.layer].weights))
            for call in network.calls
        )
        if key not in self.known:
            self.known[key] = self.on_board(network)
        return self.known[key]

    def on_board(self, network: Network) -> Mapping[str, float]:
        """What the int8 file of a network takes."""
        model = build_model(fold_batch_norms(network), "tf_keras")
        tflite = export(model, (self.train.inputs[0][:CALIBRATED_ON],), options=ConvertOptions())
        return dict(figures_or_misfit(tflite, load_board(BOARD)))


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    scratch.mkdir(parents=True, exist_ok=True)
    bench = _Bench.of()
    return {
        "schema": "tinycompress.factorisation", "schema_version": 1, "seeds": list(SEEDS),
        "versions": versions(), "parameters": bench.network.parameters,
        "runs": [kept_way(scratch, way, seed, bench.run) for way in WAYS for seed in SEEDS],
    }  # fmt: skip


_HEAD = """\
# Factorisation, measured

Written by `make factorisation`; do not edit. A network of four 3x3 convolutions ({parameters:,}
parameters) has learnt {digits:,} digits of MNIST in {trained} epochs. Each way of `low_rank`
([compression](compression.md#factorisation)) takes its convolutions apart, all but those that would
not get cheaper, and trains for {epochs} epochs, from the seeds {seeds}. The accuracy is that of the
float network on the 10,000 test digits. Flash and latency are those of the int8 firmware on the
virtual {board}, built for speed, which gives the bytes of TensorFlow Lite Micro. Beside them stands
the network as it is, trained on for as long.

"""


def page(found: Mapping[str, Any]) -> str:
    """One table, and the ranks."""
    head = _HEAD.format(
        parameters=found["parameters"], digits=DIGITS, trained=TRAINED,
        epochs=EPOCHS, seeds=", ".join(map(str, found["seeds"])), board=load_board(BOARD).name,
    )  # fmt: skip
    columns = [
        "way", "accuracy, mean", "least to most", "MACs", "parameters", "flash, bytes",
        "RAM, bytes", "latency, ms",
    ]  # fmt: skip
    ranks = [
        f"- {way.name}: {'; '.join(_of(found['runs'], way)[0]['notes'])}."
        for way in WAYS
        if way.stages[0]["kind"] == "low_rank" and _of(found["runs"], way)
    ]
    rows = [_row(runs) for runs in (_of(found["runs"], way) for way in WAYS) if runs]
    return head + table(columns, rows) + "\n" + "\n".join(ranks) + "\n"


def _of(runs: Sequence[Run], way: Way) -> list[Run]:
    return [run for run in runs if run["way"] == way.name]


def _row(runs: Sequence[Run]) -> list[str]:
    scores = [_PERCENT * run["accuracy"] for run in runs]
    on_board = runs[0]["figures"]
    spread = f"{min(scores):.2f} to {max(scores):.2f} %"
    return [
        name_of(runs[0]["way"], runs), f"{mean(scores):.2f} %", spread,
        f"{runs[0]['macs']:,}", f"{runs[0]['parameters']:,}", f"{on_board['flash_bytes']:,}",
        f"{on_board['ram_bytes']:,}", f"{on_board['latency_us'] / 1e3:.2f}",
    ]  # fmt: skip


def main() -> None:
    """The command."""
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "factorisation", measure, page)


if __name__ == "__main__":
    main()
