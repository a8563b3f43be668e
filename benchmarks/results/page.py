"""docs/results.md from docs/results.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.performance_page import table
from benchmarks.results.deep_compression import side_by_side
from benchmarks.results.experiments import EXPERIMENTS

_KERNELS = {"tflm": "TensorFlow Lite Micro's", "litert": "LiteRT's"}
_VERDICTS = {True: "met", False: "**missed**", None: ""}
_HEAD = """\
# Results on real data

Written by `make results` from docs/results.json, which holds what it measured; do not edit.

Accuracies are counted on all test samples. Within a run nothing is trained on them and nothing is
chosen by them: epochs are fixed, and there is no early stopping. int8 accuracy is that of the
exported file, run with the named reference kernels. Flash and RAM are from the linked ELF of the
whole firmware for the Arduino Nano 33 BLE, built with `--optimize flash` where the recipe says so;
*weights* are the weights, biases and tables in it. Its virtual board counts instructions and models
latency.

To reproduce: `make results`, or for one network {targets}.
The data are looked for in `$TC_SHARED_DATA`, else in `../shared/data`. Training uses one thread, so
the same machine and versions give the same weights. An interrupted run resumes after its last
finished stage. Figures of networks that are not run again stay. `make results-again` trains
nothing: it measures the int8 files that the runs kept with today's kernels.
"""


_BESIDE = """\
Deep Compression (Han et al., ICLR 2016, tables 2 and 3) beside the file after the last stage.
Theirs are Huffman-coded bits for each weight that is left, and the size of the layer with its
codebook. Ours are the bytes of weights and codebooks in flash; biases, multipliers and decoders are
counted in the targets above.
"""
_OLDER = "Measured by an older version, which stored all weights as plain int8.\n"


def results_page(figures: Mapping[str, Any]) -> str:
    """The page.

    Args:
        figures: What docs/results.json holds.
    """
    experiments = figures["experiments"]
    names = ", ".join(f"`make results-{name}`" for name in EXPERIMENTS)
    parts = [_HEAD.format(targets=names)]
    missing = [item.title for name, item in EXPERIMENTS.items() if name not in experiments]
    if missing:
        parts.append(f"**Not measured yet: {', '.join(missing)}.**\n")
    parts += ["## Targets\n", _targets(experiments.values())]
    parts += [_experiment(experiment) for experiment in experiments.values()]
    return "\n".join(parts)


def _targets(experiments: Iterable[Mapping[str, Any]]) -> str:
    rows = [
        [experiment["title"], item["target"], item["measured"], _VERDICTS[item["met"]]]
        for experiment in experiments
        for item in experiment["targets"]
    ]
    return table(["", "target", "measured", "verdict"], rows, 4)


def _experiment(experiment: Mapping[str, Any]) -> str:
    parts = [f"## {experiment['title']}\n", _setting(experiment) + "\n"]
    parts += [f"{note}\n" for note in experiment["notes"]]
    for recipe, run in experiment["runs"].items():
        parts.append(f"### Recipe {recipe}\n")
        parts.append(f"{run['recipe']['description']} {_budget(run['recipe'])}\n")
        if not any("weights_bytes" in row["figures"] for row in run["rows"]):
            parts.append(_OLDER)
        parts.append(_stages(run["rows"]))
        parts.append(_notes(run["rows"]))
        if "layers" in run:
            parts += [_BESIDE, side_by_side(recipe, run["layers"])]
    return "\n".join(parts)


def _setting(experiment: Mapping[str, Any]) -> str:
    setting = experiment["setting"]
    training, copies = setting["training"], setting["augmented_copies"]
    versions = ", ".join(f"{name} {version}" for name, version in experiment["versions"].items())
    parts = [f"{setting['train_samples']:,} training and {setting['test_samples']:,} test samples."]
    if training:
        parts.append(
            f"Reference: {training['epochs']} epochs of Adam from {training['learning_rate']:g},"
            f" falling to zero as a cosine does, {training['batch_size']} samples a batch, seed"
            f" {training['seed']}{', every epoch on another augmented copy' if copies else ''}."
        )
    if copies:
        parts.append(
            f"Recipes train on the data and {copies} augmented"
            f" {'copy' if copies == 1 else 'copies'} of them (`{setting['augmentation']}`, seed"
            f" {setting['augmentation_seed']})."
        )
    parts.append(f"int8 accuracy with {_KERNELS[experiment['exact_to']]} kernels.")
    return " ".join([*parts, f"Measured with {versions}."])


def _budget(recipe: Mapping[str, Any]) -> str:
    optimize = recipe.get("firmware", {}).get("optimize", "speed")
    stages = [
        f"{stage['kind']} {stage['fine_tune']['epochs']}"
        for stage in recipe["stage"]
        if "fine_tune" in stage
    ]
    built = f" Firmware built with `--optimize {optimize}`."
    return f"Epochs: {', '.join(stages)}; seed {recipe['seed']}.{built}"


def _stages(rows: Iterable[Mapping[str, Any]]) -> str:
    heads = [
        "stage", "float", "int8", "parameters", "non-zero", "values per channel", "MACs",
        ".tflite", "weights", "flash", "RAM", "instructions", "latency",
    ]  # fmt: skip
    return table(heads, [_stage(row) for row in rows])


def _notes(rows: Iterable[Mapping[str, Any]]) -> str:
    return "".join(f"- {row['stage']}: {note}\n" for row in rows for note in row["notes"])


def _stage(row: Mapping[str, Any]) -> list[object]:
    figures = row["figures"]
    values = max(kernel["distinct_per_channel"] for kernel in row["kernels"])
    cells: list[object] = [
        row["stage"],
        f"{100 * row['float_accuracy']:.2f} %",
        f"{100 * row['int8_accuracy']:.2f} %",
        f"{row['parameters']:,}",
        f"{row['nonzero_parameters']:,}",
        values,
        f"{row['macs']:,}",
        f"{row['tflite_bytes']:,}",
    ]
    if not figures["fits"]:
        return [*cells, "", "does not fit", "", "", ""]
    return [
        *cells,
        f"{figures['weights_bytes']:,}" if "weights_bytes" in figures else "",
        f"{figures['flash_bytes']:,}",
        f"{figures['ram_bytes']:,}",
        f"{figures['instructions']:,}",
        f"{figures['latency_us'] / 1000:,.1f} ms",
    ]
