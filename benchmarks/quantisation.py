"""Calibrators and what comes before rounding, against plain min/max: ``make quantisation``.

A small depthwise network is trained on human activity windows, as it is, from three seeds. It is
then made int8 in every way that there is, without training: docs/quantisation.md. Networks that
are trained stay in the scratch directory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks.performance_page import table
from benchmarks.results.run import versions
from benchmarks.results.samples import ROOT, shared_file
from benchmarks.ways import SEEDS, kept, name_of, run_command
from tinycompress import _tf
from tinycompress.artifacts import SampleMethod
from tinycompress.calibrators.registry import calibrator_names
from tinycompress.compression.checks.int8 import int8_outputs
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.data.tasks import mean_score, tasks_of
from tinycompress.compression.network.bridge import predict
from tinycompress.compression.network.build import build_model
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.network import Array, Network
from tinycompress.compression.network.read import read_network
from tinycompress.compression.run.recipe import parse_recipe
from tinycompress.compression.stages.base import State
from tinycompress.compression.stages.registry import run_stage
from tinycompress.compression.synthetic.made import (
    CALIBRATION_SAMPLES,
    TRAINING_SAMPLES,
    made_for_calibration,
    made_for_training,
)
from tinycompress.compression.training.trainer import Trainer
from tinycompress.conversion import ConvertOptions, convert_model
from tinycompress.conversion.load import load_model
from tinycompress.quality.signal import signal_to_noise_db

FIGURES = ROOT / "docs" / "quantisation.json"
PAGE = ROOT / "docs" / "quantisation.md"
EPOCHS, RATE, BATCH = 8, 1e-2, 64
TRAINED_ON, TESTED_ON, CALIBRATED_ON = 3000, 600, 200
BLOCKS = ((16, 1), (24, 2), (24, 1), (32, 2), (32, 1), (48, 2))
"""Channels and stride of the depthwise blocks."""
_PERCENT = 100.0

Run = Mapping[str, Any]


@dataclass(frozen=True)
class Way:
    """A way to an int8 file: stages, then a conversion; on real data, or on samples made up."""

    name: str
    stages: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    made: SampleMethod | None = None


EQUALIZE: Mapping[str, Any] = {"kind": "equalize"}
CORRECT: Mapping[str, Any] = {"kind": "correct_bias"}
ADAROUND: Mapping[str, Any] = {"kind": "adaround", "steps": 150, "samples": 256}


def _split(ratio: float) -> Mapping[str, Any]:
    return {"kind": "split_outliers", "ratio": ratio}


ROUNDING = (
    Way("plain"),
    Way("`equalize`", (EQUALIZE,)),
    Way("`correct_bias`", (CORRECT,)),
    Way("`equalize`, `correct_bias`", (EQUALIZE, CORRECT)),
    Way("`split_outliers`, 5 %", (_split(0.05),)),
    Way("`adaround`", (ADAROUND,)),
    Way("`equalize`, `adaround`", (EQUALIZE, ADAROUND)),
)
BY_CHANNEL = tuple(way for way in ROUNDING if way.name in ("plain", "`adaround`"))
_UNTRAINED = tuple(
    Way(f"{bits} bits, {name}", (stage,))
    for bits in (4, 3, 2)
    for name, stage in (
        ("nearest", {"kind": "weight_bits", "bits": bits, "fine_tune": {"epochs": 0}}),
        ("`adaround`", {**ADAROUND, "bits": bits}),
    )
)
WITHOUT_TRAINING = (Way('4 bits, `weights = "int4"`', (), {"weights": "int4"}), *_UNTRAINED)
FEW_BITS: Mapping[str, Any] = {
    "kind": "weight_bits", "bits": 3, "distill": {"weight": 0.9},
    "fine_tune": {"epochs": 3, "learning_rate": 1e-3, "decay": "cosine"},
}  # fmt: skip
MADE: tuple[SampleMethod, ...] = ("zeroq", "dfqf")
WITHOUT_DATA = (
    Way("200 real windows"),
    *(Way(f"256 samples of `{one}`", made=one) for one in MADE),
    Way("3 bits, trained on 2,048 real windows", (FEW_BITS,)),
    *(Way(f"3 bits, trained on 2,048 samples of `{one}`", (FEW_BITS,), made=one) for one in MADE),
)
CALIBRATED = (
    *(Way(f"`{name}`", (), {"calibrator": name}) for name in calibrator_names()),
    *(
        Way(f"`{name}`, symmetric", (), {"calibrator": name, "symmetric_activations": True})
        for name in ("minmax", "mse")
    ),
)


def network() -> Any:
    """A depthwise network in one dimension, with BatchNormalization, in Keras 3."""
    layers = _tf.keras().layers
    x = source = layers.Input((128, 6), name="window")

    def normalised(x: Any) -> Any:
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    x = normalised(layers.Conv1D(16, 5, strides=2, padding="same", use_bias=False)(x))
    for channels, stride in BLOCKS:
        x = layers.DepthwiseConv1D(3, strides=stride, padding="same", use_bias=False)(x)
        x = normalised(layers.Conv1D(channels, 1, use_bias=False)(normalised(x)))
    x = layers.GlobalAveragePooling1D()(x)
    return _tf.keras().Model(source, layers.Dense(6, activation="softmax")(x), name="activities")


def data() -> tuple[Data, Data]:
    """Windows of six channels: training samples, and those of other people to test on."""
    with np.load(shared_file("datasets/hapt_har_raw.npz")) as found:
        parts = []
        for part, count in (("train", TRAINED_ON), ("test", TESTED_ON)):
            x, y = found[f"x_{part}"].astype(np.float32), found[f"y_{part}"]
            order = np.random.default_rng(0).permutation(len(x))[:count]
            parts.append(Data((x[order],), (y[order].astype(np.int64),)))
    return parts[0], parts[1]


def trained(train: Data, seed: int, directory: Path) -> Network:
    """The network after training from a seed; an earlier call's is taken over."""
    path = directory / f"activities-{seed}.keras"
    if not path.is_file():
        _tf.make_deterministic(seed)
        model = network()
        steps = EPOCHS * -(-len(train) // BATCH)
        keras = _tf.keras()
        rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
        model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
        model.fit(train.inputs[0], train.labels[0], batch_size=BATCH, epochs=EPOCHS, verbose=0)
        directory.mkdir(parents=True, exist_ok=True)
        model.save(path)
    return lower(read_network(load_model(path).model))


@dataclass(frozen=True, eq=False)
class _Bench:
    """A trained network with its data."""

    network: Network
    train: Data
    test: Data
    outputs: tuple[Array, ...]
    seed: int
    scratch: Path

    def run(self, way: Way, *, per_tensor: bool) -> Run:
        """One way; plain values. What an earlier call measured is taken over."""
        weights = "one scale" if per_tensor else "by channel"
        found = kept(
            self.scratch, f"{way}|{weights}|{self.seed}",
            lambda: self._measured(way, weights, per_tensor),
        )  # fmt: skip
        print(f"{weights}, {way.name}, seed {self.seed}: {found['int8_accuracy']:.4f}", flush=True)
        return found

    def _measured(self, way: Way, weights: str, per_tensor: bool) -> Run:
        tasks = tasks_of(self.network, self.train)
        train, calibration = self._samples(way)
        trainer = Trainer(
            train, self.test, tasks, self.seed, teachers=(build_model(self.network, "tf_keras"),),
            per_tensor_weights=per_tensor,
        )  # fmt: skip
        state = State(self.network)
        for options in _steps(way):
            state = run_stage(state, options, trainer)
        tflite = convert_model(
            build_model(fold_batch_norms(state.network), "tf_keras"),
            {"x": calibration},
            options=ConvertOptions(per_tensor_weights=per_tensor, exact_to="litert", **way.options),
        ).tflite
        outputs = int8_outputs(tflite, self.test, exact_to="litert")
        return {
            "way": way.name, "weights": weights, "seed": self.seed,
            "int8_accuracy": mean_score(tasks, self.test, outputs),
            "signal_to_noise_db": signal_to_noise_db(self.outputs[0], outputs[0]),
            "parameters": fold_batch_norms(state.network).parameters,
        }  # fmt: skip

    def _samples(self, way: Way) -> tuple[Data, Array]:
        """What a way trains on, and what calibrates its file."""
        if way.made is None:
            train = (
                self.train.take(np.arange(TRAINING_SAMPLES)) if way in WITHOUT_DATA else self.train
            )
            return train, self.train.inputs[0][:CALIBRATED_ON]
        model = build_model(self.network, "tf_keras")
        if not way.stages:
            made = made_for_calibration(model, way.made, seed=self.seed)
        else:
            made = made_for_training(model, way.made, seed=self.seed)
        return Data(made.inputs, made.labels), made.inputs[0][:CALIBRATION_SAMPLES]


def _steps(way: Way) -> Sequence[Any]:
    if not way.stages:
        return ()
    recipe = {
        "schema": 1,
        "name": "way",
        "description": "d",
        "stage": [dict(s) for s in way.stages],
    }
    return parse_recipe(recipe).steps


def measure(scratch: Path) -> dict[str, Any]:
    """All ways from all seeds; plain values."""
    train, test = data()
    runs: list[Run] = []
    floats = []
    for seed in SEEDS:
        made = trained(train, seed, scratch)
        outputs = predict(build_model(made, "tf_keras"), test.inputs)
        floats.append(mean_score(tasks_of(made, train), test, outputs))
        bench = _Bench(made, train, test, outputs, seed, scratch)
        runs += [bench.run(way, per_tensor=True) for way in ROUNDING]
        runs += [bench.run(way, per_tensor=False) for way in BY_CHANNEL]
        by_channel = (*CALIBRATED, *WITHOUT_TRAINING, *WITHOUT_DATA)
        runs += [bench.run(way, per_tensor=False) for way in by_channel]
    return {
        "schema": "tinycompress.quantisation", "schema_version": 1, "seeds": list(SEEDS),
        "versions": versions(), "float_accuracy": floats, "runs": runs,
    }  # fmt: skip


_HEAD = """\
# Calibrators and rounding, measured

Written by `make quantisation`; do not edit. A network of {blocks} depthwise blocks in one dimension
({parameters:,} parameters) is trained on {train:,} windows of human activities (six channels of
acceleration and turning, six classes) for {epochs} epochs with Adam, from the seeds {seeds}, and
made int8 without any more training. The accuracy is that of the int8 file, with LiteRT's
arithmetic, on {test} windows of people that it was not trained on; one window is {one:.2f} points.
In float the three networks have {floats} %, {mean:.2f} % in the mean. {calibrated} training windows
calibrate. Signal to noise: the power of the float outputs over that of the int8 file's difference
to them, the mean over the seeds.

"""


_WITHOUT_TRAINING = """\
Here rounding hurts. The weights of all layers but depthwise ones get the grid of so many bits, a
weight scale for every output channel that least squares fits, and no training. *Nearest* is
`weight_bits` with no epochs; `adaround` chooses between the two levels beside each weight by what
the layer makes of 256 training windows, without labels.

"""
_WITHOUT_DATA = """\
Samples are made of what the network keeps ([compression](compression.md#without-data)), with a
weight scale for every output channel and min/max. In the first three rows they set the ranges
alone. In the others the weights of all layers but depthwise ones get 3 bits and are trained for 3
epochs by the float network (`distill.weight` 0.9) and by labels, which for samples that were made
are its own.

"""


def page(found: Mapping[str, Any]) -> str:
    """A table of what comes before rounding, and one of calibrators."""
    runs, floats = found["runs"], [_PERCENT * one for one in found["float_accuracy"]]
    plain = next(run for run in runs if run["way"] == "plain")
    head = _HEAD.format(
        blocks=len(BLOCKS), parameters=plain["parameters"], train=TRAINED_ON, epochs=EPOCHS,
        seeds=", ".join(map(str, found["seeds"])), test=TESTED_ON, one=_PERCENT / TESTED_ON,
        floats=", ".join(f"{one:.2f}" for one in floats), mean=mean(floats),
        calibrated=CALIBRATED_ON,
    )  # fmt: skip
    return (
        f"{head}## One weight scale for each layer, min/max\n\n"
        f"{_table('before rounding', ROUNDING, runs, 'one scale', mean(floats))}\n"
        "## A weight scale for every output channel, min/max\n\n"
        f"{_table('before rounding', BY_CHANNEL, runs, 'by channel', mean(floats))}\n"
        "## Calibrators, a weight scale for every output channel\n\n"
        f"{_table('calibrator', CALIBRATED, runs, 'by channel', mean(floats))}\n"
        f"## Few bits without training\n\n{_WITHOUT_TRAINING}"
        f"{_table('weights', WITHOUT_TRAINING, runs, 'by channel', mean(floats))}\n"
        f"## Without data\n\n{_WITHOUT_DATA}"
        f"{_table('samples', WITHOUT_DATA, runs, 'by channel', mean(floats))}"
    )


def _table(
    title: str, ways: Sequence[Way], runs: Sequence[Run], weights: str, in_float: float
) -> str:
    rows = []
    for way in ways:
        own = [run for run in runs if (run["way"], run["weights"]) == (way.name, weights)]
        if not own:
            continue
        scores = [_PERCENT * run["int8_accuracy"] for run in own]
        spread = f"{min(scores):.2f} to {max(scores):.2f} %"
        lost = f"{mean(scores) - in_float:+.2f}"
        size = f"{mean(run['parameters'] for run in own):,.0f}"
        noise = f"{mean(run['signal_to_noise_db'] for run in own):.1f} dB"
        name = name_of(way.name, own)
        rows.append([name, f"{mean(scores):.2f} %", spread, lost, noise, size])
    columns = [
        title, "int8 accuracy, mean", "least to most", "against float, points",
        "signal to noise", "parameters",
    ]  # fmt: skip
    return table(columns, rows)


def main() -> None:
    """The command."""
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "quantisation", measure, page)


if __name__ == "__main__":
    main()
