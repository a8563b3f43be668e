"""Searches on real data for the Nano 33 BLE, beside chance at equal trials: `make fit-NAME`.

Nothing is chosen by the test samples: a search judges candidates by a part of the training samples,
and the best is run on the test samples once, when the search is over. Figures go to docs/fit.json,
the table to docs/fit.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

import tinycompress
from benchmarks.performance_page import table
from benchmarks.results import networks, samples
from benchmarks.results.samples import ROOT, Samples
from tinycompress import _tf
from tinycompress.compression.checks.int8 import int8_outputs
from tinycompress.compression.data.prepare import Data
from tinycompress.errors import DoesNotFitError
from tinycompress.search.results import FitResult

BOARD = "nano33"
FIGURES = ROOT / "docs" / "fit.json"
PAGE = ROOT / "docs" / "fit.md"
BEGIN, END = "<!-- searches: `make fit-NAME` writes this table -->\n", "<!-- end of searches -->\n"
SAMPLERS = ("tpe", "random")


@dataclass(frozen=True)
class Case:
    """One search.

    Attributes:
        title: What is searched for, in words.
        data: Its samples.
        aims: Arguments of `tinycompress.fit`.
        model: Makes the trained model; None with a model function among the aims.
        space: What is narrowed, so that a search ends in two hours.
        trials: How many, if nothing is said.
    """

    title: str
    data: Callable[[], Samples]
    aims: Mapping[str, Any]
    model: Callable[[Samples], Any] | None = None
    space: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 40


def _digits() -> Samples:
    with np.load(ROOT / "examples" / "digits" / "digits.npz") as arrays:
        x, x_test = (arrays[n].astype(np.float32) / 16 for n in ("x_train", "x_test"))
        return Samples(x, arrays["y_train"], x_test, arrays["y_test"])


def _digits_model(_: Samples) -> Any:
    place = ROOT / "build" / "fit" / "digits-model"
    if not (place / "digits.keras").exists():
        script = ROOT / "examples" / "digits" / "train.py"
        subprocess.run([sys.executable, str(script), "-o", str(place)], check=True)
    return _tf.keras().models.load_model(str(place / "digits.keras"))


def _windows(name: str) -> Samples:
    with np.load(samples.shared_file(f"datasets/{name}.npz")) as arrays:
        x, x_test = (arrays[n].astype(np.float32) for n in ("x_train", "x_test"))
        return Samples(x, arrays["y_train"], x_test, arrays["y_test"])


def _resnet8(data: Samples) -> Any:
    """ResNet-8, trained on the subset alone."""
    keras = _tf.keras()
    keras.utils.set_random_seed(0)
    model = networks.resnet8()
    model.compile("adam", "sparse_categorical_crossentropy")
    generator = np.random.default_rng(0)
    x = np.concatenate([data.x, *(samples.shifted_images(data.x, generator) for _ in range(3))])
    model.fit(x, np.tile(data.y, 4), batch_size=64, epochs=30, verbose=0)
    return model


CASES: Mapping[str, Case] = {
    "digits": Case(
        "digits: least flash within 2 points",
        _digits,
        {"max_accuracy_drop": 0.02, "minimize": "flash"},
        model=_digits_model,
        trials=20,
    ),
    "mnist": Case(
        "MNIST: least flash at 98 %",
        samples.mnist_images,
        {"min_accuracy": 0.98, "minimize": "flash", "model_function": "images"},
        space={"epochs": 4, "batch_size": 128, "width": {"high": 16}, "activations": "int8"},
    ),
    "keywords": Case(
        "DS-CNN keywords: most accurate in 25 ms, within 1.5 points",
        samples.keywords,
        {"latency_us": 25_000.0, "max_accuracy_drop": 0.015, "maximize": "accuracy"},
        model=lambda _: networks.mlperf_dscnn(),
        space={"activations": "int8"},
    ),
    "resnet8": Case(
        "ResNet-8 on the CIFAR-10 subset: most accurate in 80 ms, within 1.5 points",
        samples.cifar,
        {"latency_us": 80_000.0, "max_accuracy_drop": 0.015, "maximize": "accuracy"},
        model=_resnet8,
        space={"activations": "int8"},
    ),
    "har": Case(
        "activities (HAPT): most accurate in 1 ms",
        lambda: _windows("hapt_har_raw"),
        {"latency_us": 1000.0, "maximize": "accuracy", "model_function": "imu"},
        space={"activations": "int8"},
    ),
    "wand": Case(
        "magic wand: least flash at 95 %",
        lambda: _windows("magic_wand_imu"),
        {"min_accuracy": 0.95, "minimize": "flash", "model_function": "imu"},
        space={"activations": "int8"},
    ),
}


def run(name: str, sampler: str, trials: int, seed: int) -> dict[str, Any]:
    """One search, and the best's accuracy on the test samples."""
    case = CASES[name]
    data = case.data()
    place = ROOT / "build" / "fit" / f"{name}-{sampler}-{seed}"
    place.parent.mkdir(parents=True, exist_ok=True)
    model = None if case.model is None else _kept_model(name, case.model, data)
    packed = ROOT / "build" / "fit" / f"{name}.npz"
    if not packed.exists():
        np.savez(packed, x=data.x, y=data.y)
    begun = monotonic()
    told = {"case": name, "sampler": sampler, "seed": seed, "trials": trials}
    try:
        result = tinycompress.fit(
            model, data=packed, board=BOARD, output=place, sampler=sampler, seed=seed,
            trials=trials, space=case.space, say=print, **case.aims,
        )  # fmt: skip
    except DoesNotFitError as error:
        return {**told, "problem": error.message, "minutes": (monotonic() - begun) / 60}
    return {**told, **_found(result, data), "minutes": (monotonic() - begun) / 60}


def _kept_model(name: str, make: Callable[[Samples], Any], data: Samples) -> Path:
    path = ROOT / "build" / "fit" / f"{name}.keras"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make(data).save(str(path))
    return path


def _found(result: FitResult, data: Samples) -> dict[str, Any]:
    tflite = (result.pareto[result.best.number] / "model.tflite").read_bytes()
    summary = result.summary.to_json()
    keys = ("trials", "limits", "reference", "cost_before_training_off_by",
            "layers_added_up_off_by")  # fmt: skip
    original = summary["original"]
    return {
        **{f"study_{key}": summary[key] for key in keys},
        "original": None if original is None else original["figures"],
        "best": dict(result.best.figures),
        "best_trial": result.best.number,
        "parameters": dict(result.best.parameters),
        "test_accuracy": _accuracy(tflite, data),
        "test_samples": len(data.x_test),
    }


def _accuracy(tflite: bytes, data: Samples) -> float:
    (outputs,) = int8_outputs(tflite, Data((data.x_test,), (data.y_test,)))
    return float(np.mean(np.argmax(outputs, axis=1) == data.y_test))


def page_table(found: Mapping[str, Any]) -> str:
    """The table of docs/fit.md."""
    head = ["search", "sampler", "seed", "trials", "trained", "validation", "test", "latency, ms",
            "RAM, B", "flash, B", "minutes"]  # fmt: skip
    rows = []
    for told in found.values():
        title = CASES[told["case"]].title
        start = [title, told["sampler"], str(told["seed"]), str(told["trials"])]
        if "problem" in told:
            rows.append([*start, "", f"none: {told['problem']}", "", "", "", "", _minutes(told)])
            continue
        best, counts = told["best"], told["study_trials"]
        trained = counts["within"] + counts["outside"]
        rows.append([
            *start, str(trained), f"{100 * best['int8_accuracy']:.2f} %",
            f"{100 * told['test_accuracy']:.2f} %", f"{best['latency_us'] / 1000:,.2f}",
            f"{best['ram_reserved_bytes']:,.0f}", f"{best['flash_bytes']:,.0f}", _minutes(told),
        ])  # fmt: skip
    return table(head, rows)


def _minutes(told: Mapping[str, Any]) -> str:
    return f"{told['minutes']:.0f}"


def write(told: Mapping[str, Any]) -> None:
    """Keep a search's figures, and write the table anew."""
    found = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    found[f"{told['case']}-{told['sampler']}-{told['seed']}"] = told
    order = {name: number for number, name in enumerate(CASES)}
    found = dict(sorted(found.items(), key=lambda x: (order[x[1]["case"]], x[0])))
    FIGURES.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}{page_table(found)}{END}{after}", encoding="utf-8")


def main() -> None:
    """Run the named searches with each sampler."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--sampler", action="append", choices=SAMPLERS)
    parser.add_argument("--trials", type=int)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for name in asked.names or CASES:
        for sampler in asked.sampler or SAMPLERS:
            trials = asked.trials or CASES[name].trials
            write(run(name, sampler, trials, asked.seed))


if __name__ == "__main__":
    main()
