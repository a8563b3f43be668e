"""Measure what kernels cost, for the kernel chooser: ``make kernel-costs``.

Runs every layer of real models by every kernel that can compute it, on one virtual board for each
family of cores, and fits the cycles of each kernel by a sum over the features of
``tinycompress.codegen.choosing.costs``, no factor negative, relative errors squared. QEMU runs the
board with MVE, which has no cycles: instructions are fitted there. Kernels that too few layers of
different sizes ran by, or that no sum describes, get no costs. Kernels for encoded weights run
dense layers with random weights of many kinds. Kernels that layers share with ``--optimize flash``
run both ways: what the one copy takes more is a cost, too. Writes
``tinycompress/codegen/choosing/kernel_costs.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

import numpy as np
import numpy.typing as npt
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded import ENCODINGS, PreferEncoding
from support.cases.kernels import KernelCases

from benchmarks.kernels import MODELS, ROOT, data_directory
from benchmarks.weights.encoded_layers import ENCODED_MODELS, encoded_model
from tinycompress import _files
from tinycompress.artifacts import GeneratedSources, LayerInfo
from tinycompress.boards import Board, load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.candidates import Candidate
from tinycompress.codegen.choosing.costs import FEATURES, CostUnit, cost_unit, features
from tinycompress.codegen.choosing.select import Preference, nth
from tinycompress.codegen.options import CoreFamily
from tinycompress.device.connect import open_link
from tinycompress.firmware import render_project
from tinycompress.ir.reader import read_model
from tinycompress.measurement.measure import BenchOptions, bench
from tinycompress.measurement.samples import Samples, random_samples
from tinycompress.toolchain import build

BOARDS = ("qemu_mps2_an386", "qemu_mps2_an385", "raspberry_pi_pico", "qemu_mps3_an547")
_COSTS_FILE = ROOT / "tinycompress" / "codegen" / "choosing" / "kernel_costs.json"

_TABLES_OF_TWO_SIZES = ("gap_tokens", "huffman", "patterns")

_EXPANDED_SIZES = (
    (16, 16, 16, 16), (12, 16, 32, 32), (8, 8, 64, 64), (10, 8, 16, 48), (24, 8, 48, 16),
    (6, 8, 96, 32), (32, 32, 16, 16), (10, 16, 24, 40), (4, 8, 128, 64),
)  # fmt: skip
"""Height, width and channels of the input, output channels, of 3x3 windows."""

_LARGEST_ERROR = 0.4
"""Relative error beyond which a sum says too little of a kernel to choose by it."""

Floats = npt.NDArray[np.float64]


class Sample(NamedTuple):
    """One layer by one kernel; ``shared_cost`` where several layers ran one copy of it."""

    family: CoreFamily
    kernel: str
    features: tuple[int, ...]
    cost: int
    shared_cost: int | None


def samples_of(model: Path, board_name: str) -> list[Sample]:
    """Every layer of a model by every kernel that reads weights as they are."""
    board, tflite = load_board(board_name), model.read_bytes()
    options, found = CodegenOptions.for_board(board, weights="plain"), list[Sample]()
    seen: set[tuple[int, str]] = set()
    for candidate in range(16):
        sources = generate(read_model(tflite), options, prefer=nth(candidate))
        kernels = {(layer.index, layer.kernel) for layer in sources.layers}
        if kernels <= seen:
            break
        seen |= kernels
        found += _run(tflite, board, options, nth(candidate))
    return found


def encoded_samples(number: int, board_name: str, encodings: Sequence[str]) -> list[Sample]:
    """Layers of one of the models of `encoded_layers` by some encodings."""
    board, tflite = load_board(board_name), encoded_model(number)
    options, found = CodegenOptions.for_board(board), list[Sample]()
    for encoding in encodings:
        for last in (False, True) if encoding in _TABLES_OF_TWO_SIZES else (False,):
            prefer = PreferEncoding(encoding, last=last)
            run = _run(tflite, board, options, prefer)
            found += [each for each in run if encoding in each.kernel]
    return found


def expanded_samples(board_name: str) -> list[Sample]:
    """Convolutions of many sizes by the kernels that expand weights; none of families without."""
    board, found = load_board(board_name), list[Sample]()
    for activation, out_zero in (("RELU", -128), ("NONE", -5)):
        cases = KernelCases(-out_zero)
        for height, width, channels, outputs in _EXPANDED_SIZES:
            # Sums vary by the root of their terms.
            gain = 0.3 / (9 * channels) ** 0.5 / 20
            add_conv(
                cases,
                ConvCase(
                    height, width, channels, outputs,
                    gain=gain, activation=activation, out_zero=out_zero,
                ),
            )  # fmt: skip
        run = _run(cases.tflite(), board, CodegenOptions.for_board(board), prefer_expanded)
        found += [each for each in run if "winograd" in each.kernel]
    return found


def prefer_expanded(candidates: Sequence[Candidate]) -> Candidate:
    """A candidate that expands weights, where there is one."""
    return next((each for each in candidates if each.is_expanded), candidates[0])


def _run(tflite: bytes, board: Board, options: CodegenOptions, prefer: Preference) -> list[Sample]:
    """Every layer by the kernel that is preferred, a copy for each and one for all."""
    graph = read_model(tflite)
    sources = generate(graph, options, prefer=prefer)
    small = generate(graph, replace(options, optimize="flash"), prefer=prefer)
    counts, of_small = (layer_counts(each, board, tflite) for each in (sources, small))
    users = Counter(layer.kernel for layer in sources.layers)
    return [
        Sample(
            options.family,
            layer.kernel,
            _features(layer),
            taken,
            taken_shared if users[layer.kernel] > 1 else None,
        )
        for layer, taken, taken_shared in zip(sources.layers, counts, of_small, strict=True)
    ]


def _features(layer: LayerInfo) -> tuple[int, ...]:
    known = layer.weights
    decoding = (0, 0) if known is None else (known.symbols, known.entries)
    return features(layer.output_shape, layer.macs, *decoding)


def layer_counts(sources: GeneratedSources, board: Board, tflite: bytes) -> list[int]:
    """What each layer takes, in the unit of the board's family of cores."""
    with tempfile.TemporaryDirectory(prefix="tinycompress-costs-") as directory:
        project = render_project(
            sources, board, Path(directory) / "p", tflite=tflite, model_name="model"
        )
        built = build(project, board, toolchain="gcc")
        link = open_link(board, built.elf)
        one = Samples(random_samples(tflite, 1).sample(0))
        once = BenchOptions(runs=1, warmup=0)
        try:
            result = bench(built, board, link, tflite=tflite, samples=one, options=once)
        finally:
            link.close()
    unit = cost_unit(CodegenOptions.for_board(board).family)
    counts = [each.cycles if unit == "cycles" else each.instructions for each in result.layers]
    found = [count for count in counts if count is not None]
    if len(found) != len(sources.layers):
        raise SystemExit(f"{board.id}: no {unit} of layers")
    return found


def fit(rows: Floats, counts: Floats) -> Floats:
    """Factors, none negative, that give the counts with the least sum of squared relative errors.

    Factors that come out negative are left out, the most negative first, until none is.
    """
    weighted = rows / counts[:, None]
    active = [i for i in range(rows.shape[1]) if rows[:, i].any()]
    while True:
        # Features of very different sizes: equal norms keep the solution well conditioned.
        norms = np.linalg.norm(weighted[:, active], axis=0)
        scaled = np.linalg.lstsq(weighted[:, active] / norms, np.ones(len(counts)), rcond=1e-9)[0]
        solution = scaled / norms
        if (solution >= 0).all() or len(active) == 1:
            break
        del active[int(np.argmin(scaled))]
    factors = np.zeros(rows.shape[1])
    factors[active] = np.maximum(solution, 0)
    return factors


def costs(samples: Sequence[Sample]) -> dict[str, Any]:
    """The contents of kernel_costs.json."""
    of_kernel: dict[tuple[CoreFamily, str], list[tuple[tuple[int, ...], int]]] = defaultdict(list)
    shared: dict[tuple[CoreFamily, str], list[tuple[int, int]]] = defaultdict(list)
    for family, kernel, values, count, count_shared in samples:
        of_kernel[family, kernel].append((values, count))
        if count_shared is not None:
            shared[family, kernel].append((count, count_shared))
    factors: dict[str, dict[str, dict[str, list[float]]]] = {
        unit: defaultdict(dict) for unit in get_args(CostUnit)
    }
    errors: dict[str, dict[str, float]] = defaultdict(dict)
    unknown: dict[str, list[str]] = defaultdict(list)
    for (family, kernel), found in sorted(of_kernel.items()):
        rows = np.array([values for values, _ in found], np.float64)
        # Depthwise layers have as many taps as pixels and dense layers one pixel: fewer features
        # are left to tell apart.
        if len(np.unique(rows, axis=0)) <= np.linalg.matrix_rank(rows):
            unknown[family].append(kernel)
            continue
        counts = np.array([taken for _, taken in found], np.float64)
        solution = fit(rows, counts)
        error = float(np.abs(rows @ solution / counts - 1).max())
        if error > _LARGEST_ERROR:
            unknown[family].append(kernel)
            continue
        rounded = [float(f"{value:.4g}") for value in solution]
        factors[cost_unit(family)][family][kernel] = rounded
        errors[family][kernel] = round(error, 3)
    return {
        "how": "make kernel-costs: layers of the benchmark models on virtual boards, gcc",
        "boards": list(BOARDS),
        "features": list(FEATURES),
        **factors,
        "largest_relative_error": errors,
        "too_few_or_too_different": unknown,
        "shared": _shared_shares(shared),
    }


def _shared_shares(
    counts: Mapping[tuple[CoreFamily, str], Sequence[tuple[int, int]]],
) -> dict[str, dict[str, float]]:
    """By family and kernel: what one copy for all layers takes more, as a share."""
    shares: dict[str, dict[str, float]] = defaultdict(dict)
    for (family, kernel), pairs in sorted(counts.items()):
        alone, together = (sum(column) for column in zip(*pairs, strict=True))
        shares[family][kernel] = round(together / alone - 1, 4)
    return shares


def merged(known: dict[str, Any], found: dict[str, Any], *, added: bool) -> dict[str, Any]:
    """What was found, and of families that it does not have what was known.

    With ``added`` of kernels that it does not have, too.
    """
    by_family = (
        *get_args(CostUnit),
        "largest_relative_error",
        "too_few_or_too_different",
        "shared",
    )

    def of_family(key: str, family: str, value: Any) -> Any:
        before = known.get(key, {}).get(family)
        if not added or before is None:
            return value
        if isinstance(value, dict):
            return {**before, **value}
        measured = found["largest_relative_error"].get(family, {})
        return sorted({*before, *value} - measured.keys())

    return {
        key: {
            **known.get(key, {}),
            **{family: of_family(key, family, each) for family, each in value.items()},
        }
        if key in by_family
        else value
        for key, value in found.items()
    }


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--data", help="directory with models/ (default: TC_SHARED_DATA)")
    parser.add_argument(
        "--boards",
        nargs="+",
        default=BOARDS,
        choices=BOARDS,
        help="measure these; families of cores that run on none of them keep their costs",
    )
    parser.add_argument(
        "--encoded",
        action="store_true",
        help="measure kernels for encoded weights alone; others keep their costs",
    )
    parser.add_argument(
        "--expanded",
        action="store_true",
        help="measure kernels for expanded weights alone; others keep their costs",
    )
    parser.add_argument(
        "--encodings",
        nargs="+",
        default=ENCODINGS,
        choices=ENCODINGS,
        help="with --encoded: measure kernels for these; the others keep their costs",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    samples: list[Sample] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        pending = [
            ("expanded weights", board, pool.submit(expanded_samples, board))
            for board in options.boards
            if not options.encoded
        ]
        pending += [
            (
                f"encoded weights {number}",
                board,
                pool.submit(encoded_samples, number, board, options.encodings),
            )
            for board in options.boards
            for number in range(ENCODED_MODELS)
            if not options.expanded
        ]
        if not (options.encoded or options.expanded):
            models = data_directory(options.data) / "models"
            pending += [
                (model, board, pool.submit(samples_of, models / f"{model}.tflite", board))
                for board in options.boards
                for model in MODELS
            ]
        for model, board, future in pending:
            found = future.result()
            samples += found
            print(f"{model:36} {board:18} {len(found):4} layers", flush=True)
    known = json.loads(_COSTS_FILE.read_text("utf-8"))
    _files.write_text(
        _COSTS_FILE,
        json.dumps(
            merged(known, costs(samples), added=options.encoded or options.expanded), indent=1
        )
        + "\n",
    )
    print(f"wrote {_COSTS_FILE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
