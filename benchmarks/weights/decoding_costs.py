"""Measure what decoding tiles of weights costs: ``make decoding-costs``.

Runs convolutions with random weights of many kinds on one virtual board for each family of cores,
by every encoding and with weights as they are. What an encoded layer takes more, its weights all
decoded at once, is fitted by a sum over ``tinycompress.codegen.choosing.costs.DECODING_FEATURES``,
no factor negative, relative errors squared. Writes
``tinycompress/codegen/choosing/decoding_costs.json``.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from support.cases.conv import ConvCase, add_conv
from support.cases.encoded import encoding_of, thin_fours
from support.cases.encoded_conv import ENCODINGS, around_zero
from support.cases.kernels import KernelCases

from benchmarks.kernel_costs import fit, layer_counts
from benchmarks.kernels import ROOT
from tinycompress import _files
from tinycompress.boards import load_board
from tinycompress.codegen import CodegenOptions, generate
from tinycompress.codegen.choosing.candidates import Candidate
from tinycompress.codegen.choosing.costs import DECODING_FEATURES, cost_unit
from tinycompress.ir.reader import read_model

BOARDS = ("qemu_mps2_an386", "qemu_mps2_an385", "raspberry_pi_pico", "qemu_mps3_an547")
_FILE = ROOT / "tinycompress" / "codegen" / "choosing" / "decoding_costs.json"
_KINDS = ((0.5, 15), (0.0, 2), (0.8, 7), (0.0, 4), (0.9, 31), (0.0, 15), (0.6, 100), (0.95, 15))
"""Share of zeros, and values beside."""
_THINNED = ((2, 15), (1, 100), (2, 3), (1, 15), (2, 60))
"""How many of four weights are there, and values beside 0."""
_DEVIATIONS = (3, 20)
"""Of weights around 0, as training leaves them: most look-ups of a Huffman code yield one."""
_SIZES = ((64, 64, 1), (16, 32, 3), (128, 64, 1), (32, 32, 3), (48, 16, 1))
"""Input and output channels, rows and columns of the filter."""


class _Kinds(KernelCases):
    """Layers with weights of one kind after the other."""

    def weight_values(
        self, shape: Sequence[int], largest: int, *, extreme: bool
    ) -> npt.NDArray[np.int8]:
        kind = len(self.labels) % (len(_KINDS) + len(_DEVIATIONS))
        if kind < len(_KINDS):
            zeros, count = _KINDS[kind]
            data = self.rng.choice(self.rng.integers(-largest, largest + 1, count), shape)
            data[self.rng.random(data.shape) < zeros] = 0
            return data.astype(np.int8)
        return around_zero(self.rng, shape, _DEVIATIONS[kind - len(_KINDS)], largest)


class _Thinned(KernelCases):
    """Layers with weights of N:M patterns, one kind after the other."""

    def weight_values(
        self, shape: Sequence[int], largest: int, *, extreme: bool
    ) -> npt.NDArray[np.int8]:
        kept, count = _THINNED[len(self.labels) // len(_SIZES)]
        data = self.rng.choice(self.rng.integers(-largest, largest + 1, count), shape)
        thin_fours(data.reshape(shape[0], -1), kept)
        return data.astype(np.int8)


@dataclass(frozen=True)
class _Prefer:
    """Takes one way of an encoding on one tile, if there is one, else weights as they are."""

    encoding: str
    last: bool = False

    def __call__(self, candidates: Sequence[Candidate]) -> Candidate:
        fitting = [
            each
            for each in candidates
            if encoding_of(each) == self.encoding
            and all(layer.encoded and layer.encoded.tiles == 1 for layer in each.layers)
        ]
        return fitting[-1 if self.last else 0] if fitting else candidates[0]


def _models() -> Iterator[bytes]:
    """Of weights of many kinds, and of N:M patterns."""
    for cases, rounds in (
        (_Kinds(1), len(_KINDS) + len(_DEVIATIONS)),
        (_Thinned(2), len(_THINNED)),
    ):
        for _ in range(rounds):
            for inputs, outputs, size in _SIZES:
                add_conv(
                    cases,
                    ConvCase(2, 2, inputs, outputs, (size, size), activation="RELU", out_zero=-128),
                )
        yield cases.tflite()


def _samples(
    board_name: str, encodings: Sequence[str]
) -> Iterator[tuple[str, tuple[int, ...], int]]:
    """Encoding, features and cost of decoding of each layer that has it."""
    board = load_board(board_name)
    options = CodegenOptions.for_board(board)
    for tflite in _models():
        graph = read_model(tflite)
        plain = generate(graph, options, prefer=_Prefer(""))
        before = layer_counts(plain, board, tflite)
        for encoding in encodings:
            for last in (False, True):
                sources = generate(graph, options, prefer=_Prefer(encoding, last))
                if all(layer.weights is None for layer in sources.layers):
                    continue
                after = layer_counts(sources, board, tflite)
                rows = zip(plain.layers, sources.layers, before, after, strict=True)
                for other, layer, less, more in rows:
                    known = layer.weights
                    # Tiles are not for words_s8_thumb1.h.
                    if known is not None and "words" not in other.kernel:
                        features = (1, known.int8_bytes, known.symbols, known.entries)
                        yield encoding, features, more - less


def _fitted(samples: list[tuple[tuple[int, ...], int]]) -> tuple[list[float], float]:
    """Factors, and the largest relative error."""
    rows = np.array([features for features, _ in samples], float)
    costs = np.array([cost for _, cost in samples], float)
    factors = fit(rows, costs)
    error = np.abs(rows @ factors / costs - 1).max()
    return [float(f"{factor:.4g}") for factor in factors], float(error)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--boards", nargs="+", default=list(BOARDS), choices=BOARDS)
    parser.add_argument(
        "--encodings",
        nargs="+",
        default=list(ENCODINGS),
        choices=ENCODINGS,
        help="measure these; the others keep their costs",
    )
    chosen = parser.parse_args()
    written = json.loads(_FILE.read_text("utf-8"))
    for name in chosen.boards:
        family = CodegenOptions.for_board(load_board(name)).family
        found = defaultdict(list)
        for encoding, features, cost in _samples(name, chosen.encodings):
            found[encoding].append((features, cost))
        fits = {encoding: _fitted(samples) for encoding, samples in found.items()}
        costs = {encoding: factors for encoding, (factors, _) in fits.items()}
        written.setdefault(cost_unit(family), {}).setdefault(family, {}).update(costs)
        for encoding, (factors, error) in fits.items():
            print(f"{family:7} {encoding:11} {factors} error {error:.2f}", flush=True)
    written["how"] = "make decoding-costs: " + ", ".join(DECODING_FEATURES)
    written["boards"] = list(BOARDS)
    _files.write_text(_FILE, json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
