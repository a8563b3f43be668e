"""A bundle with everything that a report shows, and names that want to be more than names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from support.models.tflite_files import small_cnn
from support.results import BENCHED, BUILD_ID, ELF_SHA256, FIRMWARE, ODD
from tinycompress.artifacts import (
    ArenaPlan,
    BenchResult,
    BuiltFirmware,
    LayerCost,
    LayerInfo,
    PlannedBuffer,
    TensorSpec,
)
from tinycompress.boards import load_board
from tinycompress.measurement.bundle import write_bundle
from tinycompress.measurement.enclosed.kept_samples import kept_samples
from tinycompress.measurement.judged import qualities
from tinycompress.measurement.samples import Samples, stored_samples

MARKUP = '"><img src=x onerror=alert(1)><b>bold</b>&amp;<!-- $x^2$ \u202e'
"""A name that would be an image, bold, a comment, a formula, and turn the line around."""
CLASSES = ("cat", MARKUP, "a dog with a name that is too long to be written beside a small cell")
_INPUT = TensorSpec("image", (1, 6, 6, 1), "int8", 1 / 255, -128)
_OUTPUT = TensorSpec("scores", (1, 3), "int8", 1 / 256, -128)

LAYERS = (
    LayerCost("stem/conv", "CONV_2D", 30_000, 80_000, 100_000),
    LayerCost(MARKUP, "DEPTHWISE_CONV_2D", 9_000, 30_000, 40_000),
    LayerCost(ODD, "SOFTMAX", 0, 2_000, 3_000),
)
PLAN = ArenaPlan(
    peak_layer=1,
    lower_bound_bytes=1400,
    buffers=(
        PlannedBuffer("image", "input", 0, 36, -1, 0),
        PlannedBuffer(MARKUP, "activation", 36, 900, 0, 1),
        PlannedBuffer("scratch of stem/conv", "scratch", 936, 100, 0, 0),
        PlannedBuffer("b", "activation", 636, 900, 1, 2),
        PlannedBuffer("memory", "state", 1000, 36, -1, 3),
        PlannedBuffer("scores", "output", 0, 3, 2, 3),
    ),
)


def answered(samples: int = 30) -> BenchResult:
    """A result of labelled images, some answered wrong."""
    tflite, random = small_cnn(), np.random.default_rng(3)
    labels = np.arange(samples) % 3
    given = Samples(
        (random.random((samples, 6, 6, 1)),), {"y": labels},
        class_names={"class_names": np.array(CLASSES)},
    )  # fmt: skip
    stored = stored_samples(given, (_INPUT,), (_OUTPUT,))
    said = random.integers(-128, 127, (samples, 3)).astype(np.int8)
    said[np.arange(samples), labels] = 100
    device = [(row.tobytes(),) for row in said]
    quality = qualities(stored, (_OUTPUT,), tflite, device, device)
    kept = kept_samples(stored, (_OUTPUT,), tflite, device)
    return replace(
        BENCHED, quality=quality, kept_samples=kept, layers=LAYERS, samples=samples,
        notes=(f"a note of {MARKUP}",),
    )  # fmt: skip


def firmware(name: str = "digits") -> BuiltFirmware:
    """What the result is told to be of."""
    infos = tuple(
        LayerInfo(number, one.name, one.op, one.macs, (1, 3), "k", None, 100 * number,
                  f"{one.name};fused")
        for number, one in enumerate(LAYERS)
    )  # fmt: skip
    project = replace(
        FIRMWARE.project, directory=Path("digits-nano33"), layers=infos, plan=PLAN,
        arena_bytes=1536, model_name=name,
        command=("tinycompress", "build", "model.tflite", "--board", "arduino_nano_33_ble"),
    )  # fmt: skip
    return replace(FIRMWARE, project=project, build_id=BUILD_ID, elf_sha256=ELF_SHA256)


def full_bundle(directory: Path, result: BenchResult | None = None, name: str = "digits") -> Path:
    """Write a bundle that has everything."""
    write_bundle(
        result or answered(), firmware(name), directory, board=load_board("nano33"),
        command=("tinycompress", "bench", "digits-nano33", "--samples", "a b.npz"),
    )  # fmt: skip
    return directory


def errors_file(path: Path, **changes: Any) -> Path:
    """What ``inspect --compare --json`` prints of the layers."""
    figures = (31.5, None, 12.25)
    table = {
        "schema": "tinycompress.inspect_compare",
        "schema_version": 1,
        "float_model": f"{MARKUP}.keras",
        "int8_model": "model.tflite",
        "samples": 32,
        "least_db": 20.0,
        "first_diverging": LAYERS[2].name,
        "layers": [
            {"index": number, "name": layer.name, "op": layer.op, "shape": [1, 3],
             "float_name": "f", "found_by": "name", "equal": figure is None, "snr_db": figure}
            for number, (layer, figure) in enumerate(zip(LAYERS, figures, strict=True))
        ],
        **changes,
    }  # fmt: skip
    path.write_text(json.dumps(table))
    return path


def search_directory(directory: Path) -> Path:
    """What `fit` leaves of a finished search, as far as a report reads it."""
    directory.mkdir(parents=True)
    rows = [
        {
            "number": number,
            "verdict": "within",
            "figures": {
                "int8_accuracy": 0.9 + 0.01 * number, "flash_bytes": 20_000 + 900 * number,
                "ram_reserved_bytes": 9000 + 10 * number, "latency_us": 1500.0 + 40 * number,
            },
        }
        for number in range(8)
    ] + [{"number": 8, "verdict": "rejected", "figures": {}}]  # fmt: skip
    table = {
        "schema": "tinycompress.fit", "schema_version": 1, "study": MARKUP,
        "board": "arduino_nano_33_ble", "method": "search", "sampler": "tpe", "seed": 0,
        "objectives": ["accuracy", "flash"], "limits": {"flash_bytes": 26_000},
        "trials": {"within": 8, "outside": 0, "rejected": 1, "stopped": 0, "failed": 0},
        "best": 6, "nearest": None, "blocking": [], "front": [0, 3, 6], "rows": rows,
        "firmware": "out/firmware",
    }  # fmt: skip
    (directory / "result.json").write_text(json.dumps(table))
    return directory
