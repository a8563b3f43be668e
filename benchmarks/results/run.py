"""Compress reference networks on real data and write docs/results.json and docs/results.md.

    python -m benchmarks.results.run lenet300 lenet5 dscnn resnet8
    python -m benchmarks.results.run dscnn --only dscnn-pcqat
    python -m benchmarks.results.run --again lenet300
    python -m benchmarks.results.run --again dscnn --only dscnn-pcqat

Each reference is made, taken through its recipes by ``tinycompress.compress`` and measured on the
virtual Nano 33 BLE. An interrupted run resumes behind the last finished stage. ``--again`` trains
nothing: it measures the kept int8 files with the kernels as they are now.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import tinycompress
from benchmarks.results.again import last_file, measured_again
from benchmarks.results.deep_compression import PUBLISHED
from benchmarks.results.encodings import stored_layers
from benchmarks.results.experiments import EXPERIMENTS
from benchmarks.results.page import results_page
from benchmarks.results.reference import MODEL, TEST, TRAIN, is_made, make_reference, setting
from benchmarks.results.samples import ROOT
from tinycompress import _files, _tf
from tinycompress.artifacts import ExactTo
from tinycompress.compression.run.result import StageRow
from tinycompress.errors import ConfigError
from tinycompress.toolchain.find import select

BOARD = "nano33"
RECIPES = Path(__file__).resolve().parent / "recipes"
FIGURES = ROOT / "docs" / "results.json"
PAGE = ROOT / "docs" / "results.md"
PACKAGES = (
    "tensorflow-cpu", "keras", "tf_keras", "tensorflow-model-optimization", "numpy",
    "tflite-micro",
)  # fmt: skip
TRAINED_BY = ("python", *PACKAGES)
"""What the weights depend on."""
_THREADS = 1
"""More threads add numbers in another order, and make other weights."""


def measure(name: str, scratch: Path, only: Sequence[str] = ()) -> dict[str, Any]:
    """Make one reference, run its recipes, and judge its targets; plain values.

    Args:
        name: Of the experiment.
        scratch: Where references and runs are kept.
        only: The recipes to run; figures of the others stay. Empty runs all.

    Raises:
        ConfigError: A recipe that is not to be run was not measured yet.
    """
    experiment = EXPERIMENTS[name]
    inputs = scratch / name / "inputs"
    if not is_made(experiment, inputs):
        make_reference(experiment, inputs)
    known = _experiments().get(name, {}).get("runs", {})
    kept = [recipe for recipe in experiment.recipes if only and recipe not in only]
    missing = [recipe for recipe in kept if recipe not in known]
    if missing:
        raise ConfigError(
            f"not measured yet: {', '.join(missing)}", hint="run the experiment without --only"
        )
    fresh = {
        recipe: compressed(recipe, inputs, scratch / name / recipe, experiment.exact_to)
        for recipe in experiment.recipes
        if recipe not in kept
    }
    _add_layers(fresh, scratch / name, experiment.exact_to)
    runs = {recipe: fresh.get(recipe) or known[recipe] for recipe in experiment.recipes}
    return {
        "title": experiment.title,
        "notes": list(experiment.notes),
        "setting": setting(experiment),
        "exact_to": experiment.exact_to,
        "versions": versions(),
        "runs": runs,
        "targets": _verdicts(name, runs),
    }


def again(name: str, scratch: Path, only: Sequence[str] = ()) -> dict[str, Any]:
    """Measure the kept files of an experiment, and judge its targets; plain values.

    Args:
        name: Of the experiment.
        scratch: Where runs are kept.
        only: The recipes to measure; figures of the others stay. Empty measures all.

    Raises:
        ConfigError: It was not measured before, its files are gone, or only some recipes are to be
            measured where accuracy is counted by other kernels than before.
    """
    known = _experiments().get(name)
    if known is None:
        raise ConfigError(f"{name} was not measured yet", hint="run it without --again")
    exact_to = EXPERIMENTS[name].exact_to
    chosen = {key: run for key, run in known["runs"].items() if not only or key in only}
    if exact_to != known["exact_to"] and len(chosen) < len(known["runs"]):
        raise ConfigError(
            f"{name}: accuracy was counted with {known['exact_to']}'s kernels, and is now with"
            f" {exact_to}'s",
            hint="leave --only out",
        )
    runs = measured_again(
        {**known, "runs": chosen},
        scratch / name,
        board=BOARD,
        report=report,
        exact_to=exact_to,
        test=scratch / name / "inputs" / TEST,
    )
    _add_layers(runs, scratch / name, exact_to)
    runs = {**known["runs"], **runs}
    return {
        **known,
        "exact_to": exact_to,
        "notes": list(EXPERIMENTS[name].notes),
        "versions": {**versions(), **{key: known["versions"][key] for key in TRAINED_BY}},
        "runs": runs,
        "targets": _verdicts(name, runs),
    }


def compressed(recipe: str, inputs: Path, output: Path, exact_to: ExactTo) -> dict[str, Any]:
    """One recipe from the reference; int8 accuracy is counted on all of the test samples."""
    result = tinycompress.compress(
        inputs / MODEL,
        RECIPES / f"{recipe}.toml",
        inputs / TRAIN,
        val=inputs / TEST,
        board=BOARD,
        output=output,
        exact_to=exact_to,
        evaluation_samples=None,
        progress=partial(report, recipe),
    )
    return {
        "recipe": result.recipe.model_dump(mode="json", by_alias=True),
        "rows": [row.to_json() for row in result.rows],
    }


def _add_layers(runs: dict[str, Any], scratch: Path, exact_to: ExactTo) -> None:
    """Add to runs that are held against published ones how the last file's weights are stored."""
    for recipe in PUBLISHED.keys() & runs.keys():
        run = runs[recipe]
        run["layers"] = stored_layers(
            last_file(scratch / recipe, run),
            StageRow.from_json(run["rows"][-1]).kernels,
            board=BOARD,
            exact_to=exact_to,
            optimize=run["recipe"]["firmware"]["optimize"],
        )


def _verdicts(name: str, runs: Mapping[str, Any]) -> list[dict[str, Any]]:
    targets = EXPERIMENTS[name].targets
    return [target.verdict(runs[target.recipe]["rows"]) for target in targets]


def report(recipe: str, stage: str, done: int = 0, total: int = 0) -> None:
    """One line of progress."""
    print(f"{recipe}: {stage} {done}/{total}", flush=True)


def versions() -> dict[str, str]:
    """Of everything that the figures depend on, the compiler that ``auto`` takes included."""
    compiler = select()
    return {
        "python": platform.python_version(),
        "tinycompress": tinycompress.__version__,
        **{name: metadata.version(name) for name in PACKAGES},
        compiler.name: compiler.version,
    }


def record(name: str, measured: dict[str, Any]) -> None:
    """Put an experiment's figures into docs/results.json and write the page anew."""
    experiments = {**_experiments(), name: measured}
    figures = {
        "schema": "tinycompress.results",
        "schema_version": 1,
        "board": BOARD,
        "experiments": {key: experiments[key] for key in EXPERIMENTS if key in experiments},
    }
    _files.write_text(FIGURES, json.dumps(figures, indent=1) + "\n")
    _files.write_text(PAGE, results_page(figures))


def _experiments() -> dict[str, Any]:
    if not FIGURES.is_file():
        return {}
    found: dict[str, Any] = json.loads(FIGURES.read_text(encoding="utf-8"))["experiments"]
    return found


def main() -> None:
    """Measure the named experiments; the others' figures stay as they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="+", choices=list(EXPERIMENTS), metavar="NAME")
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "results")
    parser.add_argument(
        "--only", action="append", default=[], metavar="RECIPE",
        help="run this recipe alone, or several; the others' figures stay",
    )  # fmt: skip
    parser.add_argument("--again", action="store_true", help="measure kept files, train nothing")
    arguments = parser.parse_args()
    if arguments.again:
        for name in arguments.names:
            record(name, again(name, arguments.scratch, arguments.only))
        return
    _tf.make_deterministic(0, threads=_THREADS)
    for name in arguments.names:
        record(name, measure(name, arguments.scratch, arguments.only))


if __name__ == "__main__":
    main()
