"""Binary and ternary weights on MNIST, pixels in any order: ``make binary-mnist``.

The table of BinaryConnect (Courbariaux et al. 2015) in small: a perceptron that a Nano 33 BLE holds
is trained in float, then by each method for as many epochs, from three seeds. The firmware of the
first seed is built and run there, and that of the float network. Figures go to
docs/binary-weights.json, the page is written anew. Runs are kept by what was asked and by the
versions of the tools; after a change of the stages, delete them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

import tinycompress
from benchmarks.performance_page import table
from benchmarks.results.run import versions
from benchmarks.results.samples import ROOT, Samples, mnist_images
from benchmarks.ways import SEEDS, kept, run_command
from tinycompress import _tf
from tinycompress._files import write_text

FIGURES = ROOT / "docs" / "binary-weights.json"
PAGE = ROOT / "docs" / "binary-weights.md"
BOARD = "nano33"
WIDTHS = (128, 128)
FLOAT_EPOCHS, EPOCHS, BATCH, RATE = 8, 8, 128, 1e-3
FLASH_BUDGET = 64_000
_SHOWN = 20
_PERCENT = 100.0


@dataclass(frozen=True)
class Method:
    """A row: what the stages after the float training are.

    Attributes:
        name: In the table.
        cluster: Options of the stage `cluster`; empty: float training goes on.
        dropout: Rate behind the hidden layers, in all of the training.
        paper: Test error in the paper of a method, with three layers of 1024.
    """

    name: str
    cluster: Mapping[str, Any] = field(default_factory=dict)
    dropout: float = 0.0
    paper: str = ""


METHODS = (
    Method("no regulariser, int8", paper="1.30 ± 0.04 %"),
    Method("50 % dropout, int8", dropout=0.5, paper="1.01 ± 0.04 %"),
    Method("BinaryConnect, deterministic", {"clusters": 2, "signs": "clipped"},
           paper="1.29 ± 0.08 %"),
    Method("BinaryConnect, stochastic", {"clusters": 2, "signs": "stochastic"},
           paper="1.18 ± 0.04 %"),
    Method("binary, scales fitted", {"clusters": 2}),
    Method("ternary, scales fitted", {"clusters": 3}),
    Method("ternary, trained (TTQ)", {"clusters": 3, "asymmetric": True}),
)  # fmt: skip


def _recipe(method: Method, seed: int) -> dict[str, Any]:
    tune = {"epochs": EPOCHS, "learning_rate": RATE, "decay": "cosine", "batch_size": BATCH}
    stage = {"kind": "train"} if not method.cluster else {"kind": "cluster", "shared": True}
    return {
        "schema": 1, "name": "binary-mnist", "description": method.name, "seed": seed,
        "limits": {"max_accuracy_drop": 1.0, "max_stage_drop": 1.0},
        "stage": [{**stage, **method.cluster, "fine_tune": tune}],
    }  # fmt: skip


def _network(dropout: float) -> Any:
    keras = _tf.keras()
    layers = keras.layers
    x = inputs = keras.Input((784,))
    for width in WIDTHS:
        x = layers.Dense(width, use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Dropout(dropout)(x) if dropout else x
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def _trained(data: Samples, dropout: float, seed: int, place: Path) -> Path:
    """The float network of a seed, which all methods without dropout begin with."""
    path = place / f"float-{dropout:g}-{seed}.keras"
    if not path.is_file():
        place.mkdir(parents=True, exist_ok=True)
        keras = _tf.keras()
        keras.utils.set_random_seed(seed)
        model = _network(dropout)
        model.compile(keras.optimizers.Adam(RATE), "sparse_categorical_crossentropy")
        model.fit(data.x, data.y, epochs=FLOAT_EPOCHS, batch_size=BATCH, verbose=0)
        model.save(path)
    return path


def _vectors() -> Samples:
    data = mnist_images()
    flat = (one.reshape(len(one), -1) for one in (data.x, data.x_test))
    x, x_test = flat
    return Samples(x, data.y, x_test, data.y_test)


def _run(method: Method, seed: int, data: Samples, place: Path) -> dict[str, Any]:
    model = _trained(data, method.dropout, seed, place)
    result = tinycompress.compress(
        model, _recipe(method, seed), (data.x, data.y), val=(data.x_test, data.y_test),
        evaluation_samples=None,
    )  # fmt: skip
    last = result.rows[-1]
    told: dict[str, Any] = {
        "method": method.name, "seed": seed, "float_error": 1.0 - last.float_accuracy,
        "int8_error": 1.0 - last.int8_accuracy,
        "distinct": max(fact.distinct for fact in last.kernels),
    }  # fmt: skip
    if seed == SEEDS[0]:
        told |= _on_board(result.tflite, method, data, place)
    print(f"{method.name}, seed {seed}: {_PERCENT * told['int8_error']:.2f} %", flush=True)
    return told


def _on_board(tflite: bytes, method: Method, data: Samples, place: Path) -> dict[str, Any]:
    """What the firmware takes, with encoded weights where there are few values."""
    name = method.name.replace(" ", "-").replace("%", "").replace(",", "")
    file = place / f"{name}.tflite"
    file.write_bytes(tflite)
    wish: dict[str, Any] = {"flash_budget_bytes": FLASH_BUDGET} if method.cluster else {}
    return _benched(file, data, place / f"{name}-firmware", **wish)


def _float32(data: Samples, place: Path) -> dict[str, Any]:
    """What the float network takes."""
    model = _trained(data, 0.0, SEEDS[0], place)
    return _benched(model, data, place / "float32-firmware", precision="float32")


def _benched(model: Path, data: Samples, output: Path, **wish: Any) -> dict[str, Any]:
    samples = output.parent / "shown.npz"
    np.savez(samples, x=data.x_test[:_SHOWN], y=data.y_test[:_SHOWN])
    built = tinycompress.build(model, BOARD, output=output, force=True, **wish)
    result = tinycompress.bench(built.directory, samples=samples)
    latency = result.latency_us
    return {
        "flash_bytes": result.flash.total_bytes, "weights_bytes": result.flash.weights_bytes,
        "latency_us": None if latency is None else latency.median,
        "mismatched_samples": result.mismatched_samples,
    }  # fmt: skip


def measure(scratch: Path) -> dict[str, Any]:
    """All methods from all seeds; what an earlier call has finished is taken over."""
    data, runs = _vectors(), []
    asked = json.dumps(["float32", WIDTHS, versions()])
    in_float = kept(scratch, asked, lambda: _float32(data, scratch))
    for seed in SEEDS:
        for method in METHODS:
            asked = json.dumps([_recipe(method, seed), method.dropout, WIDTHS, versions()])
            runs.append(kept(scratch, asked, partial(_run, method, seed, data, scratch)))
            found = {
                "board": BOARD, "runs": [dict(run) for run in runs], "float32": dict(in_float),
                "versions": versions(),
            }  # fmt: skip
            write_text(FIGURES, json.dumps(found, indent=1) + "\n")
    return found


def page_of(found: Mapping[str, Any]) -> str:
    """The page."""
    runs: Sequence[Mapping[str, Any]] = found["runs"]
    plain = next(run for run in runs if run["method"] == METHODS[0].name)
    rows = []
    for method in METHODS:
        own = [run for run in runs if run["method"] == method.name]
        if not own:
            continue
        first = own[0]
        errors = [_PERCENT * run["int8_error"] for run in own]
        rows.append([
            method.name, str(len(own)),
            f"{_PERCENT * mean(run['float_error'] for run in own):.2f} %",
            f"{mean(errors):.2f} % ({min(errors):.2f} to {max(errors):.2f})",
            f"{first['distinct']}", f"{first['weights_bytes']:,}", f"{first['flash_bytes']:,}",
            f"{first['latency_us'] / 1000:.2f}",
            *(f"{found['float32'][key] / first[key]:.2f} ({plain[key] / first[key]:.2f})"
              for key in ("flash_bytes", "latency_us")),
            "yes" if first["mismatched_samples"] == 0 else "NO", method.paper,
        ])  # fmt: skip
    head = ["method", "seeds", "test error, float", "test error, int8 file (least to most)",
            "values a layer", "weights, B", "flash, B", "latency, ms", "α against float32 (int8)",
            "δ against float32 (int8)", "device equal to TFLM",
            "the paper's error"]  # fmt: skip
    in_float = found["float32"]
    in_float = f"{in_float['flash_bytes']:,} B, {in_float['latency_us'] / 1000:.2f} ms"
    return f"""# Binary and ternary weights

Written by `make binary-mnist`; do not edit. MNIST with its pixels as a vector (permutation
invariant), 60,000 digits to train with, 10,000 to test. The network has layers of
{", ".join(map(str, WIDTHS))} and 10 units with BatchNormalization. It is trained in float for
{FLOAT_EPOCHS} epochs, then by each method for {EPOCHS} more; rows of float train on. The paper
([BinaryConnect](https://arxiv.org/abs/1511.00363), Courbariaux et al. 2015) has three layers of
1,024 units and up to 1,000 epochs: its figures are there to compare differences, not levels.

{table(head, rows)}
Binary and ternary firmware is built with `--flash-budget {FLASH_BUDGET}`, the others as they come:
with one vector at a time, decoding takes more time than the products that follow, and `--optimize
flash` would leave most of these weights plain. Values a layer are those of the most varied one.
α is how many times fewer bytes are flashed, the whole firmware, and δ how many times fewer cycles
an inference takes, as modelled: against the float32 firmware of the network ({in_float}),
and in brackets against its int8 firmware, the first row. Binary and ternary weights are smaller
than int8 ones and slower: one vector at a time, every weight is decoded for one product.

- **Deterministic and stochastic** are `signs = "clipped"` and `"stochastic"` of the stage
  `cluster`; the scale of a layer is the mean magnitude of its weights (XNOR-Net, Rastegari et al.
  2016), and stays. The paper tests what was trained stochastically with its real-valued weights;
  here it is the signs that are flashed. *Scales fitted* is that stage as it is: scales follow the
  weights by least squares.
- **Trained ternary** is `asymmetric = true` (Zhu et al. 2017): -n, 0 and p with magnitudes of their
  own. Ternary with fitted scales has one magnitude.
"""


if __name__ == "__main__":
    run_command(__doc__, FIGURES, PAGE, ROOT / "build" / "binary-mnist", measure, page_of)
