"""Build the MLPerf Tiny models for a board and compare each output byte with both oracles.

    python -m benchmarks.exactness [--board nano33] [--toolchain zig]

Twenty random and five extreme inputs for each model and each oracle; the firmware runs on the
virtual board. Prints a Markdown table; ends with exit code 8 if a byte differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tinycompress import pipeline
from tinycompress.artifacts import ExactTo, ToolchainChoice
from tinycompress.errors import DoesNotFitError
from tinycompress.ir.reader import read_model
from tinycompress.ir.specs import input_specs

MODELS = ("ad01_int8", "pretrainedResnet_quant", "kws_ref_model", "vww_96_int8", "str_ww_ref_model")
DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
ORACLES: tuple[ExactTo, ...] = ("tflm", "litert")
RANDOM_INPUTS = 20


def inputs(shape: tuple[int, ...]) -> npt.NDArray[np.int8]:
    """Random inputs over the whole int8 range, then the extreme ones. Shape [25, ...]."""
    generator = np.random.default_rng(2026)
    random = generator.integers(-128, 128, (RANDOM_INPUTS, *shape[1:]), dtype=np.int8)
    ends = np.where(generator.random((1, *shape[1:])) < 0.5, -128, 127).astype(np.int8)
    flat = [np.full((1, *shape[1:]), value, np.int8) for value in (-128, 127, 0, -1)]
    return np.concatenate([random, *flat, ends])


def rows(
    models: Path, board: str, toolchain: ToolchainChoice, scratch: Path
) -> Iterator[tuple[str, int]]:
    """One table row for each model and oracle, with the number of samples that differ."""
    for name in MODELS:
        path = models / f"{name}.tflite"
        (spec,) = input_specs(read_model(path.read_bytes()).main)
        np.savez(scratch / "x.npz", x=inputs(spec.shape))
        for oracle in ORACLES:
            where = scratch / f"{name}-{oracle}"
            try:
                pipeline.build(
                    path, board, exact_to=oracle, toolchain=toolchain, output=where
                )  # fmt: skip
            except DoesNotFitError as error:
                yield f"| {name} | {oracle} | does not fit: {error.message} | | |", 0
                continue
            result = pipeline.bench(where, samples=scratch / "x.npz", runs=1)
            differ = result.mismatched_samples
            assert differ is not None, f"the {oracle} oracle refused {name}"
            assert result.instructions is not None
            yield (
                f"| {name} | {oracle} | {result.samples} | {differ} "
                f"| {result.instructions.median:,.0f} |",
                differ,
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--board", default="nano33")
    parser.add_argument("--toolchain", default="auto", choices=("auto", "zig", "gcc"))
    arguments = parser.parse_args()
    data = Path(os.environ.get("TC_SHARED_DATA", DEFAULT_DATA))
    print("| model | exact to | inputs | inputs with a differing byte | instructions |")
    print("|---|---|--:|--:|--:|", flush=True)
    total = 0
    with tempfile.TemporaryDirectory() as scratch:
        models = data / "models" / "mlperf_tiny"
        for row, differ in rows(models, arguments.board, arguments.toolchain, Path(scratch)):
            print(row, flush=True)
            total += differ
    sys.exit(8 if total else 0)


if __name__ == "__main__":
    main()
