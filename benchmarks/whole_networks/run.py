"""Whole networks of kinds that the collection has not, from training to the board.

    make networks
    python -m benchmarks.whole_networks.run unet detector

Each is trained, compressed, built and measured on the virtual Nano 33 BLE, on the road of a user:
docs/networks.md. What an earlier run has trained or compressed in the scratch directory is taken
over; figures of networks that are not named stay.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import tinycompress
from benchmarks.results.run import BOARD, report, versions
from benchmarks.results.samples import ROOT
from benchmarks.whole_networks.kinds import KINDS, Kind
from benchmarks.whole_networks.page import page
from tinycompress import _files, _tf
from tinycompress.artifacts import BenchResult
from tinycompress.compression.network.bridge import predict
from tinycompress.conversion.load import load_model
from tinycompress.ir.graph import Model
from tinycompress.ir.quantize import dequantize
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import output_specs
from tinycompress.quality.labels import Target, labels_of
from tinycompress.quality.plain import quality_json
from tinycompress.quality.running import real_outputs, stored_outputs
from tinycompress.quality.scores import heads_of, qualities_of

FIGURES = ROOT / "docs" / "networks.json"
PAGE = ROOT / "docs" / "networks.md"
_LONG = ("confusion", "per_class", "channels", "float_channels", "class_names")

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class _Judge:
    """Test samples, and what a model's outputs for them are worth."""

    kind: Kind
    model: Model
    inputs: tuple[Array, ...]
    targets: dict[int, Target]

    def scores(self, outputs: Sequence[Array]) -> dict[str, Any]:
        """Plain values: each output by itself, and all together."""
        specs = output_specs(self.model.main)
        flat = [output.reshape(len(output), -1) for output in outputs]
        found = qualities_of(heads_of(self.model.main, specs), self.targets, flat)
        wanted = [self.targets[index].values for index in range(len(specs))]
        return {
            "outputs": [
                {key: value for key, value in quality_json(one).items() if key not in _LONG}
                for one in found
            ],
            "together": self.kind.more_scores(wanted, flat),
        }

    def of_file(self, tflite: bytes) -> dict[str, Any]:
        """The same of an int8 file, by TensorFlow Lite Micro's kernels on this machine."""
        specs = output_specs(read_model(tflite).main)
        return self.scores(real_outputs(stored_outputs(tflite, self.inputs), specs))

    def of_device(self, result: BenchResult) -> dict[str, Any]:
        """The same of the answers that a device gave."""
        with np.load(io.BytesIO(result.kept_samples)) as kept:
            said = [
                dequantize(kept[f"said_{index}"], spec)
                for index, spec in enumerate(output_specs(self.model.main))
            ]
        return self.scores(said)


def measure(kind: Kind, scratch: Path) -> dict[str, Any]:
    """Take one network from its data to the board; plain values.

    Args:
        kind: The network.
        scratch: Where everything is kept.
    """
    prepare(kind, scratch)
    made = tinycompress.compress(
        scratch / "model.keras", kind.recipe, scratch / "train.npz", val=scratch / "test.npz",
        board=BOARD, output=scratch / "compressed", evaluation_samples=None,
        progress=lambda stage, done=0, total=0: report(kind.name, stage, done, total),
    )  # fmt: skip
    tflite = scratch / "compressed" / "result" / "model.tflite"
    built = tinycompress.build(tflite, BOARD, output=scratch / "firmware", optimize=kind.optimize)
    result = tinycompress.bench(built.directory, samples=scratch / "test.npz")
    judge = _judge(kind, made.tflite, scratch / "test.npz")
    first = (scratch / "compressed" / "stages" / "00-original" / "model.tflite").read_bytes()
    in_float = predict(load_model(scratch / "model.keras").model, judge.inputs)
    return {
        "title": kind.title, "about": kind.about, "samples": result.samples,
        "recipe": [dict(stage) for stage in kind.stages], "optimize": kind.optimize,
        "rows": [row.to_json() for row in made.rows],
        "scores": {
            "float": judge.scores(in_float), "int8": judge.of_file(first),
            "compressed": judge.of_file(made.tflite), "device": judge.of_device(result),
        },
        "device": {
            "flash_bytes": result.flash.total_bytes, "ram_used_bytes": result.ram.used_bytes,
            "arena_bytes": result.ram.arena_bytes,
            "latency_us": None if result.latency_us is None else result.latency_us.median,
            "instructions": None if result.instructions is None else result.instructions.median,
            "mismatched_samples": result.mismatched_samples, "notes": list(result.notes),
        },
    }  # fmt: skip


def prepare(kind: Kind, scratch: Path) -> None:
    """Data and trained model of a network in its directory, if they are not there."""
    model = scratch / "model.keras"
    if model.is_file():
        return
    scratch.mkdir(parents=True, exist_ok=True)
    data = kind.load()
    for name, part in (("train", data.train), ("test", data.test)):
        arrays: dict[str, Any] = dict(part)
        np.savez(scratch / f"{name}.npz", **arrays)
    report(kind.name, "train")
    _tf.make_deterministic(0)
    kind.train(data.train).save(model)


def _judge(kind: Kind, tflite: bytes, test: Path) -> _Judge:
    model = read_model(tflite)
    with np.load(test) as found:
        arrays = {name: found[name] for name in found.files}
    labels = {name: array for name, array in arrays.items() if name.startswith("y")}
    inputs = tuple(array for name, array in arrays.items() if name not in labels)
    targets, _ = labels_of(labels, test.name, len(inputs[0]), output_specs(model.main), inputs)
    return _Judge(kind, model, inputs, targets)


def main() -> None:
    """Measure the named networks, or all; the others' figures stay as they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [kind.name for kind in KINDS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--scratch", type=Path, default=ROOT / "build" / "networks")
    parser.add_argument("--page", action="store_true", help="write the page anew, measure nothing")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(names)
    if unknown:
        parser.error(f"no network {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if not arguments.page:
        _tf.make_deterministic(0, threads=1)
    for kind in () if arguments.page else KINDS:
        if not arguments.names or kind.name in arguments.names:
            _record(kind.name, measure(kind, arguments.scratch / kind.name))
    _files.write_text(PAGE, page(json.loads(FIGURES.read_text(encoding="utf-8"))))


def _record(name: str, measured: dict[str, Any]) -> None:
    known: dict[str, Any] = {}
    if FIGURES.is_file():
        known = json.loads(FIGURES.read_text(encoding="utf-8"))["networks"]
    known[name] = {**measured, "versions": versions()}
    figures = {
        "schema": "tinycompress.networks", "schema_version": 1, "board": BOARD,
        "networks": {kind.name: known[kind.name] for kind in KINDS if kind.name in known},
    }  # fmt: skip
    _files.write_text(FIGURES, json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
