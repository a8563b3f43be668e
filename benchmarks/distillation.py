"""Methods of distillation against labels alone and against plain logits: ``make distillation``.

A student of some 2,000 parameters learns 2,000 digits of MNIST, by each method from three seeds
with the same training: docs/distillation.md. The stage runs alone, without the files of a recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from statistics import mean, stdev
from time import process_time
from typing import Any

import numpy as np

from benchmarks.performance_page import table
from benchmarks.results.run import versions
from benchmarks.results.samples import ROOT, mnist_images
from benchmarks.ways import SEEDS, Way, kept_way, run_command
from tinycompress import _tf
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import tasks_of
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage
from tinycompress.compression.training.trainer import Trainer

FIGURES = ROOT / "docs" / "distillation.json"
PAGE = ROOT / "docs" / "distillation.md"
DIGITS = 2_000
EPOCHS = 12
GENERATOR_STEPS = 200
TEACHER_SEEDS = (10, 11, 12)
_TUNE = {"epochs": EPOCHS, "learning_rate": 5e-3, "decay": "cosine", "batch_size": 64}
_PERCENT = 100.0

Run = Mapping[str, Any]
"""One way from one seed: plain values."""


def _way(name: str, distill: Mapping[str, Any] | None = None, **options: Any) -> Way:
    stage = {"kind": "train", "fresh": True, "fine_tune": _TUNE, **options}
    return Way(name, ({**stage, "distill": distill} if distill else stage,))


def _features(method: str, **more: Any) -> dict[str, Any]:
    return {"method": method, **more}


LABELS = _way("labels alone")
LOGITS = _way("`logits`", {"method": "logits"})
OUTPUTS = (LABELS, LOGITS, _way("`soft`", {"method": "soft"}))
FEATURES = (
    _way("`hints`, then `soft`", _features("hints")),
    _way("`attention`", _features("attention")),
    _way("`attention` and `soft`", _features("attention", outputs="soft")),
    _way("`fsp`, then labels", _features("fsp")),
    _way("`distance`", _features("distance")),
    _way("`angle`", _features("angle")),
    _way("`relational`", _features("relational")),
    _way("`relational` and `soft`", _features("relational", outputs="soft")),
    _way("`similarity`", _features("similarity")),
    _way("`similarity` and `soft`", _features("similarity", outputs="soft")),
)
SEVERAL = _way("`soft`, three teachers", {"method": "soft"})
OTHER = _way("`soft`, a teacher of dense layers", {"method": "soft"})
SHIFTED = _way("labels alone, every digit shifted", {"weight": 1e-6, "shift": 1})
BORN_AGAIN = _way("`born_again`, taught by two generations", scheme="born_again", ensemble=True)
SCHEMES = (
    SEVERAL,
    OTHER,
    _way("`mutual`, two peers", scheme="mutual"),
    BORN_AGAIN,
    SHIFTED,
    _way("`refinery`, two generations", scheme="refinery"),
    _way("`assistant`", scheme="assistant"),
    _way("`data_free`", scheme="data_free", generator_steps=GENERATOR_STEPS),
)
EVERY = (*OUTPUTS, *FEATURES, *SCHEMES)
TRAININGS = {
    "`mutual`, two peers": 2, BORN_AGAIN.name: 3, "`refinery`, two generations": 2,
    "`assistant`": 2,
}  # fmt: skip
"""How many networks of so many epochs a way trains besides the teachers; one if not said."""


def _block(x: Any, filters: int, stride: int, *, separable: bool = False) -> Any:
    layers = _tf.tf_keras().layers
    if separable:
        x = layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False)(x)
        x = layers.Conv2D(filters, 1, use_bias=False)(x)
    else:
        x = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))


def _classifier(source: Any, x: Any) -> Network:
    tf_keras = _tf.tf_keras()
    x = tf_keras.layers.Flatten()(x)
    x = tf_keras.layers.Dense(10, activation="softmax")(x)
    return lower(read_network(tf_keras.Model(source, x)))


def student() -> Network:
    """Two stages of 8 and 16 channels, the second one separable."""
    layers = _tf.tf_keras().layers
    source = layers.Input((28, 28, 1))
    x = _block(_block(source, 8, 2), 16, 2, separable=True)
    return _classifier(source, layers.AveragePooling2D(2)(x))


def teacher(width: int) -> Network:
    """The same stages of two convolutions each, the first one of so many channels, twice as many
    in the second stage."""
    layers = _tf.tf_keras().layers
    source = layers.Input((28, 28, 1))
    x = _block(_block(source, width, 2), 8, 1)
    x = _block(_block(x, 2 * width, 2), 16, 1)
    return _classifier(source, layers.AveragePooling2D(2)(x))


def dense_teacher() -> Network:
    """Another architecture: two hidden layers, no convolution."""
    layers = _tf.tf_keras().layers
    source = layers.Input((28, 28, 1))
    x = layers.Flatten()(source)
    for _ in range(2):
        x = layers.Dropout(0.3)(layers.Dense(128, activation="relu")(x))
    return _classifier(source, x)


class _Bench:
    """Data, student and teachers."""

    def __init__(self) -> None:
        digits = mnist_images()
        self.train = Data((digits.x[:DIGITS],), (digits.y[:DIGITS].astype(np.int64),))
        self.test = Data((digits.x_test,), (digits.y_test.astype(np.int64),))
        self.student = student()
        self.middle = teacher(8)
        wide = teacher(32)
        self.teachers = [self._trained(wide, seed) for seed in TEACHER_SEEDS]
        self.dense = self._trained(dense_teacher(), TEACHER_SEEDS[0])

    @cached_property
    def _trainer(self) -> Trainer:
        return Trainer(self.train, self.test, tasks_of(self.student, self.train))

    def _trained(self, network: Network, seed: int) -> Any:
        made = self._run(LABELS, network, seed, replace(self._trainer, seed=seed))
        return build_model(made.network, "tf_keras")

    @staticmethod
    def _run(way: Way, network: Network, seed: int, trainer: Trainer) -> State:
        (options,) = parse_recipe(way.recipe(seed)).steps
        return run_stage(State(network), options, trainer)

    def run(self, way: Way, seed: int) -> Run:
        """One way from one seed."""
        chosen = {SEVERAL.name: self.teachers, OTHER.name: [self.dense]}.get(
            way.name, self.teachers[:1]
        )
        trainer = replace(
            self._trainer, seed=seed, teachers=tuple(chosen), assistants=(self.middle,)
        )
        start = process_time()
        state = self._run(way, self.student, seed, trainer)
        spent = process_time() - start
        accuracy = self.accuracy(build_model(state.network, "tf_keras"))
        print(f"{way.name}, seed {seed}: {_PERCENT * accuracy:.2f} %, {spent:.1f} s", flush=True)
        return {
            "way": way.name, "seed": seed, "accuracy": accuracy, "notes": list(state.notes),
            "training_cpu_s": round(spent, 1),
        }  # fmt: skip

    def accuracy(self, model: Any) -> float:
        """Of a model on the test digits."""
        return self._trainer.accuracy(model)


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    scratch.mkdir(parents=True, exist_ok=True)
    bench = _Bench()
    return {
        "schema": "tinycompress.distillation", "schema_version": 1, "seeds": list(SEEDS),
        "versions": versions(), "student_parameters": bench.student.parameters,
        "teacher_parameters": read_network(bench.teachers[0]).parameters,
        "assistant_parameters": bench.middle.parameters,
        "teacher_accuracies": [bench.accuracy(model) for model in bench.teachers],
        "dense_teacher_accuracy": bench.accuracy(bench.dense),
        "runs": [
            kept_way(scratch, way, seed, bench.run)
            for way in EVERY
            for seed in SEEDS
        ],
    }  # fmt: skip


_HEAD = """\
# Distillation, measured

Written by `make distillation`; do not edit. A student of {student:,} parameters (a convolution, a
separable one, a classifier) learns {digits:,} digits of MNIST from fresh weights, by each method of
[compression](compression.md#distillation): {epochs} epochs of Adam from 5e-3 down a cosine, from
the seeds {seeds}. Keys of `distill` are the defaults, layers are paired by shape. The teacher has
{teacher:,} parameters, was trained on the same digits in the same way, and gets {teachers} of the
10,000 test digits right (by seeds {teacher_seeds}; the first one teaches alone). The accuracy is
that of the float student on these 10,000 digits, where one standard error of a share near 90 % is
0.3 points, the same digits for all. A difference counts as one where it is more than twice what
seeds explain (the root of the sum of both variances over the number of seeds).

"""


def page(found: Mapping[str, Any]) -> str:
    """A table for each group."""
    runs = found["runs"]
    missing = [way.name for way in EVERY if len(_scores(way, runs)) < len(SEEDS)]
    teachers = " / ".join(f"{_PERCENT * one:.2f} %" for one in found["teacher_accuracies"])
    head = _HEAD.format(
        student=found["student_parameters"], teacher=found["teacher_parameters"], digits=DIGITS,
        teacher_seeds=", ".join(map(str, TEACHER_SEEDS[: len(found["teacher_accuracies"])])),
        epochs=EPOCHS, seeds=", ".join(map(str, found["seeds"])), teachers=teachers,
    )  # fmt: skip
    dense = f"{_PERCENT * found['dense_teacher_accuracy']:.2f} %"
    return (
        f"{head}## Outputs\n\n{_table(OUTPUTS, runs)}\n## Features\n\n{_table(FEATURES, runs)}\n"
        f"## Teachers and schemes\n\n{_table(SCHEMES, runs)}\n"
        f"The teacher of dense layers gets {dense} right, the assistant has"
        f" {found['assistant_parameters']:,} parameters. `data_free` sees none of the digits; its"
        f" generator has {GENERATOR_STEPS} steps.{_generations(runs)}\n\n"
        f"{_verdict(runs)}"
        + (f"\nNot measured from all seeds yet: {'; '.join(missing)}.\n" if missing else "")
    )


def _generations(runs: Sequence[Run]) -> str:
    """What `born_again` reached on its way; empty if it was not run."""
    notes = [note for run in runs if run["way"] == BORN_AGAIN.name for note in run["notes"]]
    return f" On its way `born_again` reached, by seeds: {'; '.join(notes)}." if notes else ""


def _scores(way: Way, runs: Sequence[Run]) -> list[float]:
    return [_PERCENT * run["accuracy"] for run in runs if run["way"] == way.name]


def _measured(ways: Sequence[Way], runs: Sequence[Run]) -> list[Way]:
    """Those with a run from every seed: an interrupted benchmark has others."""
    return [way for way in ways if len(_scores(way, runs)) == len(SEEDS)]


def _difference(way: Way, other: Way, runs: Sequence[Run]) -> str:
    own, theirs = _scores(way, runs), _scores(other, runs)
    return "" if way is other else f"{mean(own) - mean(theirs):+.2f}"


def beyond_seeds(own: Sequence[float], theirs: Sequence[float]) -> int:
    """1 if the mean is higher by more than seeds explain, -1 if it is lower, else 0."""
    error = (stdev(own) ** 2 / len(own) + stdev(theirs) ** 2 / len(theirs)) ** 0.5
    gain = mean(own) - mean(theirs)
    return int(abs(gain) > 2 * error) * (1 if gain > 0 else -1)


def _table(ways: Sequence[Way], runs: Sequence[Run]) -> str:
    rows = []
    for way in _measured(ways, runs):
        scores = _scores(way, runs)
        spread = f"{min(scores):.2f} to {max(scores):.2f} %"
        seconds = mean(run["training_cpu_s"] for run in runs if run["way"] == way.name)
        rows.append(
            [way.name, f"{mean(scores):.2f} %", spread, _difference(way, LABELS, runs),
             _difference(way, LOGITS, runs), TRAININGS.get(way.name, 1), f"{seconds:.0f}"]
        )  # fmt: skip
    heads = ["method", "accuracy, mean", "least to most", "against labels, points",
             "against `logits`, points", "networks trained", "CPU, s"]  # fmt: skip
    return table(heads, rows)


def _verdict(runs: Sequence[Run]) -> str:
    """Which ways are better than labels and than logits, and which are not, beyond seeds."""
    lines = []
    every = [way for way in _measured(EVERY, runs) if way is not LABELS]
    for other, name in ((LABELS, "labels alone"), (LOGITS, "`logits`")):
        for sign, words in ((1, "Better than"), (0, "Not told apart from"), (-1, "Worse than")):
            ways = [
                way.name for way in every
                if way is not other
                and beyond_seeds(_scores(way, runs), _scores(other, runs)) == sign
            ]  # fmt: skip
            lines.append(f"- {words} {name}: {'; '.join(ways) or 'none'}.\n")
    return "".join(lines)


def main() -> None:
    """The command."""
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "distillation", measure, page)


if __name__ == "__main__":
    main()
