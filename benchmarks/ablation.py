"""What each idea of the AOT engine pays: ``make ablation``.

Builds the benchmark models for a virtual Cortex-M4 with one idea at a time taken out of the code
generator, runs them, and writes docs/ablation.md. Outputs are compared with the reference runtime
in every row: without an idea a model costs something else and computes the same.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any
from unittest import mock

from kernels import MODELS, ROOT, data_directory
from performance_page import geometric_mean, table

from tinycompress import _files, pipeline
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.arena.memory import lay_out
from tinycompress.codegen.choosing.costs import predicted_cost
from tinycompress.codegen.choosing.select import Preference, last
from tinycompress.codegen.layer import Layer
from tinycompress.codegen.options import CoreFamily
from tinycompress.device.emulator import VirtualBoard
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.samples import Samples, random_samples
from tinycompress.toolchain import build

BOARD = "qemu_mps2_an386"
_WITHOUT_ADDEND = (
    "weights.pairs.fit_without_addend",
    "ops.depthwise.depthwise_planes.fit_without_addend",
)

Without = Callable[[], AbstractContextManager[object]]
"""Takes an idea out of the code generator for as long as it is entered."""


def _replaced(name: str, value: object) -> Without:
    return partial(mock.patch, f"tinycompress.codegen.{name}", value)


@contextmanager
def _no_lines() -> Iterator[None]:
    with ExitStack() as replaced:
        for name in ("rounding.fitted_multiply._fit", *_WITHOUT_ADDEND):
            replaced.enter_context(_replaced(name, lambda *_, **__: None)())
        yield


def _no_kernel(prefix: str) -> Without:
    """Kernels of a name that begins so are never the cheapest."""

    def costs(layer: Layer, family: CoreFamily) -> float | None:
        known = predicted_cost(layer, family)
        return math.inf if layer.kernel.name.startswith(prefix) else known

    return _replaced("choosing.candidates.predicted_cost", costs)


@dataclass(frozen=True)
class Variation:
    """The code generator without one idea.

    Args:
        idea: What is left out.
        changes: Fields of ``CodegenOptions``.
        without: Takes the idea out where no option does.
        prefer: Takes the kernels in place of the selector.
    """

    idea: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    without: Without = nullcontext
    prefer: Preference | None = None


SPEED = (
    Variation("requantisation by one fitted line", without=_no_lines),
    Variation("pairs of channels and SMLAD: kernels of the Cortex-M3", {"dsp": False}),
    Variation("3x3 depthwise by planes", without=_no_kernel("depthwise_3x3")),
    Variation("first convolutions by rows", without=_no_kernel("conv_2d_rows")),
    Variation("any fast kernel: the reference kernels", prefer=last),
)
MEMORY = (
    Variation(
        "outputs in dead parts of inputs",
        without=_replaced("choosing.ram.lay_out", partial(lay_out, overlapping=False)),
    ),
    Variation("patches", without=_replaced("choosing.ram.patchings", lambda *_: [])),
    Variation(
        "another order of operators, copies elided",
        without=_replaced("choosing.ram._arrangements", lambda graph: [graph]),
    ),
)
VARIATIONS = (Variation("nothing"), *SPEED, *MEMORY)


@dataclass(frozen=True)
class Figures:
    """One inference; flash without weights."""

    instructions: int
    cycles: int
    arena_bytes: int
    code_bytes: int


def measure(job: tuple[Path, int]) -> Figures:
    """Build, run and check a model by one of VARIATIONS."""
    file, variation = job[0], VARIATIONS[job[1]]
    board, tflite = load_board(BOARD), file.read_bytes()
    options = replace(CodegenOptions.for_board(board), **variation.changes)
    with variation.without():
        sources = generate(read_model(tflite), options, prefer=variation.prefer)
    with tempfile.TemporaryDirectory(prefix="tinycompress-ablation-") as directory:
        project = render_project(
            sources, board, Path(directory) / "p", tflite=tflite, model_name=file.stem
        )
        built = build(project, board, toolchain="gcc")
        link = VirtualBoard(board, built.elf)
        samples = Samples(random_samples(tflite, 1).sample(0))
        once = BenchOptions(runs=1, warmup=0)
        try:
            result = bench(built, board, link, tflite=tflite, samples=samples, options=once)
        finally:
            link.close()
    pipeline.require_exact(result)
    if result.instructions is None or result.cycles is None:
        raise SystemExit(f"{BOARD}: counts no instructions or cycles")
    return Figures(
        round(result.instructions.median),
        round(result.cycles.median),
        result.ram.arena_bytes,
        result.flash.total_bytes - result.flash.weights_bytes,
    )


_HEAD = f"""\
# What each idea pays

Written by `make ablation`; do not edit. One inference on `{BOARD}` (Cortex-M4), generated with
`--optimize speed`, compiled with arm-none-eabi-gcc. In each row one idea alone is taken out of the
code generator. The first row has the figures with all ideas; the others say how much more the model
needs without the one. All outputs equal TensorFlow Lite Micro's byte for byte in every row.
[Kernels](kernels.md) and [memory](memory.md) say how the ideas work.
"""

Measured = Mapping[tuple[Path, str], Figures]


def page(files: Sequence[Path], found: Measured) -> str:
    """The tables: instructions, cycles, flash that is not weights, arena."""
    return "\n".join(
        (
            _HEAD,
            "## Instructions\n",
            _table(files, found, SPEED, lambda figures: figures.instructions),
            "## Modelled cycles\n",
            _table(files, found, SPEED, lambda figures: figures.cycles),
            "## Flash without weights, bytes\n",
            _table(files, found, SPEED, lambda figures: figures.code_bytes),
            "## Arena, bytes\n",
            _table(files, found, MEMORY, lambda figures: figures.arena_bytes),
            "## Instructions that the arena costs\n",
            _table(files, found, MEMORY, lambda figures: figures.instructions),
        )
    )


def _table(
    files: Sequence[Path],
    found: Measured,
    variations: Sequence[Variation],
    figure: Callable[[Figures], int],
) -> str:
    whole = [figure(found[file, "nothing"]) for file in files]
    rows: list[list[str]] = [["nothing", *(f"{value:,}" for value in whole), ""]]
    for variation in variations:
        ratios = [
            figure(found[file, variation.idea]) / value
            for file, value in zip(files, whole, strict=True)
        ]
        shown = [f"{100 * ratio - 100:+.1f} %" for ratio in (*ratios, geometric_mean(ratios))]
        rows.append([variation.idea, *shown])
    return table(["left out", *(file.stem for file in files), "geometric mean"], rows)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    models = data_directory(options.data) / "models"
    files = [models / f"{model}.tflite" for model in MODELS]
    jobs = [(file, number) for file in files for number in range(len(VARIATIONS))]
    found: dict[tuple[Path, str], Figures] = {}
    # A process for each: the code generator keeps what it has found out.
    with Pool(options.jobs, maxtasksperchild=1) as pool:
        for (file, number), figures in zip(
            jobs, pool.imap(measure, jobs, chunksize=1), strict=True
        ):
            idea = VARIATIONS[number].idea
            found[file, idea] = figures
            print(f"{file.stem:24} without {idea:52} {figures.instructions:>12,}", flush=True)
    _files.write_text(ROOT / "docs" / "ablation.md", page(files, found))
    print("wrote docs/ablation.md")


if __name__ == "__main__":
    main()
