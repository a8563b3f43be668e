"""What encoded weights save and cost in whole networks: ``make encodings`` prints the table.

Each network is built twice for a virtual board, with plain weights and with encoded ones, and both
are measured and compared with TFLite Micro byte for byte. *Half zeros* are copies of stock files
whose smaller half of weights is 0 and whose others have 15 values a layer, by k-means; they say
nothing of accuracy. LeNet-300-100 has random weights.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from support.cases.encoded import EncodedCase, add_encoded
from support.cases.kernels import KernelCases

from benchmarks.kernels import data_directory
from benchmarks.performance_page import table
from tinycompress import pipeline
from tinycompress.artifacts import Optimize, Weights
from tinycompress.ir.reader import read_model

_RESNET = "mlperf_tiny/pretrainedResnet_quant"
_LENET = ((784, 300), (300, 100), (100, 10))
_VALUES = 15
_ROUNDS = 30
_CLUSTERED = ("CONV_2D", "FULLY_CONNECTED")
_HEADS = ("network", "board", "--optimize", "encoded layers, bytes", "flash: weights, bytes",
          "flash, bytes", "cycles", "arena, bytes")  # fmt: skip


@dataclass(frozen=True)
class Job:
    """A network for a board: a file below ``models/``, or LeNet with a share of zeros."""

    name: str
    board: str
    optimize: Optimize = "flash"
    file: str = ""
    half_zeros: bool = False
    zeros: float = 0.0


JOBS = (
    *(
        Job(f"{name}, half zeros", board, file=file, half_zeros=True)
        for name, file in (("DS-CNN", "mlperf_tiny/kws_ref_model"), ("ResNet-8", _RESNET))
        for board in ("nano33", "pico", "qemu_mps2_an385")
    ),
    Job("VWW, stock", "nano33", file="mlperf_tiny/vww_96_int8"),
    Job("ResNet-8, stock", "nano33", file=_RESNET),
    Job("person_detect, stock", "nano33", file="tflm/person_detect"),
    *(
        Job(f"LeNet-300-100, {zeros:.0%} zeros", board, optimize, zeros=zeros)
        for zeros in (0.92, 0.95)
        for board in ("nano33", "pico")
        for optimize in ("speed", "flash")
    ),
)


@dataclass(frozen=True)
class Figures:
    """Of one firmware."""

    int8_bytes: int
    encoded_bytes: int
    weights_bytes: int
    flash_bytes: int
    cycles: int
    arena_bytes: int


def clustered(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """The smaller half as 0, the others as the nearest of `_VALUES` values."""
    values = weights.astype(np.int64)
    values[np.abs(values) <= np.median(np.abs(values))] = 0
    return nearest_values(values, _VALUES).astype(np.int8)


def nearest_values(weights: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Weights that are not 0 as the nearest of so many values (Lloyd's algorithm)."""
    values = weights.astype(np.float64).reshape(-1)
    kept = values != 0
    if not kept.any():
        return weights
    means = np.quantile(values[kept], np.linspace(0, 1, count))
    for _ in range(_ROUNDS):
        nearest = np.abs(values[kept, None] - means).argmin(axis=1)
        for each in np.unique(nearest):
            means[each] = values[kept][nearest == each].mean()
    found = np.zeros_like(values)
    found[kept] = np.round(means)[np.abs(values[kept, None] - means).argmin(axis=1)]
    return found.astype(np.int64).reshape(weights.shape)


def with_half_zeros(tflite: bytes) -> bytes:
    """A file whose convolutions and dense layers have clustered weights, in place."""
    return with_weights(tflite, clustered)


def with_weights(
    tflite: bytes, change: Callable[[npt.NDArray[np.int8]], npt.NDArray[np.int8]]
) -> bytes:
    """A file whose convolutions and dense layers have changed weights, in place."""
    changed, graph = bytearray(tflite), read_model(tflite).main
    for op in graph.ops:
        weights = graph.tensors[op.inputs[1]].data if op.kind in _CLUSTERED else None
        if weights is None:
            continue
        old, new = weights.tobytes(), change(weights.astype(np.int8)).tobytes()
        at = tflite.find(old)
        assert tflite.find(old, at + 1) == -1, f"{op.kind}: the weights lie in the file twice"
        changed[at : at + len(old)] = new
    return bytes(changed)


def _model(job: Job, data: Path) -> bytes:
    if not job.file:
        cases = KernelCases(1)
        for inputs, outputs in _LENET:
            case = EncodedCase(inputs, outputs, job.zeros, 31, activation="RELU", out_zero=-128)
            add_encoded(cases, case)
        return cases.tflite()
    tflite = (data / "models" / f"{job.file}.tflite").read_bytes()
    return with_half_zeros(tflite) if job.half_zeros else tflite


def measure(job: Job, data: Path) -> tuple[Figures, Figures]:
    """With plain weights, and with encoded ones."""
    with tempfile.TemporaryDirectory(prefix="tinycompress-encoded-") as directory:
        model = Path(directory) / "model.tflite"
        model.write_bytes(_model(job, data))
        return _figures(job, model, "plain"), _figures(job, model, "auto")


def _figures(job: Job, model: Path, weights: Weights) -> Figures:
    output = model.parent / weights
    made = pipeline.build(
        model, job.board, optimize=job.optimize, weights=weights, toolchain="zig", output=output
    )
    result = pipeline.bench(output, runs=1)
    pipeline.require_exact(result)
    assert result.cycles is not None, "virtual boards model cycles"
    encoded = [layer.weights for layer in made.project.layers if layer.weights is not None]
    return Figures(
        sum(each.int8_bytes for each in encoded),
        sum(each.encoded_bytes for each in encoded),
        result.flash.weights_bytes,
        result.flash.total_bytes,
        round(result.cycles.median),
        result.ram.arena_bytes,
    )


def cells(job: Job, plain: Figures, auto: Figures) -> list[str]:
    """A row of the table."""
    share = auto.encoded_bytes / auto.int8_bytes if auto.int8_bytes else 1.0
    layers = f"{auto.int8_bytes:,} → {auto.encoded_bytes:,} ({share:.2f})"
    return [
        job.name, job.board, job.optimize, layers if auto.int8_bytes else "none",
        f"{plain.weights_bytes:,} → {auto.weights_bytes:,}",
        f"{plain.flash_bytes:,} → {auto.flash_bytes:,}",
        f"{plain.cycles:,} → {auto.cycles:,} ({100 * (auto.cycles / plain.cycles - 1):+.1f} %)",
        f"{plain.arena_bytes:,} → {auto.arena_bytes:,}",
    ]  # fmt: skip


def rows(data: Path, jobs: int, only: str) -> Iterator[list[str]]:
    """The table's rows, those whose network or board has a text in its name."""
    chosen = [job for job in JOBS if only in f"{job.name}, {job.board}, {job.optimize}"]
    with ProcessPoolExecutor(jobs) as pool:
        pending = [(job, pool.submit(measure, job, data)) for job in chosen]
        for job, future in pending:
            yield cells(job, *future.result())


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--only", default="", metavar="TEXT",
        help="rows that have this text in 'network, board, optimize'",
    )  # fmt: skip
    options = parser.parse_args()
    found = rows(data_directory(options.data), options.jobs, options.only)
    print(table(list(_HEADS), list(found), 3))


if __name__ == "__main__":
    main()
