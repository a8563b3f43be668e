"""Models of QKeras and HGQ2 from training to the board: ``make fixed-point``.

Each network is trained for seconds, converted, built for the virtual Nano 33 BLE and measured on
all test samples: docs/fixed-point.md. Only the networks of ``--package`` are measured anew.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import tinycompress
from benchmarks.fixed_point.networks import NETWORKS, Network
from benchmarks.performance_page import table
from benchmarks.results.run import BOARD
from benchmarks.results.samples import ROOT
from tinycompress import _files, _tf
from tinycompress.ir.reader import read_model

FIGURES = ROOT / "docs" / "fixed-point.json"
PAGE = ROOT / "docs" / "fixed-point.md"
SEED, EPOCHS, BATCH = 0, 30, 32
PIXEL_MAX = 16.0
CALIBRATION = 200


def _data(scratch: Path) -> Mapping[str, Any]:
    with np.load(ROOT / "examples" / "digits" / "digits.npz") as found:
        data = {name: found[name] for name in found.files}
    for name in ("x_train", "x_test"):
        data[name] = (data[name] / PIXEL_MAX).astype(np.float32)
    np.savez(scratch / "test.npz", x=data["x_test"], y=data["y_test"])
    np.savez(
        scratch / "calib.npz", x=data["x_train"][:CALIBRATION], y=data["y_train"][:CALIBRATION]
    )
    return data


def _train(network: Network, data: Mapping[str, Any], path: Path) -> float:
    """Train and save a network; its accuracy on the test samples."""
    keras = _tf.keras()
    keras.utils.set_random_seed(SEED)
    model = network.make()
    model.compile(
        keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(data["x_train"], data["y_train"], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    if network.package == "hgq":
        # The integer bits of activations are those of the values that the training data show.
        from hgq.utils import trace_minmax

        trace_minmax(model, data["x_train"], verbose=0)
    model.save(path)
    said = np.argmax(model.predict(data["x_test"], verbose=0), axis=1)
    return float(np.mean(said == data["y_test"]))


def measure(network: Network, scratch: Path) -> dict[str, Any]:
    """One network, from training to the board; plain values."""
    place = scratch / network.name.lower().replace(" ", "-")
    place.mkdir(parents=True, exist_ok=True)
    accuracy = _train(network, _data(place), place / "model.keras")
    found: dict[str, Any] = {"name": network.name, "weights": network.weights}
    built = {}
    for weights in ("plain", "auto"):
        made = tinycompress.build(
            place / "model.keras", BOARD, data=place / "calib.npz", val=place / "test.npz",
            output=place / weights, force=True, optimize="flash", weights=weights,
        )  # fmt: skip
        built[weights] = tinycompress.bench(made.directory, samples=place / "test.npz", runs=1)
    file = (place / "auto" / "model.tflite").read_bytes()
    result = built["auto"]
    (quality,) = result.quality
    return found | {
        "accuracy": accuracy,
        "file_accuracy": quality.host_score,
        "device_accuracy": quality.score,
        "samples": result.samples,
        "mismatched_samples": result.mismatched_samples,
        "parameters": sum(t.elements for t in read_model(file).main.tensors if _is_weight(t)),
        "plain_flash_bytes": built["plain"].flash.total_bytes,
        "flash_bytes": result.flash.total_bytes,
        "plain_weights_bytes": built["plain"].flash.weights_bytes,
        "weights_bytes": result.flash.weights_bytes,
        "latency_us": None if result.latency_us is None else result.latency_us.median,
    }


def _is_weight(tensor: Any) -> bool:
    return tensor.data is not None and tensor.dtype.value == "int8" and len(tensor.shape) > 1


_HEAD = """\
# QKeras and HGQ2 models, measured

Written by `make fixed-point`; do not edit. Five small networks on the 8x8 digits of
`examples/digits`, trained for {epochs} epochs with {qkeras} and {hgq} (seed {seed}), converted,
built for the virtual `{board}` with `--optimize flash` and run on all {samples} test samples.
[What is exact](converting.md#models-of-qkeras-and-hgq2) says what must agree. "Equal" are the test
samples whose output bytes on the device are those of the `.tflite` in stock TFLM's kernels. Flash
is that of the whole firmware, from the linked ELF; "plain" stores a byte for every weight
(`--weights plain`), the next column what `--weights auto` makes of the trained integers.

"""


def page(found: Mapping[str, Any]) -> str:
    """The table."""
    rows = [
        [
            row["name"], row["weights"], f"{row['accuracy']:.2%}", f"{row['file_accuracy']:.2%}",
            f"{row['device_accuracy']:.2%}",
            f"{row['samples'] - row['mismatched_samples']} of {row['samples']}",
            f"{row['parameters']:,}", f"{row['plain_weights_bytes']:,}",
            f"{row['weights_bytes']:,}", f"{row['plain_flash_bytes']:,}",
            f"{row['flash_bytes']:,}", f"{row['latency_us'] / 1e3:.2f} ms",
        ]
        for row in (found["rows"][network.name] for network in NETWORKS)
    ]  # fmt: skip
    columns = [
        "network", "its weights", "accuracy", "int8 file", "device", "equal", "weights",
        "plain, bytes", "stored, bytes", "flash, plain", "flash, bytes", "latency",
    ]  # fmt: skip
    head = _HEAD.format(
        epochs=EPOCHS, seed=SEED, board=BOARD, samples=found["rows"]["MLP"]["samples"],
        qkeras=f"qkeras-v3 {found['versions']['qkeras']}", hgq=f"HGQ2 {found['versions']['hgq']}",
    )  # fmt: skip
    return head + table(columns, rows)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--package", choices=("qkeras", "hgq"))
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "fixed-point")
    arguments = parser.parse_args()
    found: dict[str, Any] = {
        "schema": "tinycompress.fixed_point", "schema_version": 1, "board": BOARD, "seed": SEED,
        "versions": {}, "rows": {},
    }  # fmt: skip
    if FIGURES.is_file():
        found |= json.loads(FIGURES.read_text(encoding="utf-8"))
    if arguments.package:
        _tf.make_deterministic(SEED, threads=1)
        found["versions"][arguments.package] = version(_tf.QUANTIZED_LAYERS[arguments.package])
    for network in NETWORKS:
        if network.package == arguments.package:
            found["rows"][network.name] = measure(network, arguments.scratch)
    _files.write_text(FIGURES, json.dumps(found, indent=1) + "\n")
    if all(network.name in found["rows"] for network in NETWORKS):
        _files.write_text(PAGE, page(found))


if __name__ == "__main__":
    main()
