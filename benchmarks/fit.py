"""Searches on real data for the Nano 33 BLE, beside chance at equal trials: `make fit-NAME`.

Nothing is chosen by the test samples: a search judges candidates by samples of the training part
that are held out, and the best is run on the test samples once, when the search is over. Figures go
to docs/fit.json, the table to docs/fit.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

import tinycompress
from benchmarks.performance_page import table
from benchmarks.results import networks, reference, samples
from benchmarks.results.experiments import EXPERIMENTS, Augment
from benchmarks.results.samples import ROOT, Samples
from tinycompress import _tf
from tinycompress._files import write_bytes, write_text
from tinycompress.compression.checks.int8 import int8_outputs
from tinycompress.compression.data.prepare import Data
from tinycompress.compression.network.fold import fold_batch_norms
from tinycompress.compression.network.lower import lower
from tinycompress.compression.network.read import read_network
from tinycompress.conversion.load import load_model
from tinycompress.errors import DoesNotFitError
from tinycompress.search.objective import BEFORE_TRAINING
from tinycompress.search.outcome import TrialRow
from tinycompress.search.results import FitResult

BOARD = "nano33"
FIGURES = ROOT / "docs" / "fit.json"
RESULTS = ROOT / "docs" / "results.json"
PAGE = ROOT / "docs" / "fit.md"
BEGIN, END = "<!-- searches: `make fit-NAME` writes this table -->\n", "<!-- end of searches -->\n"
WAYS: Mapping[str, Mapping[str, Any]] = {
    "search": {"sampler": "tpe"},
    "chance": {"sampler": "random"},
    "masks": {"method": "masks"},
    "greedy": {"method": "greedy"},
}
"""How candidates are chosen."""
_RESNET_EPOCHS = 60
_COPIES_SEED = 2


@dataclass(frozen=True)
class Recipe:
    """A fixed recipe that docs/results.md measures on the same task: the row of one stage."""

    experiment: str
    recipe: str
    stage: str


@dataclass(frozen=True)
class Case:
    """One search.

    Attributes:
        title: What is searched for, in words.
        data: Its samples.
        aims: Arguments of `tinycompress.fit`.
        held_out: Which training samples candidates are judged by: a mask.
        model: Makes the trained model; None with a model function among the aims.
        augment: Makes an augmented copy of what is trained with.
        copies: So many of them, beside the samples themselves.
        space: What is narrowed, so that a search ends in two hours.
        trials: How many, if nothing is said.
        recipes: What is shown beside it.
        ways: How it is searched, if nothing is said.
    """

    title: str
    data: Callable[[], Samples]
    aims: Mapping[str, Any]
    held_out: Callable[[Samples], Any]
    model: Callable[[Samples], Any] | None = None
    augment: Augment | None = None
    copies: int = 0
    space: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 24
    recipes: tuple[Recipe, ...] = ()
    ways: tuple[str, ...] = ("search", "chance")


def _some(data: Samples, share: float = 0.15) -> Any:
    """A share of the training samples, drawn by chance."""
    mask = np.zeros(len(data.x), bool)
    order = np.random.default_rng(0).permutation(len(data.x))
    mask[order[: round(share * len(data.x))]] = True
    return mask


def _some_subjects(_: Samples) -> Any:
    """The windows of every fifth of the people whose windows are trained with."""
    with np.load(samples.shared_file("datasets/hapt_har_raw.npz")) as arrays:
        subjects = arrays["subject_train"]
    return np.isin(subjects, np.unique(subjects)[::5])


def _some_speakers(_: Samples) -> Any:
    """The clips of every seventh of the speakers: those of the test are others, too."""
    with np.load(samples.shared_file("datasets/speech_commands_v2_features.npz")) as arrays:
        # WORD_SPEAKER_nohash_N, without the word where it is the class; silence has numbers alone.
        before = (name.partition("_nohash")[0] for name in arrays["name_train"])
        speakers = np.array([name.rpartition("_")[2] for name in before])
    return np.isin(speakers, np.unique(speakers)[::7])


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


def _gestures() -> Samples:
    """Magic wand, its gyroscope in rad/s: one scale of an int8 input has to hold both sensors."""
    data = _windows("magic_wand_imu")
    scale = np.array([1, 1, 1, *[np.pi / 180] * 3], np.float32)
    return Samples(data.x * scale, data.y, data.x_test * scale, data.y_test)


def _turned_windows(x: samples.Floats, generator: np.random.Generator) -> samples.Floats:
    """Windows of a sensor that is worn a little differently: turned by 10 degrees, and scaled."""
    turns = np.stack([_turn(generator) for _ in x])
    scales = generator.normal(1.0, 0.08, (len(x), 1, 2))
    turned = np.concatenate(
        [np.matmul(x[..., part], turns) * scales[..., [number]]
         for number, part in enumerate((slice(0, 3), slice(3, 6)))],
        axis=-1,
    )  # fmt: skip
    return turned.astype(np.float32)


def _turn(generator: np.random.Generator) -> Any:
    """A small rotation about any axis, as a matrix (Rodrigues)."""
    x, y, z = (axis := generator.normal(size=3)) / np.linalg.norm(axis)
    angle = np.deg2rad(10.0) * generator.normal()
    skew = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * skew + (1 - np.cos(angle)) * skew @ skew


def _resnet8(data: Samples) -> Any:
    """ResNet-8, trained on the subset alone as docs/results.md does it, with fewer epochs."""
    experiment = EXPERIMENTS["resnet8-subset"]
    assert experiment.training is not None
    training = replace(experiment.training, epochs=_RESNET_EPOCHS)
    _tf.make_deterministic(training.seed)
    model = experiment.network()
    reference.train(model, data, replace(experiment, training=training))
    return model


CASES: Mapping[str, Case] = {
    "digits": Case(
        "digits: least flash within 2 points",
        _digits,
        {"max_accuracy_drop": 0.02, "minimize": "flash"},
        _some,
        model=_digits_model,
        trials=20,
    ),
    "mnist": Case(
        "MNIST: least flash at 98 %",
        samples.mnist_images,
        {"min_accuracy": 0.98, "minimize": "flash", "model_function": "images"},
        partial(_some, share=0.05),
        space={"epochs": 5, "batch_size": 128, "width": {"high": 16}, "activations": "int8"},
        recipes=(
            Recipe("lenet300", "lenet300-deep", "qat"),
            Recipe("lenet5", "lenet5-deep", "qat"),
        ),
    ),
    "keywords": Case(
        "DS-CNN keywords: most accurate in 25 ms, within 1.5 points",
        samples.keywords,
        {"latency_us": 25_000.0, "max_accuracy_drop": 0.015, "maximize": "accuracy"},
        _some_speakers,
        model=lambda _: networks.mlperf_dscnn(),
        augment=samples.shifted_keywords,
        copies=3,
        space={"activations": "int8"},
        recipes=(Recipe("dscnn", "dscnn-channels", "train"),),
    ),
    "keywords-fast": Case(
        "DS-CNN keywords: most accurate at 3.9 times the speed (15.7 ms)",
        samples.keywords,
        {"latency_us": 15_680.0, "maximize": "accuracy"},
        _some_speakers,
        model=lambda _: networks.mlperf_dscnn(),
        augment=samples.shifted_keywords,
        copies=3,
        space={"activations": "int8"},
        trials=4,
        ways=("masks",),
    ),
    "resnet8": Case(
        "ResNet-8 on the CIFAR-10 subset: most accurate in 80 ms, within 1.5 points",
        samples.cifar,
        {"latency_us": 80_000.0, "max_accuracy_drop": 0.015, "maximize": "accuracy"},
        _some,
        model=_resnet8,
        augment=samples.shifted_images,
        copies=4,
        space={"activations": "int8", "epochs": {"low": 8, "high": 28}},
        recipes=(Recipe("resnet8-subset", "resnet8-subset-channels", "prune_channels"),),
    ),
    "resnet8-fast": Case(
        "ResNet-8 on the CIFAR-10 subset: most accurate at 3.9 times the speed (62.7 ms)",
        samples.cifar,
        {"latency_us": 62_700.0, "maximize": "accuracy"},
        _some,
        model=_resnet8,
        augment=samples.shifted_images,
        copies=4,
        space={"activations": "int8", "epochs": {"low": 8, "high": 28}},
        trials=4,
        ways=("masks",),
    ),
    "har": Case(
        "activities (HAPT): most accurate in 1 ms, 4 KB of arena, 10 KB of weights",
        partial(_windows, "hapt_har_raw"),
        {
            "latency_us": 1000.0,
            "ram_bytes": 13_600,
            "flash_bytes": 22_000,
            "maximize": "accuracy",
            "model_function": "imu",
        },
        _some_subjects,
        augment=_turned_windows,
        copies=2,
        space={"activations": "int8", "epochs": 16, "batch_size": 128},
    ),
    "wand": Case(
        "magic wand: most accurate in 2 ms and 16 KB of flash",
        _gestures,
        {
            "latency_us": 2000.0,
            "flash_bytes": 16_384,
            "maximize": "accuracy",
            "model_function": "imu",
        },
        partial(_some, share=0.3),
        augment=_turned_windows,
        copies=7,
        space={"activations": "int8", "epochs": 60},
    ),
}


def run(name: str, way: str, trials: int, seed: int) -> dict[str, Any]:
    """One search, and the best's accuracy on the test samples."""
    case = CASES[name]
    data = case.data()
    train, held_out = _parts(case, data)
    model = None if case.model is None else _kept_model(name, case.model, train)
    copies = reference.with_copies(train, case.augment, case.copies, _COPIES_SEED)
    told: dict[str, Any] = {"case": name, "way": way, "seed": seed, "trials": trials}
    place = ROOT / "build" / "fit" / f"{name}-{way}-{seed}"
    begun = monotonic()
    try:
        result = tinycompress.fit(
            model, data=_packed(f"{name}-train", *copies),
            val=_packed(f"{name}-val", held_out.x, held_out.y), board=BOARD, output=place,
            seed=seed, trials=trials, evaluation_samples=None, space=case.space, say=print,
            **WAYS[way], **case.aims,
        )  # fmt: skip
    except DoesNotFitError as error:
        return {**told, "problem": error.message, "minutes": (monotonic() - begun) / 60}
    told |= {**_found(result, model, place, data), "minutes": (monotonic() - begun) / 60}
    if model is not None and way == "search":
        told["on_all"] = _on_all_samples(case, name, model, result, place, data)
    return told


def _parts(case: Case, data: Samples) -> tuple[Samples, Samples]:
    """What is trained with, and what candidates are judged by."""
    mask = case.held_out(data)
    train, held_out = (
        Samples(data.x[m], data.y[m], data.x_test, data.y_test) for m in (~mask, mask)
    )
    return train, held_out


def _packed(name: str, x: Any, y: Any) -> Path:
    path = ROOT / "build" / "fit" / f"{name}.npz"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = BytesIO()
        np.savez(packed, x=x, y=y)
        write_bytes(path, packed.getvalue())
    return path


def _kept_model(name: str, make: Callable[[Samples], Any], train: Samples) -> Path:
    path = ROOT / "build" / "fit" / f"{name}.keras"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        make(train).save(str(path))
    return path


def _found(result: FitResult, model: Path | None, place: Path, data: Samples) -> dict[str, Any]:
    summary = result.summary.to_json()
    keys = ("trials", "limits", "reference", "cost_before_training_off_by",
            "layers_added_up_off_by")  # fmt: skip
    found = {
        **{f"study_{key}": summary[key] for key in keys},
        "trained": sum(map(_was_trained, result.summary.rows)),
        "best": dict(result.best.figures),
        "best_trial": result.best.number,
        "parameters": dict(result.best.parameters),
        "test_accuracy": _accuracy(result.pareto[result.best.number] / "model.tflite", data),
        "test_samples": len(data.x_test),
    }
    if model is not None:
        file = place / "original" / "stages" / "00-original" / "model.tflite"
        found["original"] = summary["original"]["figures"]
        best = result.pareto[result.best.number] / "model.keras"
        found["parameters_gone"] = 1.0 - _parameters(best) / _parameters(model)
        found["original_test_accuracy"] = _accuracy(file, data)
    return found


def _was_trained(row: TrialRow) -> bool:
    """Whether a candidate was, at least in part."""
    return row.verdict in ("within", "outside", "stopped") and not row.message.startswith(
        BEFORE_TRAINING
    )


def _on_all_samples(
    case: Case, name: str, model: Path, result: FitResult, place: Path, data: Samples
) -> dict[str, Any]:
    """The best one's recipe, with the samples that judged it among those it learns from."""
    copies = reference.with_copies(data, case.augment, case.copies, _COPIES_SEED)
    done = tinycompress.compress(
        model, result.pareto[result.best.number] / "recipe.toml",
        _packed(f"{name}-all", *copies), board=BOARD, output=place / "on-all",
        evaluation_samples=None,
    )  # fmt: skip
    assert done.directory is not None, "it was given"
    return {
        "figures": dict(done.rows[-1].figures),
        "test_accuracy": _accuracy(done.directory / "result" / "model.tflite", data),
        "parameters_gone": 1.0 - _parameters(done.directory / "result" / "model.keras")
        / _parameters(model),
    }  # fmt: skip


def _parameters(model: Path) -> int:
    """Of a model, its BatchNormalization folded, as the firmware has it."""
    return fold_batch_norms(lower(read_network(load_model(model).model))).parameters


def _accuracy(tflite: Path, data: Samples) -> float:
    (outputs,) = int8_outputs(tflite.read_bytes(), Data((data.x_test,), (data.y_test,)))
    return float(np.mean(np.argmax(outputs, axis=1) == data.y_test))


def page_table(found: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """The table of docs/fit.md.

    Args:
        found: What docs/fit.json holds.
        results: What docs/results.json holds, with the fixed recipes.
    """
    head = ["search", "by", "trials", "trained", "held out", "test", "faster", "parameters gone",
            "latency, ms", "arena, B", "weights, B", "RAM, B", "flash, B", "minutes"]  # fmt: skip
    rows = []
    for name, case in CASES.items():
        runs = [told for told in found.values() if told["case"] == name]
        if not runs:
            continue
        rows.append([f"**{case.title}**", *[""] * (len(head) - 1)])
        known = [told for told in runs if "original" in told]
        if known:
            told = known[0]
            judged = told["study_reference"]["int8_accuracy"]
            rows.append([
                "", "the model as it is", "", "", _percent(judged),
                _percent(told["original_test_accuracy"]), "", "", *_costs(told["original"]), "",
            ])  # fmt: skip
        rows += [_fixed(results["experiments"], recipe) for recipe in case.recipes]
        rows += [row for told in runs for row in _searched(told)]
    return table(head, rows)


def _searched(told: Mapping[str, Any]) -> list[list[str]]:
    """The row of a search, and that of its best one's recipe with more samples."""
    start = ["", f"{told['way']}, seed {told['seed']}", str(told["trials"])]
    minutes = f"{told['minutes']:.0f}"
    if "problem" in told:
        return [[*start, "", f"none: {told['problem']}", *[""] * 8, minutes]]
    counts, best = told["study_trials"], told["best"]
    trained = told.get("trained", counts["within"] + counts["outside"] + counts["stopped"])
    rows = [[
        *start, str(trained),
        _percent(best["int8_accuracy"]), _percent(told["test_accuracy"]), *_less(told, told, best),
        *_costs(best), minutes,
    ]]  # fmt: skip
    if "on_all" in told:
        again = told["on_all"]
        costs = again["figures"]
        rows.append([
            "", "the same recipe on all training samples", "", "", "",
            _percent(again["test_accuracy"]), *_less(told, again, costs), *_costs(costs), "",
        ])  # fmt: skip
    return rows


def _fixed(experiments: Mapping[str, Any], recipe: Recipe) -> list[str]:
    rows = experiments[recipe.experiment]["runs"][recipe.recipe]["rows"]
    row = next(one for one in rows if one["stage"] == recipe.stage)
    by = f"the recipe {recipe.recipe} (docs/results.md)"
    accuracy = _percent(row["int8_accuracy"])
    return ["", by, "", "", "", accuracy, "", "", *_costs(row["figures"]), ""]


def _less(
    told: Mapping[str, Any], found: Mapping[str, Any], costs: Mapping[str, float]
) -> list[str]:
    """How many times faster than the model as it is, and what share of its parameters is gone."""
    if "original" not in told:
        return ["", ""]
    gone = found.get("parameters_gone")
    faster = told["original"]["latency_us"] / costs["latency_us"]
    return [f"{faster:.1f} x", "" if gone is None else _percent(gone)]


def _costs(figures: Mapping[str, Any]) -> list[str]:
    names = ("arena_bytes", "weights_bytes", "ram_reserved_bytes", "flash_bytes")
    costs = (f"{figures[name]:,.0f}" if name in figures else "" for name in names)
    return [f"{figures['latency_us'] / 1000:,.2f}", *costs]


def _percent(share: float) -> str:
    return f"{100 * share:.2f} %"


def write(told: Mapping[str, Any]) -> None:
    """Keep a search's figures, and write the table anew."""
    found = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    found[f"{told['case']}-{told['way']}-{told['seed']}"] = told
    order = {name: number for number, name in enumerate((*CASES, *WAYS))}
    found = dict(sorted(
        found.items(),
        key=lambda x: (order[x[1]["case"]], order[x[1]["way"]], x[1]["seed"]),
    ))  # fmt: skip
    write_text(FIGURES, json.dumps(found, indent=1) + "\n")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    write_text(PAGE, f"{before}{BEGIN}{page_table(found, results)}{END}{after}")


def main() -> None:
    """Run the named searches each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[], metavar="NAME", help=", ".join(CASES))
    parser.add_argument("--way", action="append", choices=tuple(WAYS))
    parser.add_argument("--trials", type=int)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    for name in asked.names or CASES:
        for way in asked.way or CASES[name].ways:
            trials = asked.trials or CASES[name].trials
            write(run(name, way, trials, asked.seed))


if __name__ == "__main__":
    main()
